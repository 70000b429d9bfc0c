import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { buffer } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  createSnapshotStore,
  type LocalSnapshotStore,
} from "../../../../src/cluster/server/trees/snapshotStore.ts";
import { chooseMethod } from "../../../../src/cluster/server/trees/work.ts";
import { createSender, type Sender, silentLogger, stream, writeObject } from "./sender.ts";

let pool: string;
let sender: Sender & Disposable;
let store: LocalSnapshotStore;
const never = new AbortController().signal;

beforeEach(() => {
  pool = mkdtempSync(path.join(tmpdir(), "trainyard-pool-"));
  sender = createSender();
  store = createSnapshotStore(pool, silentLogger);
});
afterEach(async () => {
  await store.close();
  sender[Symbol.dispose]();
  rmSync(pool, { recursive: true, force: true });
});

async function send(...bases: string[]): Promise<string> {
  const tree = sender.tree();
  await store.receivePack(tree, stream(sender.pack(tree, ...bases)), never);
  return tree;
}
const work = (run: string): string => path.join(pool, "runs", run, "work");
const listing = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .sort();

describe("receiving", () => {
  test("a pack of a tree is kept, listed, read and sent again", async () => {
    sender.write({ "train.py": "print(1)\n", "lib/ä b.py": "x = 1\n", "empty.txt": "" });
    chmodSync(path.join(sender.folder, "train.py"), 0o755);
    const tree = await send();
    expect(await store.has(tree)).toBe(true);
    expect(await createSnapshotStore(pool, silentLogger).has(tree)).toBe(true);
    expect(await store.files(tree, 10)).toEqual({
      files: [
        { path: "empty.txt", bytes: 0, mode: "100644" },
        { path: "lib/ä b.py", bytes: 6, mode: "100644" },
        { path: "train.py", bytes: 9, mode: "100755" },
      ],
      truncated: false,
    });
    expect((await store.files(tree, 2)).truncated).toBe(true);
    expect(Buffer.from(await store.readFile(tree, "lib/ä b.py", 100)).toString()).toBe("x = 1\n");
    await expect(store.readFile(tree, "train.py", 3)).rejects.toMatchObject({ reason: "refused" });
    await expect(store.readFile(tree, "../train.py", 3)).rejects.toMatchObject({ reason: "notFound" });
    await expect(store.readFile(tree, "lib", 3)).rejects.toMatchObject({ reason: "notFound" });

    using other = createSender();
    const pack = await buffer(store.openPack(tree) as NodeJS.ReadableStream & AsyncIterable<Uint8Array>);
    execFileSync("git", ["unpack-objects", "-q"], { cwd: other.folder, input: pack });
    expect(other.git("ls-tree", "-r", "--name-only", "-z", tree).split("\0").filter(Boolean)).toHaveLength(3);
  });

  test("only what differs needs to be sent", async () => {
    sender.write(Object.fromEntries([...Array(150).keys()].map((n) => [`d${n % 7}/f${n}.py`, `x = ${n}\n`])));
    const first = await send();
    sender.write({ "d1/f1.py": "changed\n" });
    const second = await send(first);
    expect(Buffer.from(await store.readFile(second, "d1/f1.py", 100)).toString()).toBe("changed\n");
    expect(Buffer.from(await store.readFile(second, "d2/f2.py", 100)).toString()).toBe("x = 2\n");
  });

  test("the same tree sent twice at once is kept once", async () => {
    sender.write({ "a.py": "a\n" });
    const tree = sender.tree();
    const pack = sender.pack(tree);
    await Promise.all([1, 2, 3].map(() => store.receivePack(tree, stream(pack), never)));
    expect(await store.has(tree)).toBe(true);
    expect(readdirSync(path.join(pool, "snapshots.git", "incoming"))).toEqual([]);
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
    sender.write({ "a.py": "a\n".repeat(500), "b.py": "b\n" });
    const tree = sender.tree();
    await expect(store.receivePack(tree, stream(spoil(sender.pack(tree))), never)).rejects.toMatchObject({
      name: "SnapshotError",
      reason: "invalid",
    });
    expect(await store.has(tree)).toBe(false);
    expect(readdirSync(path.join(pool, "snapshots.git", "incoming"))).toEqual([]);
    await expect(store.buildWork(tree, work("1.1.1"), [])).rejects.toMatchObject({ reason: "notFound" });
  });

  test("a pack without the tree, or without an object that it leads to, is refused", async () => {
    sender.write({ "a.py": "a\n" });
    const first = sender.tree();
    sender.write({ "b.py": "b\n" });
    const second = sender.tree();
    await expect(store.receivePack(second, stream(sender.pack(first)), never)).rejects.toThrow(
      /does not bring/,
    );
    // Thin against a base that the pool does not have.
    await expect(store.receivePack(second, stream(sender.pack(second, first)), never)).rejects.toThrow();
    expect(await store.has(second)).toBe(false);
    expect(await store.has(first)).toBe(false);
  });

  test.each([
    ["..", "40000"],
    [".git", "40000"],
    [".GIT", "40000"],
    ["a/b", "100644"],
  ])("a tree with an entry named %s is refused", async (name, mode) => {
    const blob = await writeObject(sender.folder, "blob", Buffer.from("x"));
    const child = await writeObject(
      sender.folder,
      "tree",
      Buffer.concat([Buffer.from("100644 hooks\0"), Buffer.from(blob, "hex")]),
    );
    const id = Buffer.from(mode === "40000" ? child : blob, "hex");
    const tree = await writeObject(
      sender.folder,
      "tree",
      Buffer.concat([Buffer.from(`${mode} ${name}\0`), id]),
    );
    const objects = `${tree}\n${blob}\n${mode === "40000" ? `${child}\n` : ""}`;
    const pack = execFileSync("git", ["pack-objects", "--stdout", "-q"], {
      cwd: sender.folder,
      input: objects,
    });
    await expect(store.receivePack(tree, stream(pack), never)).rejects.toMatchObject({ reason: "invalid" });
    expect(await store.has(tree)).toBe(false);
  });

  test("a client that goes away leaves nothing", async () => {
    sender.write({ "a.py": "a\n" });
    const tree = sender.tree();
    const pack = sender.pack(tree);
    const gone = new AbortController();
    async function* slowly(): AsyncGenerator<Buffer> {
      yield pack.subarray(0, 20);
      gone.abort();
      await new Promise((resolve) => setTimeout(resolve, 20));
      yield pack.subarray(20);
    }
    const { Readable } = await import("node:stream");
    await expect(store.receivePack(tree, Readable.from(slowly()), gone.signal)).rejects.toThrow();
    expect(await store.has(tree)).toBe(false);
  });
});

