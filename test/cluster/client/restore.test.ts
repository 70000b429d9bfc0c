import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { checkpointFolder, restoreCheckpoint } from "../../../src/cluster/client/restore.ts";
import { RESTORED_MARKER } from "../../../src/cluster/client/snapshot/restored.ts";
import { hostilePool, manifestOf, UUID } from "./hostilePool.ts";
import { git, namesOf, put, repository, snapshotter, temporaryFolder } from "./support.ts";

const FILES = {
  "model.pt": randomBytes(300_000),
  "optimizer/state.pt": randomBytes(10),
  empty: Buffer.alloc(0),
  "größe.txt": Buffer.from("ü"),
};

function place(): { folder: string; destination: string } {
  const folder = temporaryFolder("workspace");
  return { folder, destination: checkpointFolder(folder, { trialId: "12.1", step: 300 }) };
}

describe("restoring a checkpoint", () => {
  it("brings every file, verified, with a marker and out of git's sight", async () => {
    const { folder, destination } = place();
    expect(destination).toBe(path.join(folder, "checkpoints/12-1-step300"));
    const seen: number[] = [];
    const restored = await restoreCheckpoint({
      connection: hostilePool(FILES),
      uuid: UUID,
      destination,
      onProgress: ({ bytes, totalBytes }) => seen.push(bytes / totalBytes),
    });
    expect(restored).toMatchObject({ kind: "restored", folder: destination });
    for (const [name, bytes] of Object.entries(FILES))
      expect(readFileSync(path.join(destination, name)).equals(bytes), name).toBe(true);
    expect(readFileSync(path.join(destination, ".gitignore"), "utf8")).toBe("*\n");
    expect(JSON.parse(readFileSync(path.join(destination, RESTORED_MARKER), "utf8"))).toMatchObject({
      uuid: UUID,
    });
    expect(readdirSync(path.dirname(destination))).toEqual(["12-1-step300"]);
    expect(seen.at(-1)).toBe(1);
  });

  it("stays out of the next snapshot and of git", async () => {
    const folder = repository({ "train.py": "x" });
    const destination = checkpointFolder(folder, { trialId: "1.1", step: 2 });
    await restoreCheckpoint({ connection: hostilePool(FILES), uuid: UUID, destination });
    expect(git(folder, "status", "--porcelain")).toBe("");
    expect(namesOf(await snapshotter(folder).take())).toEqual(["train.py"]);
  });

  it("says that it is already here when every byte is right", async () => {
    const { destination } = place();
    const connection = hostilePool(FILES);
    await restoreCheckpoint({ connection, uuid: UUID, destination });
    put(destination, { "notes.txt": "mine" });
    connection.calls.length = 0;
    expect(await restoreCheckpoint({ connection, uuid: UUID, destination })).toMatchObject({
      kind: "already",
    });
    expect(connection.calls).toEqual(["checkpoint/manifest"]);
  });

  it("never writes over something else, unless told to", async () => {
    const { destination } = place();
    const connection = hostilePool(FILES);
    put(destination, { precious: "mine" });
    const again = (replace = false): ReturnType<typeof restoreCheckpoint> =>
      restoreCheckpoint({ connection, uuid: UUID, destination, replace });
    expect(await again()).toMatchObject({
      kind: "conflict",
      reason: "The folder was not restored from a pool.",
    });
    expect(readdirSync(destination)).toEqual(["precious"]);
    expect(await again(true)).toMatchObject({ kind: "restored" });
    expect(readdirSync(destination)).not.toContain("precious");

    writeFileSync(path.join(destination, "model.pt"), "changed");
    expect(await again()).toMatchObject({
      kind: "conflict",
      reason: '"model.pt" was changed or removed since.',
    });
    put(destination, { [RESTORED_MARKER]: '{"uuid": "another"}' });
    expect(await again()).toMatchObject({ kind: "conflict", reason: "The folder holds another checkpoint." });
    expect(readdirSync(path.dirname(destination))).toEqual(["12-1-step300"]);
  });

  it("leaves a file and a link at its place alone", async () => {
    const { folder, destination } = place();
    mkdirSync(path.dirname(destination));
    symlinkSync(folder, destination);
    const restored = await restoreCheckpoint({ connection: hostilePool(FILES), uuid: UUID, destination });
    expect(restored).toMatchObject({ kind: "conflict", reason: "It is not a folder." });
  });

  it("keeps what was there when a replacement fails", async () => {
    const { destination } = place();
    put(destination, { precious: "mine" });
    const connection = hostilePool({ ...FILES, "model.pt": Buffer.from("wrong") }, manifestOf(FILES));
    await expect(restoreCheckpoint({ connection, uuid: UUID, destination, replace: true })).rejects.toThrow(
      "damaged",
    );
    expect(readFileSync(path.join(destination, "precious"), "utf8")).toBe("mine");
    expect(readdirSync(path.dirname(destination))).toEqual(["12-1-step300"]);
  });

  it("leaves nothing behind when it is cancelled", async () => {
    const { folder, destination } = place();
    const connection = hostilePool({ big: randomBytes(2_000_000) });
    connection.delayMs = 20;
    const cancel = new AbortController();
    const restoring = restoreCheckpoint({
      connection,
      uuid: UUID,
      destination,
      signal: cancel.signal,
      onProgress: ({ bytes }) => {
        if (bytes > 100_000) cancel.abort();
      },
    });
    await expect(restoring).rejects.toThrow(/abort/i);
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe("a pool that lies", () => {
  const good = Buffer.from("good");
  it.each([
    ["a path with ..", { "../../evil": good }, "not a relative path inside its folder"],
    ["an absolute path", { "/tmp/trainyard-evil": good }, "not a relative path inside its folder"],
    ["a backslash", { "a\\..\\b": good }, "not a relative path inside its folder"],
    ["a control character", { "a\u001b[31m": good }, "not a relative path inside its folder"],
    ["the folder itself", { ".": good }, "is the folder itself"],
    ["a .git folder", { "sub/.git/config": good }, "inside of a .git folder"],
    ["our own marker", { [RESTORED_MARKER]: good }, "is taken"],
    ["a file that is a folder too", { a: good, "a/b": good }, "is a file and a folder at once"],
    ["a name that no disk takes", { ["x".repeat(300)]: good }, "too long"],
  ])("%s", async (_, files, message) => {
    const { folder, destination } = place();
    const connection = hostilePool(files);
    await expect(restoreCheckpoint({ connection, uuid: UUID, destination })).rejects.toThrow(message);
    expect(readdirSync(folder)).toEqual([]);
    expect(existsSync("/tmp/trainyard-evil")).toBe(false);
  });

  it.each([
    ["no manifest", "garbage", "is refused"],
    [
      "another checkpoint's",
      manifestOf({}, { uuid: "11111111-1111-1111-1111-111111111111" }),
      "another checkpoint",
    ],
    [
      "a file twice",
      manifestOf({}, { files: [...manifestOf({ a: good }).files, ...manifestOf({ a: good }).files] }),
      "there twice",
    ],
    [
      "a size below nothing",
      manifestOf({}, { files: [{ path: "a", bytes: -1, sha256: "0".repeat(64) }] }),
      "files.0.bytes",
    ],
    [
      "more than any disk holds",
      manifestOf({}, { files: [{ path: "a", bytes: 2 ** 52, sha256: "0".repeat(64) }] }),
      "larger than any disk",
    ],
  ])("%s", async (_, manifest, message) => {
    const { folder, destination } = place();
    await expect(
      restoreCheckpoint({ connection: hostilePool({ a: good }, manifest), uuid: UUID, destination }),
    ).rejects.toThrow(message);
    expect(readdirSync(folder)).toEqual([]);
  });

  it.each([
    ["cut short", good.subarray(0, 2), "it has 2 bytes where its manifest says 4"],
    ["longer", Buffer.from("good and more"), "longer than the 4 bytes"],
    ["with other bytes", Buffer.from("evil"), "SHA-256"],
  ])("a file %s", async (_, sent, message) => {
    const { folder, destination } = place();
    const connection = hostilePool({ a: sent, b: good }, manifestOf({ a: good, b: good }));
    await expect(restoreCheckpoint({ connection, uuid: UUID, destination })).rejects.toThrow(message);
    expect(readdirSync(folder)).toEqual([]);
  });

  it("says before the first byte that the disk is too small", async () => {
    const { destination } = place();
    const manifest = manifestOf({}, { files: [{ path: "a", bytes: 2 ** 49, sha256: "0".repeat(64) }] });
    await expect(
      restoreCheckpoint({ connection: hostilePool({ a: good }, manifest), uuid: UUID, destination }),
    ).rejects.toThrow(/bytes free; the checkpoint needs/);
  });
});
