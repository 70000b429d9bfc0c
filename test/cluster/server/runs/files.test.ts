import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createRunFiles, type RunFiles } from "../../../../src/cluster/server/runs/files.ts";
import {
  createSnapshotStore,
  type LocalSnapshotStore,
} from "../../../../src/cluster/server/trees/snapshotStore.ts";
import { createSender, silentLogger, stream } from "../trees/sender.ts";

let pool: string;
let store: LocalSnapshotStore;
let files: RunFiles;
let work: string;
let tree: string;

beforeEach(async () => {
  pool = mkdtempSync(path.join(tmpdir(), "trainyard-pool-"));
  store = createSnapshotStore(pool, silentLogger);
  files = createRunFiles({ pool, treeFolder: (tree) => store.treeFolder(tree) });
  using sender = createSender();
  sender.write({ "train.py": "x\n", "src/deep/a.py": "a\n", "src/b.py": "b\n" });
  tree = sender.tree();
  await store.receivePack(tree, stream(sender.pack(tree)), new AbortController().signal);
  work = path.join(pool, "runs/1.1.1/work");
  await store.buildWork(tree, work, [{ path: "data", target: tmpdir(), reason: "data" }]);
  await sleep(20);
});
afterEach(async () => {
  await store.close();
  rmSync(pool, { recursive: true, force: true });
});
const names = async (folder: string): Promise<string[]> =>
  (await files.list("1.1.1", folder)).files.map((file) => file.path + (file.isDirectory ? "/" : ""));

test("nothing at first; then what was written or changed, while it runs and after pruning", async () => {
  expect(await names(".")).toEqual([]);
  expect(await names("src")).toEqual([]);
  mkdirSync(path.join(work, "out"));
  writeFileSync(path.join(work, "out/model.pt"), "weights");
  mkdirSync(path.join(work, "src/__pycache__"));
  writeFileSync(path.join(work, "src/__pycache__/b.pyc"), "");
  writeFileSync(path.join(work, "src/deep/a.py"), "changed\n");
  for (const prune of [false, true]) {
    if (prune) await store.prune(tree, work);
    expect(await names(".")).toEqual(["out/", "src/"]);
    expect(await names("src")).toEqual(["src/deep/"]);
    expect(await names("src/deep")).toEqual(["src/deep/a.py"]);
    expect((await files.list("1.1.1", "out")).files).toMatchObject([
      { path: "out/model.pt", bytes: 7, isDirectory: false },
    ]);
  }
  expect(await files.locate("1.1.1", "out/model.pt")).toEqual({
    path: path.join(work, "out/model.pt"),
    bytes: 7,
  });
});

test("no symbolic link is shown, followed or opened", async () => {
  const outside = mkdtempSync(path.join(tmpdir(), "trainyard-outside-"));
  try {
    writeFileSync(path.join(outside, "secret"), "1");
    symlinkSync(outside, path.join(work, "out"));
    symlinkSync(path.join(outside, "secret"), path.join(work, "file"));
    expect(await names(".")).toEqual([]);
    for (const bad of ["out", "data", "../..", "/etc", "out/..", "nowhere", "train.py"])
      await expect(files.list("1.1.1", bad)).rejects.toMatchObject({ reason: "notFound" });
    for (const bad of ["out/secret", "file", "../spec.json", "src", ".", "train.py/x"])
      await expect(files.locate("1.1.1", bad)).rejects.toMatchObject({ reason: "notFound" });
    await expect(files.list("../1", ".")).rejects.toThrow("not a run id");
  } finally {
    rmSync(outside, { recursive: true });
  }
});

test("a folder with very many files is cut off, and says so", async () => {
  mkdirSync(path.join(work, "many"));
  for (let n = 0; n < 5001; n++) writeFileSync(path.join(work, "many", `${n}`), "");
  const { files: listed, truncated } = await files.list("1.1.1", "many");
  expect([listed.length, truncated]).toEqual([5000, true]);
});