describe("working trees", () => {
  test("hold the exact bytes, modes and symbolic links, and may be written to", async () => {
    sender.write({
      "train.py": "print(1)\r\n",
      ".gitattributes": "*.py text eol=lf\n*.txt ident filter=lfs\n",
      "id.txt": "$Id$\n",
      "deep/er/empty": "",
      "big.bin": Buffer.alloc(300_000, 7),
    });
    chmodSync(path.join(sender.folder, "train.py"), 0o755);
    symlinkSync("deep/er/empty", path.join(sender.folder, "link"));
    sender.git("config", "core.autocrlf", "false");
    const blob = sender.git("hash-object", "-w", "--no-filters", "train.py");
    sender.git("add", "--all");
    sender.git("update-index", "--cacheinfo", `100755,${blob},train.py`);
    const tree = sender.git("write-tree");
    await store.receivePack(tree, stream(sender.pack(tree)), never);
    await store.buildWork(tree, work("1.1.1"), []);
    const folder = work("1.1.1");
    expect(readFileSync(path.join(folder, "train.py"), "utf8")).toBe("print(1)\r\n");
    expect(statSync(path.join(folder, "train.py")).mode & 0o777).toBe(0o755);
    expect(readFileSync(path.join(folder, "id.txt"), "utf8")).toBe("$Id$\n");
    expect(readFileSync(path.join(folder, "big.bin")).equals(Buffer.alloc(300_000, 7))).toBe(true);
    expect(readlinkSync(path.join(folder, "link"))).toBe("deep/er/empty");
    writeFileSync(path.join(folder, "train.py"), "changed");
    await store.buildWork(tree, work("1.1.2"), []);
    expect(readFileSync(path.join(work("1.1.2"), "train.py"), "utf8")).toBe("print(1)\r\n");
  });

  test("of a tree that differs are made from the nearest one", async () => {
    sender.write(Object.fromEntries([...Array(200).keys()].map((n) => [`d${n % 9}/f${n}.py`, `x = ${n}\n`])));
    sender.write({ "gone/only.py": "x\n", "swap/inner.py": "y\n" });
    const first = await send();
    await store.buildWork(first, work("1.1.1"), []);
    rmSync(path.join(sender.folder, "gone"), { recursive: true });
    rmSync(path.join(sender.folder, "swap"), { recursive: true });
    sender.write({ swap: "a file now\n", "d1/f1.py": "changed\n", "new/x.py": "new\n" });
    const second = await send(first);
    await store.buildWork(second, work("2.1.1"), []);
    const expected = sender.git("ls-tree", "-r", "--name-only", second).split("\n").sort();
    expect(listing(work("2.1.1"))).toEqual(expected);
    expect(existsSync(path.join(work("2.1.1"), "gone"))).toBe(false);
    expect(readFileSync(path.join(work("2.1.1"), "d1/f1.py"), "utf8")).toBe("changed\n");
    const folder = await store.treeFolder(second);
    expect(listing(folder)).toEqual(expected);
    expect(statSync(path.join(folder, "d2/f2.py")).ino).toBe(
      statSync(path.join(await store.treeFolder(first), "d2/f2.py")).ino,
    );
    expect(readdirSync(path.join(pool, "trees")).filter((name) => name.startsWith(".building"))).toEqual([]);
  });

  test("a name that is not UTF-8 comes out as it went in", async () => {
    const name = Buffer.concat([Buffer.from(`${sender.folder}/caf`), Buffer.from([0xe9])]);
    writeFileSync(name, "latin1\n");
    const tree = await send();
    await store.buildWork(tree, work("1.1.1"), []);
    const names = readdirSync(Buffer.from(work("1.1.1")), { encoding: "buffer" });
    expect(names.map((each) => each.toString("latin1"))).toEqual(["caf\u00e9"]);
  });

  test("two at once of a new tree are both whole", async () => {
    sender.write({ "a.py": "a\n", "b/c.py": "c\n" });
    const tree = await send();
    await Promise.all(["1.1.1", "1.2.1", "1.3.1"].map((run) => store.buildWork(tree, work(run), [])));
    for (const run of ["1.1.1", "1.2.1", "1.3.1"]) expect(listing(work(run))).toEqual(["a.py", "b/c.py"]);
  });

  test("links lead to the data, never over the snapshot's own files nor through its symbolic links", async () => {
    const outside = path.join(sender.folder, "..", path.basename(pool) + "-outside");
    mkdirSync(outside, { recursive: true });
    try {
      sender.write({ "train.py": "x\n", "data/kept.txt": "kept\n" });
      symlinkSync(outside, path.join(sender.folder, "out"));
      const tree = await send();
      const link = (at: string): { path: string; target: string; reason: string } => ({
        path: at,
        target: outside,
        reason: "data",
      });
      await store.buildWork(tree, work("1.1.1"), [
        link("data"),
        link("out/evil"),
        link("datasets"),
        link("a/b/data"),
      ]);
      expect(lstatSync(path.join(work("1.1.1"), "data")).isDirectory()).toBe(true);
      expect(readlinkSync(path.join(work("1.1.1"), "datasets"))).toBe(outside);
      expect(readlinkSync(path.join(work("1.1.1"), "a/b/data"))).toBe(outside);
      expect(readdirSync(outside)).toEqual([]);

      writeFileSync(path.join(outside, "precious"), "1");
      await store.prune(tree, work("1.1.1"));
      expect(readdirSync(outside)).toEqual(["precious"]);
      expect(readdirSync(work("1.1.1"))).toEqual([]);
    } finally {
      rmSync(outside, { recursive: true, force: true });
    }
  });

  test("building again changes nothing, and a half-built one is built anew", async () => {
    sender.write({ "a.py": "a\n" });
    const tree = await send();
    await store.buildWork(tree, work("1.1.1"), []);
    writeFileSync(path.join(work("1.1.1"), "made.txt"), "by the run");
    await store.buildWork(tree, work("1.1.1"), []);
    expect(existsSync(path.join(work("1.1.1"), "made.txt"))).toBe(true);

    mkdirSync(work("1.2.1"), { recursive: true });
    writeFileSync(path.join(work("1.2.1"), "half"), "");
    await store.buildWork(tree, work("1.2.1"), []);
    expect(listing(work("1.2.1"))).toEqual(["a.py"]);
  });

  test("pruning keeps what the run wrote or changed, and nothing else", async () => {
    sender.write({
      "train.py": "x\n",
      "src/a.py": "a\n",
      "src/b.py": "b\n",
      "src/deep/c.py": "c\n",
      "same.txt": "s\n",
    });
    const tree = await send();
    await store.buildWork(tree, work("1.1.1"), []);
    const folder = work("1.1.1");
    await new Promise((resolve) => setTimeout(resolve, 20));
    const before = statSync(path.join(folder, "src/a.py"));
    writeFileSync(path.join(folder, "src/a.py"), "A\n");
    // Same size and an old mtime: only the content tells.
    execFileSync("touch", ["-d", before.mtime.toISOString(), path.join(folder, "src/a.py")]);
    writeFileSync(path.join(folder, "same.txt"), "s\n");
    mkdirSync(path.join(folder, "out/empty"), { recursive: true });
    writeFileSync(path.join(folder, "out/model.pt"), "weights");
    mkdirSync(path.join(folder, "src/__pycache__"));
    writeFileSync(path.join(folder, "src/__pycache__/a.pyc"), "");
    await store.prune(tree, folder);
    expect(listing(folder)).toEqual(["out/model.pt", "src/a.py"]);
    expect(existsSync(path.join(folder, "out/empty"))).toBe(true);
    expect(existsSync(path.join(folder, "src/deep"))).toBe(false);
    await store.prune(tree, folder);
    expect(listing(folder)).toEqual(["out/model.pt", "src/a.py"]);
  });
});

