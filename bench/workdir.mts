/**
 * How long a run waits for its working tree: a tree of 20,000 files and 200 MB, one file changed.
 * `node bench/workdir.mts [--files N] [--json]`; run it as an ordinary account, as root copies instead of linking.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import { parseArgs } from "node:util";
import { createSnapshotStore } from "../src/cluster/server/trees/snapshotStore.ts";

const { values } = parseArgs({
  options: { files: { type: "string", default: "20000" }, json: { type: "boolean", default: false } },
});
const count = Number(values.files);
const root = mkdtempSync(path.join(tmpdir(), "trainyard-bench-"));
const [source, pool] = [path.join(root, "source"), path.join(root, "pool")];
const git = (args: string[], input?: string): Buffer =>
  execFileSync("git", args, { cwd: source, input, maxBuffer: 1 << 30 });
const logger = { info: () => undefined, warn: console.warn, error: console.error };
const store = createSnapshotStore(pool, logger);
const results: Record<string, number> = {};

async function timed<T>(name: string, work: () => Promise<T>): Promise<T> {
  const start = performance.now();
  const value = await work();
  results[name] = Math.round((performance.now() - start) * 10) / 10;
  if (!values.json) console.log(`${name.padEnd(28)} ${results[name]} ms`);
  return value;
}

async function send(base: string | null): Promise<string> {
  git(["add", "--all"]);
  const tree = git(["write-tree"]).toString().trim();
  const pack = git(
    ["pack-objects", "--revs", "--stdout", "-q"],
    base === null ? `${tree}\n` : `${tree}\n^${base}\n`,
  );
  const name = base === null ? "receive_first_ms" : "receive_changed_ms";
  await timed(name, () =>
    store.receivePack(tree, Readable.from([pack], { objectMode: false }), new AbortController().signal),
  );
  return tree;
}
const run = (name: string): string => path.join(pool, "runs", name, "work");
const quiet = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 3500));

try {
  mkdirSync(source, { recursive: true });
  git(["init", "--quiet"]);
  const bytes = Math.round(200_000_000 / 20_000);
  for (let n = 0; n < count; n++) {
    const folder = path.join(source, `d${Math.floor(n / 200)}`, `s${Math.floor(n / 20) % 10}`);
    if (n % 20 === 0) mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, `f${n}.py`), `# ${n}\n`.repeat(Math.ceil(bytes / 8)).slice(0, bytes));
  }
  const first = await send(null);
  await timed("first_ms", () => store.buildWork(first, run("1.1.1"), []));
  writeFileSync(path.join(source, "d0/s0/f0.py"), "changed\n");
  const second = await send(first);
  await timed("changed_cold_ms", () => store.buildWork(second, run("2.1.1"), []));
  await timed("same_tree_ms", () => store.buildWork(second, run("2.2.1"), []));
  await quiet();
  await store.close();
  writeFileSync(path.join(source, "d0/s0/f0.py"), "changed again\n");
  const third = await send(second);
  await timed("changed_ms", () => store.buildWork(third, run("3.1.1"), []));
  await timed("prune_ms", () => store.prune(third, run("3.1.1")));
  if (values.json) console.log(JSON.stringify({ bench: "workdir", files: count, ...results }));
} finally {
  await store.close();
  rmSync(root, { recursive: true, force: true });
}
