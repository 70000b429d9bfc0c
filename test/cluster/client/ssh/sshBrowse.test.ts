/** Looking into a checkpoint at the other end of a real sshd, without pulling it. */
import fs from "node:fs";
import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { trainCheckpoint } from "../../../../scripts/ssh/checkpoint.mts";
import { listFolder } from "../../../../src/cluster/client/browse/folders.ts";
import { openPoolFile } from "../../../../src/cluster/client/browse/poolFile.ts";
import { temporaryFolder } from "../support.ts";
import { buildBundles, rig } from "./poolRig.ts";

const SIZE = 40_000_000;

beforeAll(buildBundles, 120_000);

describe("a checkpoint on a host", () => {
  it("is listed, and read from where one wants; a cut is told, and after it one reads on", async () => {
    const at = await rig();
    const connection = await at.connect();
    const options = { stateFolder: at.stateFolder, folder: temporaryFolder("project"), sizes: [SIZE, 3] };
    const uuid = await trainCheckpoint(connection, options);
    const { folders } = await listFolder(connection, { kind: "checkpoint", uuid }, "");
    expect(folders.get("")).toMatchObject([
      { name: "file0.bin", bytes: SIZE },
      { name: "file1.bin", bytes: 3 },
    ]);
    const there = path.join(connection.pool.folder, "checkpoints", uuid, "files", "file0.bin");
    const bytes = fs.readFileSync(there);
    const source = { type: "checkpointFile", uuid, path: "file0.bin" } as const;
    const file = await openPoolFile(connection, source);
    expect(file.bytes).toBe(SIZE);
    expect((await file.read(SIZE - 100, 100)).equals(bytes.subarray(SIZE - 100))).toBe(true);
    expect((await file.read(7, 100_000)).equals(bytes.subarray(7, 100_007))).toBe(true);

    at.host.cut();
    await expect(file.read(0, SIZE)).rejects.toMatchObject({ reason: "disconnected" });
    const again = await openPoolFile(await at.connect(), source);
    expect((await again.read(0, SIZE)).equals(bytes)).toBe(true);

    for (const outside of ["../manifest.json", "/etc/passwd", "../../../state/pool.sqlite"])
      await expect(openPoolFile(await at.connect(), { ...source, path: outside })).rejects.toThrow();
  }, 90_000);
});