describe("large trees", () => {
  const ordinary = { reflinks: false, isRoot: false };
  const inode = (...parts: string[]): number => statSync(path.join(...parts)).ino;

  test("are hard links to read-only files; a run that writes into one all the same spoils nobody else's", async () => {
    store = createSnapshotStore(pool, silentLogger, ordinary);
    sender.write(Object.fromEntries([1, 2, 3].map((n) => [`d${n}/f${n}.py`, `x = ${n}\n`])));
    sender.write({ "large.bin": Buffer.alloc(100 * 2 ** 20 + 1) });
    const tree = await send();
    const folder = work("1.1.1");
    await store.buildWork(tree, folder, []);
    expect(inode(folder, "d1/f1.py")).toBe(inode(await store.treeFolder(tree), "d1/f1.py"));
    expect(statSync(path.join(folder, "d1/f1.py")).mode & 0o777).toBe(0o444);
    await store.buildWork(tree, work("1.2.1"), []);

    await new Promise((resolve) => setTimeout(resolve, 20));
    rmSync(path.join(folder, "d2/f2.py")); // replacing a file is how a script gets its own
    writeFileSync(path.join(folder, "d2/f2.py"), "my own\n");
    chmodSync(path.join(folder, "d1/f1.py"), 0o644);
    writeFileSync(path.join(folder, "d1/f1.py"), "through the link\n");
    await store.prune(tree, folder);
    expect(listing(folder)).toEqual(["d1/f1.py", "d2/f2.py"]);

    await store.buildWork(tree, work("1.3.1"), []);
    expect(readFileSync(path.join(work("1.3.1"), "d1/f1.py"), "utf8")).toBe("x = 1\n");
    expect(readFileSync(path.join(work("1.3.1"), "d2/f2.py"), "utf8")).toBe("x = 2\n");
  });

  test("are made ready in advance, and the next submission takes that one", async () => {
    store = createSnapshotStore(pool, silentLogger, ordinary);
    sender.write(Object.fromEntries([...Array(600).keys()].map((n) => [`d${n % 5}/f${n}.py`, `x = ${n}\n`])));
    const first = await send();
    await store.buildWork(first, work("1.1.1"), []);
    const spares = path.join(pool, "trees", ".spare");
    const ready = (): string[] =>
      (existsSync(spares) ? readdirSync(spares) : []).filter((name) => name.startsWith(first));
    while (ready().length === 0) await new Promise((resolve) => setTimeout(resolve, 50));
    const made = inode(spares, ready()[0] ?? "");

    rmSync(path.join(sender.folder, "d0/f0.py"));
    sender.write({ "d1/f1.py": "changed\n", "new/x.py": "x\n" });
    const second = await send(first);
    await store.buildWork(second, work("2.1.1"), []);
    expect(inode(work("2.1.1"))).toBe(made);
    expect(listing(work("2.1.1"))).toEqual(
      sender.git("ls-tree", "-r", "--name-only", second).split("\n").sort(),
    );
    expect(readFileSync(path.join(work("2.1.1"), "d1/f1.py"), "utf8")).toBe("changed\n");
    expect(ready()).toEqual([]);
    await store.prune(second, work("2.1.1"));
    expect(listing(work("2.1.1"))).toEqual([]);
  });
});

