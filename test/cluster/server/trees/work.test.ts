import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { chooseMethod } from "../../../../src/cluster/server/trees/work.ts";
import { stream } from "./sender.ts";
import { listing, never, useStore } from "./storeFixture.ts";

const at = useStore();

describe("working trees", () => {
  test("hold the exact bytes, modes and symbolic links, and may be written to", async () => {
    at.sender.write({
      "train.py": "print(1)\r\n",
      ".gitattributes": "*.py text eol=lf\n*.txt ident filter=lfs\n",
      "id.txt": "$Id$\n",
      "deep/er/empty": "",
      "big.bin": Buffer.alloc(300_000, 7),
    });
    chmodSync(path.join(at.sender.folder, "train.py"), 0o755);
    symlinkSync("deep/er/empty", path.join(at.sender.folder, "link"));
    at.sender.git("config", "core.autocrlf", "false");
    const blob = at.sender.git("hash-object", "-w", "--no-filters", "train.py");
    at.sender.git("add", "--all");
    at.sender.git("update-index", "--cacheinfo", `100755,${blob},train.py`);
    const tree = at.sender.git("write-tree");
    await at.store.receivePack(tree, stream(at.sender.pack(tree)), never);
    await at.store.buildWork(tree, at.work("1.1.1"), []);
    const folder = at.work("1.1.1");
    expect(readFileSync(path.join(folder, "train.py"), "utf8")).toBe("print(1)\r\n");
    expect(statSync(path.join(folder, "train.py")).mode & 0o777).toBe(0o755);
    expect(readFileSync(path.join(folder, "id.txt"), "utf8")).toBe("$Id$\n");
    expect(readFileSync(path.join(folder, "big.bin")).equals(Buffer.alloc(300_000, 7))).toBe(true);
    expect(readlinkSync(path.join(folder, "link"))).toBe("deep/er/empty");
    writeFileSync(path.join(folder, "train.py"), "changed");
    await at.store.buildWork(tree, at.work("1.1.2"), []);
    expect(readFileSync(path.join(at.work("1.1.2"), "train.py"), "utf8")).toBe("print(1)\r\n");
  });

  test("of a tree that differs are made from the nearest one", async () => {
    at.sender.write(
      Object.fromEntries([...Array(200).keys()].map((n) => [`d${n % 9}/f${n}.py`, `x = ${n}\n`])),
    );
    at.sender.write({ "gone/only.py": "x\n", "swap/inner.py": "y\n" });
    const first = await at.send();
    await at.store.buildWork(first, at.work("1.1.1"), []);
    rmSync(path.join(at.sender.folder, "gone"), { recursive: true });
    rmSync(path.join(at.sender.folder, "swap"), { recursive: true });
    at.sender.write({ swap: "a file now\n", "d1/f1.py": "changed\n", "new/x.py": "new\n" });
    const second = await at.send(first);
    await at.store.buildWork(second, at.work("2.1.1"), []);
    const expected = at.sender.git("ls-tree", "-r", "--name-only", second).split("\n").sort();
    expect(listing(at.work("2.1.1"))).toEqual(expected);
    expect(existsSync(path.join(at.work("2.1.1"), "gone"))).toBe(false);
    expect(readFileSync(path.join(at.work("2.1.1"), "d1/f1.py"), "utf8")).toBe("changed\n");
    const folder = await at.store.treeFolder(second);
    expect(listing(folder)).toEqual(expected);
    expect(statSync(path.join(folder, "d2/f2.py")).ino).toBe(
      statSync(path.join(await at.store.treeFolder(first), "d2/f2.py")).ino,
    );
    expect(readdirSync(path.join(at.pool, "trees")).filter((name) => name.startsWith(".building"))).toEqual(
      [],
    );
  });

  test("a name that is not UTF-8 comes out as it went in", async () => {
    const name = Buffer.concat([Buffer.from(`${at.sender.folder}/caf`), Buffer.from([0xe9])]);
    writeFileSync(name, "latin1\n");
    const tree = await at.send();
    await at.store.buildWork(tree, at.work("1.1.1"), []);
    const names = readdirSync(Buffer.from(at.work("1.1.1")), { encoding: "buffer" });
    expect(names.map((each) => each.toString("latin1"))).toEqual(["caf\u00e9"]);
  });

  test("two at once of a new tree are both whole", async () => {
    at.sender.write({ "a.py": "a\n", "b/c.py": "c\n" });
    const tree = await at.send();
    await Promise.all(["1.1.1", "1.2.1", "1.3.1"].map((run) => at.store.buildWork(tree, at.work(run), [])));
    for (const run of ["1.1.1", "1.2.1", "1.3.1"]) expect(listing(at.work(run))).toEqual(["a.py", "b/c.py"]);
  });

  test("links lead to the data, never over the snapshot's own files nor through its symbolic links", async () => {
    const outside = path.join(at.sender.folder, "..", path.basename(at.pool) + "-outside");
    mkdirSync(outside, { recursive: true });
    try {
      at.sender.write({ "train.py": "x\n", "data/kept.txt": "kept\n" });
      symlinkSync(outside, path.join(at.sender.folder, "out"));
      const tree = await at.send();
      const link = (at: string): { path: string; target: string; reason: string } => ({
        path: at,
        target: outside,
        reason: "data",
      });
      await at.store.buildWork(tree, at.work("1.1.1"), [
        link("data"),
        link("out/evil"),
        link("datasets"),
        link("a/b/data"),
      ]);
      expect(lstatSync(path.join(at.work("1.1.1"), "data")).isDirectory()).toBe(true);
      expect(readlinkSync(path.join(at.work("1.1.1"), "datasets"))).toBe(outside);
      expect(readlinkSync(path.join(at.work("1.1.1"), "a/b/data"))).toBe(outside);
      expect(readdirSync(outside)).toEqual([]);

      writeFileSync(path.join(outside, "precious"), "1");
      await at.store.prune(tree, at.work("1.1.1"));
      expect(readdirSync(outside)).toEqual(["precious"]);
      expect(readdirSync(at.work("1.1.1"))).toEqual([]);
    } finally {
      rmSync(outside, { recursive: true, force: true });
    }
  });

  test("building again changes nothing, and a half-built one is built anew", async () => {
    at.sender.write({ "a.py": "a\n" });
    const tree = await at.send();
    await at.store.buildWork(tree, at.work("1.1.1"), []);
    writeFileSync(path.join(at.work("1.1.1"), "made.txt"), "by the run");
    await at.store.buildWork(tree, at.work("1.1.1"), []);
    expect(existsSync(path.join(at.work("1.1.1"), "made.txt"))).toBe(true);

    mkdirSync(at.work("1.2.1"), { recursive: true });
    writeFileSync(path.join(at.work("1.2.1"), "half"), "");
    await at.store.buildWork(tree, at.work("1.2.1"), []);
    expect(listing(at.work("1.2.1"))).toEqual(["a.py"]);
  });

  test("pruning keeps what the run wrote or changed, and nothing else", async () => {
    at.sender.write({
      "train.py": "x\n",
      "src/a.py": "a\n",
      "src/b.py": "b\n",
      "src/deep/c.py": "c\n",
      "same.txt": "s\n",
    });
    const tree = await at.send();
    await at.store.buildWork(tree, at.work("1.1.1"), []);
    const folder = at.work("1.1.1");
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
    await at.store.prune(tree, folder);
    expect(listing(folder)).toEqual(["out/model.pt", "src/a.py"]);
    expect(existsSync(path.join(folder, "out/empty"))).toBe(true);
    expect(existsSync(path.join(folder, "src/deep"))).toBe(false);
    await at.store.prune(tree, folder);
    expect(listing(folder)).toEqual(["out/model.pt", "src/a.py"]);
  });
});

