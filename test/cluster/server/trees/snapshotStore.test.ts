import { execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { describe, expect, test, vi } from "vitest";
import { readProcess } from "../../../../src/cluster/server/runs/processes.ts";
import { createCollector } from "../../../../src/cluster/server/trees/collector.ts";
import { createRepository } from "../../../../src/cluster/server/trees/repository.ts";
import { toText } from "../../../../src/cluster/server/trees/bytePath.ts";
import { createTreeFolders, type TreeFolders } from "../../../../src/cluster/server/trees/treeFolders.ts";
import { createSnapshotStore } from "../../../../src/cluster/server/trees/snapshotStore.ts";
import { createSender, silentLogger, stream, writeObject } from "./sender.ts";
import { never, useStore } from "./storeFixture.ts";

const at = useStore();
const isPack = (name: string): boolean => name.endsWith(".pack");

describe("receiving", () => {
  test("a pack of a tree is kept, listed, read and sent again", async () => {
    at.sender.write({ "train.py": "print(1)\n", "lib/ä b.py": "x = 1\n", "empty.txt": "" });
    chmodSync(path.join(at.sender.folder, "train.py"), 0o755);
    const tree = await at.send();
    expect(await at.store.has(tree)).toBe(true);
    expect(await createSnapshotStore(at.pool, silentLogger).has(tree)).toBe(true);
    expect(await at.store.files(tree, 10)).toEqual({
      files: [
        { path: "empty.txt", bytes: 0, mode: "100644", id: "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391" },
        {
          path: "lib/ä b.py",
          bytes: 6,
          mode: "100644",
          id: expect.stringMatching(/^[0-9a-f]{40}$/) as string,
        },
        { path: "train.py", bytes: 9, mode: "100755", id: expect.stringMatching(/^[0-9a-f]{40}$/) as string },
      ],
      truncated: false,
    });
    expect((await at.store.files(tree, 2)).truncated).toBe(true);
    expect(Buffer.from(await at.store.readFile(tree, "lib/ä b.py", 100)).toString()).toBe("x = 1\n");
    await expect(at.store.readFile(tree, "train.py", 3)).rejects.toMatchObject({ reason: "refused" });
    await expect(at.store.readFile(tree, "../train.py", 3)).rejects.toMatchObject({ reason: "notFound" });
    await expect(at.store.readFile(tree, "lib", 3)).rejects.toMatchObject({ reason: "notFound" });

    using other = createSender();
    const pack = await buffer(at.store.openPack(tree) as NodeJS.ReadableStream & AsyncIterable<Uint8Array>);
    execFileSync("git", ["unpack-objects", "-q"], { cwd: other.folder, input: pack });
    expect(other.git("ls-tree", "-r", "--name-only", "-z", tree).split("\0").filter(Boolean)).toHaveLength(3);
  });

  test("only what differs needs to be sent", async () => {
    at.sender.write(
      Object.fromEntries([...Array(150).keys()].map((n) => [`d${n % 7}/f${n}.py`, `x = ${n}\n`])),
    );
    const first = await at.send();
    at.sender.write({ "d1/f1.py": "changed\n" });
    const second = await at.send(first);
    expect(Buffer.from(await at.store.readFile(second, "d1/f1.py", 100)).toString()).toBe("changed\n");
    expect(Buffer.from(await at.store.readFile(second, "d2/f2.py", 100)).toString()).toBe("x = 2\n");
  });

  test("a large file stays in the pack that it came in, and reaches the run byte for byte", async () => {
    const content = randomBytes(9 * 1024 * 1024);
    at.sender.write({ "weights.bin": content, "train.py": "print(1)\n" });
    const tree = await at.send();
    expect(readdirSync(path.join(at.pool, "snapshots.git/objects/pack")).filter(isPack)).toHaveLength(1);
    await at.store.buildWork(tree, at.work("1.1.1"), []);
    expect(readFileSync(path.join(at.work("1.1.1"), "weights.bin")).equals(content)).toBe(true);
  });

  test("what a killed server left half received is gone when the next one opens the pool, and when it builds the run", async () => {
    at.sender.write({ "a.py": "a\n" });
    const tree = await at.send();
    await at.store.close();
    const incoming = path.join(at.pool, "snapshots.git/incoming/of-a-killed-one/pack");
    const halfBuilt = path.join(path.dirname(at.work("1.1.1")), ".work-of-a-killed-one");
    for (const folder of [incoming, halfBuilt]) {
      mkdirSync(folder, { recursive: true });
      writeFileSync(path.join(folder, "tmp_pack_x"), "half");
    }
    at.reopen();
    await at.store.buildWork(tree, at.work("1.1.1"), []);
    expect(readdirSync(path.join(at.pool, "snapshots.git/incoming"))).toEqual([]);
    expect(readdirSync(path.dirname(at.work("1.1.1"))).sort()).toEqual(["work", "work.json"]);
  });

  test("the same tree sent twice at once is kept once", async () => {
    at.sender.write({ "a.py": "a\n" });
    const tree = at.sender.tree();
    const pack = at.sender.pack(tree);
    await Promise.all([1, 2, 3].map(() => at.store.receivePack(tree, stream(pack), never)));
    expect(await at.store.has(tree)).toBe(true);
    expect(readdirSync(path.join(at.pool, "snapshots.git", "incoming"))).toEqual([]);
  });

  test.each([
    ["garbage", () => Buffer.from("not a pack at all, but long enough for a header")],
    ["nothing", () => Buffer.alloc(0)],
    ["a pack that is cut short", (pack: Buffer) => pack.subarray(0, pack.length - 30)],
    [
      "a pack with a flipped bit",
      (pack: Buffer) => {
        const copy = Buffer.from(pack);
        copy[40] = (copy[40] ?? 0) ^ 1;
        return copy;
      },
    ],
  ])("%s is refused and leaves nothing", async (_name, spoil) => {
    at.sender.write({ "a.py": "a\n".repeat(500), "b.py": "b\n" });
    const tree = at.sender.tree();
    await expect(
      at.store.receivePack(tree, stream(spoil(at.sender.pack(tree))), never),
    ).rejects.toMatchObject({
      name: "CallError",
      reason: "invalid",
    });
    expect(await at.store.has(tree)).toBe(false);
    expect(readdirSync(path.join(at.pool, "snapshots.git", "incoming"))).toEqual([]);
    await expect(at.store.buildWork(tree, at.work("1.1.1"), [])).rejects.toMatchObject({
      reason: "notFound",
    });
  });

  test("a pack without the tree, or without an object that it leads to, is refused", async () => {
    at.sender.write({ "a.py": "a\n" });
    const first = at.sender.tree();
    at.sender.write({ "b.py": "b\n" });
    const second = at.sender.tree();
    await expect(at.store.receivePack(second, stream(at.sender.pack(first)), never)).rejects.toThrow(
      /does not bring/,
    );
    // Thin against a base that the pool does not have.
    await expect(
      at.store.receivePack(second, stream(at.sender.pack(second, first)), never),
    ).rejects.toThrow();
    expect(await at.store.has(second)).toBe(false);
    expect(await at.store.has(first)).toBe(false);
  });

  test.each([
    ["..", "40000"],
    [".git", "40000"],
    [".GIT", "40000"],
    ["a/b", "100644"],
  ])("a tree with an entry named %s is refused", async (name, mode) => {
    const blob = await writeObject(at.sender.folder, "blob", Buffer.from("x"));
    const child = await writeObject(
      at.sender.folder,
      "tree",
      Buffer.concat([Buffer.from("100644 hooks\0"), Buffer.from(blob, "hex")]),
    );
    const id = Buffer.from(mode === "40000" ? child : blob, "hex");
    const tree = await writeObject(
      at.sender.folder,
      "tree",
      Buffer.concat([Buffer.from(`${mode} ${name}\0`), id]),
    );
    const objects = `${tree}\n${blob}\n${mode === "40000" ? `${child}\n` : ""}`;
    const pack = execFileSync("git", ["pack-objects", "--stdout", "-q"], {
      cwd: at.sender.folder,
      input: objects,
    });
    await expect(at.store.receivePack(tree, stream(pack), never)).rejects.toMatchObject({
      reason: "invalid",
    });
    expect(await at.store.has(tree)).toBe(false);
  });

  test("a client that goes away leaves nothing", async () => {
    at.sender.write({ "a.py": "a\n" });
    const tree = at.sender.tree();
    const pack = at.sender.pack(tree);
    const gone = new AbortController();
    async function* slowly(): AsyncGenerator<Buffer> {
      yield pack.subarray(0, 20);
      gone.abort();
      await new Promise((resolve) => setTimeout(resolve, 20));
      yield pack.subarray(20);
    }
    await expect(at.store.receivePack(tree, Readable.from(slowly()), gone.signal)).rejects.toThrow();
    expect(await at.store.has(tree)).toBe(false);
  });
});

test("git that is missing is one clear sentence", async () => {
  const before = process.env.PATH;
  process.env.PATH = at.pool;
  try {
    await expect(createSnapshotStore(at.pool, silentLogger).has("0".repeat(40))).rejects.toThrow(
      "git is not installed on this machine",
    );
    writeFileSync(path.join(at.pool, "git"), "#!/bin/sh\necho git version 2.17.1\n", { mode: 0o755 });
    await expect(createSnapshotStore(at.pool, silentLogger).has("0".repeat(40))).rejects.toThrow(
      'snapshots need 2.30 or later, this is "git version 2.17.1"',
    );
  } finally {
    process.env.PATH = before;
  }
});

describe("forgetting", () => {
  const objects = (): number =>
    at.sender
      .git(
        "--git-dir",
        path.join(at.pool, "snapshots.git"),
        "cat-file",
        "--batch-all-objects",
        "--batch-check",
      )
      .split("\n")
      .filter(Boolean).length;

  test("frees what no other snapshot has: objects, single and in packs, and the built tree", async () => {
    at.sender.write(Object.fromEntries([...Array(150).keys()].map((n) => [`f${n}.py`, `x = ${n}\n`])));
    const first = await at.send();
    await at.store.treeFolder(first);
    at.sender.write({ "f1.py": "changed\n" });
    const second = await at.send(first);
    expect(objects()).toBe(150 + 1 + 2);
    await at.store.forget(first);
    expect(existsSync(path.join(at.pool, "trees", first))).toBe(false);
    await vi.waitUntil(() => objects() === 150 + 1, 20_000);
    expect((await at.store.files(second, 1000)).files).toHaveLength(150);
    await at.store.forget(second);
    at.sender.write({ "f2.py": "changed too\n" });
    const third = await at.send();
    expect(Buffer.from(await at.store.readFile(third, "f3.py", 100)).toString()).toBe("x = 3\n");
    await at.store.treeFolder(third);
  }, 30_000);

  test("nothing is collected while a snapshot is received, also what was due before", async () => {
    at.sender.write({ "a.py": "a\n" });
    const tree = await at.send();
    await at.store.forget(tree);
    await at.store.close();
    const collector = createCollector(createRepository(path.join(at.pool, "snapshots.git")), silentLogger, 0);
    collector.plan();
    await collector.apart(async () => {
      collector.plan();
      await new Promise((resolve) => setTimeout(resolve, 200));
      expect(objects()).toBe(2);
    });
    await vi.waitUntil(() => objects() === 0, 10_000);
    await collector.close();
  });

  test("a collection that is ended leaves the repository whole", async () => {
    at.sender.write(Object.fromEntries([...Array(150).keys()].map((n) => [`f${n}.py`, `x = ${n}\n`])));
    const tree = await at.send();
    const repository = createRepository(path.join(at.pool, "snapshots.git"));
    const collector = createCollector(repository, silentLogger, 0);
    for (let round = 0; round < 10; round++) {
      collector.plan();
      await new Promise((resolve) => setTimeout(resolve, 2 * round));
      await collector.apart(() => Promise.resolve());
    }
    await collector.close();
    await repository.git.output(["fsck", "--strict", "--full"]);
    expect(await repository.entries(tree)).toHaveLength(150);
  });
});

test("a collection that a killed server left running is ended before anything is received", async () => {
  at.sender.write({ "a.py": "a\n" });
  await at.send();
  await at.store.close();
  const repository = createRepository(path.join(at.pool, "snapshots.git"));
  const orphan = spawn("sleep", ["60"], { detached: true, stdio: "ignore" });
  const gone = once(orphan, "exit");
  const name = readProcess(orphan.pid ?? 0);
  writeFileSync(path.join(repository.folder, "collecting.json"), JSON.stringify(name));
  const collector = createCollector(repository, silentLogger, 0);
  expect((await gone)[1]).toBe("SIGKILL");
  await collector.close();
});

describe("after the power has failed", () => {
  test("a tree that was young is built again, one that is on the disk is not", async () => {
    at.sender.write({ "train.py": "print(1)\n" });
    const tree = await at.send();
    const folder = path.join(at.pool, "trees");
    const sizeFile = path.join(folder, `${tree}.json`);
    const due: (() => Promise<void>)[] = [];
    const trees = (): TreeFolders =>
      createTreeFolders(folder, createRepository(path.join(at.pool, "snapshots.git")), silentLogger, {
        later: (done) => due.push(done),
      });
    const file = path.join(toText(await trees().ensure(tree)), "train.py");
    const young = JSON.parse(readFileSync(sizeFile, "utf8")) as { boot: string };
    const loseContent = (): void => {
      chmodSync(file, 0o644);
      writeFileSync(file, "");
    };
    loseContent();
    writeFileSync(sizeFile, JSON.stringify({ ...young, boot: "another" }));
    await trees().ensure(tree);
    expect(readFileSync(file, "utf8")).toBe("print(1)\n");

    for (const done of due) await done();
    expect(JSON.parse(readFileSync(sizeFile, "utf8"))).not.toHaveProperty("boot");
    loseContent();
    await trees().ensure(tree);
    expect(readFileSync(file, "utf8")).toBe("");
  });
});
