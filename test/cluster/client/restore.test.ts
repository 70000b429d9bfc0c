import { randomBytes } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import {
  checkpointFolder,
  restoreCheckpoint,
  type RestoreProgress,
} from "../../../src/cluster/client/restore.ts";
import { PARTIAL_RECORD } from "../../../src/cluster/client/restore/partial.ts";
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

/** What the unfinished folder beside a destination holds; undefined for none. */
function partialOf(destination: string): string | undefined {
  const parent = path.dirname(destination);
  const name = existsSync(parent)
    ? readdirSync(parent).find((found) => found.endsWith(".partial"))
    : undefined;
  return name && path.join(parent, name);
}

describe("a restore that broke off", () => {
  const BIG = { "model.pt": randomBytes(24_000_000), "small.txt": Buffer.from("small") };
  const TOTAL = 24_000_005;

  async function breakOff(destination: string, manifest: unknown = manifestOf(BIG)): Promise<number> {
    const connection = hostilePool(BIG, manifest);
    connection.lostAfterBytes = TOTAL * 0.7;
    await expect(restoreCheckpoint({ connection, uuid: UUID, destination })).rejects.toMatchObject({
      reason: "disconnected",
      remedy: "Try again when the pool is connected: it goes on from there.",
    });
    return connection.sentBytes;
  }

  it("goes on from there, with next to nothing sent twice", async () => {
    const { destination } = place();
    const sentBefore = await breakOff(destination);
    expect(partialOf(destination)).toBeDefined();
    const connection = hostilePool(BIG);
    const seen: number[] = [];
    const onProgress = ({ bytes, phase }: RestoreProgress): void => {
      if (phase === "receiving") seen.push(bytes);
    };
    expect(await restoreCheckpoint({ connection, uuid: UUID, destination, onProgress })).toMatchObject({
      kind: "restored",
    });
    expect(sentBefore + connection.sentBytes).toBeLessThan(TOTAL * 1.05);
    expect(seen[0]).toBeGreaterThan(TOTAL * 0.6);
    expect(seen.at(-1)).toBe(TOTAL);
    expect(readFileSync(path.join(destination, "model.pt")).equals(BIG["model.pt"])).toBe(true);
    expect(readdirSync(path.dirname(destination))).toEqual(["12-1-step300"]);
    expect(readdirSync(destination).sort()).toEqual([".gitignore", RESTORED_MARKER, "model.pt", "small.txt"]);
  });

  it("fetches anew what was damaged meanwhile", async () => {
    const { destination } = place();
    await breakOff(destination);
    const partial = partialOf(destination) ?? "";
    const file = path.join(partial, "model.pt");
    const bytes = readFileSync(file);
    writeFileSync(file, bytes.fill(0, 0, 1000));
    const connection = hostilePool(BIG);
    await restoreCheckpoint({ connection, uuid: UUID, destination });
    expect(readFileSync(path.join(destination, "model.pt")).equals(BIG["model.pt"])).toBe(true);
  });

  it.each([
    ["damaged", "{"],
    [
      "of ranges that cannot be",
      JSON.stringify({ version: 1, uuid: UUID, files: [{ path: "../x", spans: [[5, 2]] }] }),
    ],
  ])("does not believe a record that is %s", async (_, text) => {
    const { destination } = place();
    await breakOff(destination);
    writeFileSync(path.join(partialOf(destination) ?? "", PARTIAL_RECORD), text);
    const connection = hostilePool(BIG);
    await restoreCheckpoint({ connection, uuid: UUID, destination });
    expect(readFileSync(path.join(destination, "model.pt")).equals(BIG["model.pt"])).toBe(true);
  });

  it("leaves nothing when the next attempt is cancelled", async () => {
    const { destination } = place();
    await breakOff(destination);
    const connection = hostilePool(BIG);
    const cancel = new AbortController();
    const onProgress = (): void => cancel.abort();
    await expect(
      restoreCheckpoint({ connection, uuid: UUID, destination, signal: cancel.signal, onProgress }),
    ).rejects.toThrow(/abort/i);
    expect(partialOf(destination)).toBeUndefined();
  });

  it("is not continued while somebody writes it, and is removed when it is old", async () => {
    const { destination } = place();
    await breakOff(destination);
    const record = path.join(partialOf(destination) ?? "", PARTIAL_RECORD);
    const stored = JSON.parse(readFileSync(record, "utf8")) as { owner: { pid: number } };
    stored.owner.pid = process.ppid;
    writeFileSync(record, JSON.stringify(stored));
    const connection = hostilePool(BIG);
    await restoreCheckpoint({ connection, uuid: UUID, destination });
    expect(connection.sentBytes).toBe(TOTAL);
    const partial = partialOf(destination) ?? "";
    const monthAgo = new Date(Date.now() - 30 * 24 * 60 * 60 * 1000);
    for (const old of [record, partial]) utimesSync(old, monthAgo, monthAgo);
    await restoreCheckpoint({ connection, uuid: UUID, destination: `${destination}-again` });
    expect(partialOf(destination)).toBeUndefined();
  });
});

describe("a file that is here already", () => {
  const SHARED = { "model.pt": randomBytes(3_000_000), "log.txt": Buffer.from("one") };
  const OTHER = "1b9c1f4e-6a55-4a0c-9c6e-2f4d3c1b0a98";

  async function restoreOther(folder: string): Promise<{ sent: number; destination: string }> {
    const files = { "renamed.pt": SHARED["model.pt"], "log.txt": Buffer.from("two") };
    const connection = hostilePool(files, manifestOf(files, { uuid: OTHER }));
    const destination = checkpointFolder(folder, { trialId: "12.1", step: 400 });
    await restoreCheckpoint({ connection, uuid: OTHER, destination });
    expect(readFileSync(path.join(destination, "renamed.pt")).equals(SHARED["model.pt"])).toBe(true);
    expect(readFileSync(path.join(destination, "log.txt"), "utf8")).toBe("two");
    return { sent: connection.sentBytes, destination };
  }

  it("is copied from the checkpoint that has it, and not sent again", async () => {
    const { folder, destination } = place();
    await restoreCheckpoint({ connection: hostilePool(SHARED), uuid: UUID, destination });
    expect((await restoreOther(folder)).sent).toBe(3);
  });

  it("is sent when the copy was changed since, or is no file", async () => {
    const { folder, destination } = place();
    await restoreCheckpoint({ connection: hostilePool(SHARED), uuid: UUID, destination });
    const copy = path.join(destination, "model.pt");
    writeFileSync(copy, readFileSync(copy).fill(0, 5, 6));
    expect((await restoreOther(folder)).sent).toBe(3_000_003);
    renameSync(copy, path.join(folder, "elsewhere"));
    symlinkSync(path.join(folder, "elsewhere"), copy);
    rmSync(checkpointFolder(folder, { trialId: "12.1", step: 400 }), { recursive: true });
    expect((await restoreOther(folder)).sent).toBe(3_000_003);
  });

  it("is not sent when what is in its place is replaced by the same", async () => {
    const { destination } = place();
    await restoreCheckpoint({ connection: hostilePool(SHARED), uuid: UUID, destination });
    writeFileSync(path.join(destination, "log.txt"), "new");
    const connection = hostilePool(SHARED);
    await restoreCheckpoint({ connection, uuid: UUID, destination, replace: true });
    expect(connection.sentBytes).toBe(3);
    expect(readFileSync(path.join(destination, "log.txt"), "utf8")).toBe("one");
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
    ["our own record", { [PARTIAL_RECORD]: good }, "is taken"],
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
    connection.obeysRanges = false;
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