describe("large trees", () => {
  const ordinary = { reflinks: false, isRoot: false };
  const inode = (...parts: string[]): number => statSync(path.join(...parts)).ino;

  test("are hard links to read-only files; a run that writes into one all the same spoils nobody else's", async () => {
    at.reopen(ordinary);
    at.sender.write(Object.fromEntries([1, 2, 3].map((n) => [`d${n}/f${n}.py`, `x = ${n}\n`])));
    at.sender.write({ "large.bin": Buffer.alloc(100 * 2 ** 20 + 1) });
    const tree = await at.send();
    const folder = at.work("1.1.1");
    await at.store.buildWork(tree, folder, []);
    expect(inode(folder, "d1/f1.py")).toBe(inode(await at.store.treeFolder(tree), "d1/f1.py"));
    expect(statSync(path.join(folder, "d1/f1.py")).mode & 0o777).toBe(0o444);
    await at.store.buildWork(tree, at.work("1.2.1"), []);

    await new Promise((resolve) => setTimeout(resolve, 20));
    rmSync(path.join(folder, "d2/f2.py")); // replacing a file is how a script gets its own
    writeFileSync(path.join(folder, "d2/f2.py"), "my own\n");
    chmodSync(path.join(folder, "d1/f1.py"), 0o644);
    writeFileSync(path.join(folder, "d1/f1.py"), "through the link\n");
    await at.store.prune(tree, folder);
    expect(listing(folder)).toEqual(["d1/f1.py", "d2/f2.py"]);

    await at.store.buildWork(tree, at.work("1.3.1"), []);
    expect(readFileSync(path.join(at.work("1.3.1"), "d1/f1.py"), "utf8")).toBe("x = 1\n");
    expect(readFileSync(path.join(at.work("1.3.1"), "d2/f2.py"), "utf8")).toBe("x = 2\n");
  });

  test("are made ready in advance, and the next submission takes that one", async () => {
    at.reopen(ordinary);
    at.sender.write(
      Object.fromEntries([...Array(600).keys()].map((n) => [`d${n % 5}/f${n}.py`, `x = ${n}\n`])),
    );
    const first = await at.send();
    await at.store.buildWork(first, at.work("1.1.1"), []);
    const spares = path.join(at.pool, "trees", ".spare");
    const ready = (): string[] =>
      (existsSync(spares) ? readdirSync(spares) : []).filter((name) => name.startsWith(first));
    while (ready().length === 0) await new Promise((resolve) => setTimeout(resolve, 50));
    const made = inode(spares, ready()[0] ?? "");

    rmSync(path.join(at.sender.folder, "d0/f0.py"));
    at.sender.write({ "d1/f1.py": "changed\n", "new/x.py": "x\n" });
    const second = await at.send(first);
    await at.store.buildWork(second, at.work("2.1.1"), []);
    expect(inode(at.work("2.1.1"))).toBe(made);
    expect(listing(at.work("2.1.1"))).toEqual(
      at.sender.git("ls-tree", "-r", "--name-only", second).split("\n").sort(),
    );
    expect(readFileSync(path.join(at.work("2.1.1"), "d1/f1.py"), "utf8")).toBe("changed\n");
    expect(ready()).toEqual([]);
    await at.store.prune(second, at.work("2.1.1"));
    expect(listing(at.work("2.1.1"))).toEqual([]);
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