test("how a working tree is filled depends on its size, the file system and the account", () => {
  const small = { files: 5000, bytes: 100 * 2 ** 20 };
  const large = { files: 5001, bytes: 1 };
  expect(chooseMethod(large, { reflinks: true, isRoot: true })).toBe("reflink");
  expect(chooseMethod(small, { reflinks: false, isRoot: false })).toBe("copy");
  expect(chooseMethod(large, { reflinks: false, isRoot: false })).toBe("hardlink");
  expect(chooseMethod({ files: 1, bytes: small.bytes + 1 }, { reflinks: false, isRoot: false })).toBe(
    "hardlink",
  );
  expect(chooseMethod(large, { reflinks: false, isRoot: true })).toBe("copy");
});

test("git that is missing is one clear sentence", async () => {
  const before = process.env.PATH;
  process.env.PATH = pool;
  try {
    await expect(createSnapshotStore(pool, silentLogger).has("0".repeat(40))).rejects.toThrow(
      "git is not installed on this machine",
    );
    writeFileSync(path.join(pool, "git"), "#!/bin/sh\necho git version 2.17.1\n", { mode: 0o755 });
    await expect(createSnapshotStore(pool, silentLogger).has("0".repeat(40))).rejects.toThrow(
      'snapshots need 2.30 or later, this is "git version 2.17.1"',
    );
  } finally {
    process.env.PATH = before;
  }
});
