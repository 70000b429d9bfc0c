// How long a run waits for its working tree: 20,000 files, 200 MB, one file changed. As root it copies instead of linking.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import { createSnapshotStore } from "../src/cluster/server/trees/snapshotStore.ts";
import type { Measurements } from "./run.mts";

const FILES = 20_000;
const FILE_BYTES = 10_000;
/** Longer than the store waits before it makes the next working tree ready. */
const QUIET_MS = 3500;

export async function run(): Promise<Measurements> {
  const root = mkdtempSync(path.join(tmpdir(), "trainyard-bench-"));
  const [source, pool] = [path.join(root, "source"), path.join(root, "pool")];
  const store = createSnapshotStore(pool, {
    info: () => undefined,
    warn: console.warn,
    error: console.error,
  });
  const results: Record<string, number> = {};
  const git = (args: string[], input?: string): Buffer =>
    execFileSync("git", args, { cwd: source, input, maxBuffer: 1 << 30 });
  const work = (name: string): string => path.join(pool, "runs", name, "work");

  async function timed(name: string, task: () => Promise<void>): Promise<void> {
    const start = performance.now();
    await task();
    results[name] = Math.round((performance.now() - start) * 10) / 10;
  }
  async function send(name: string, base: string | null): Promise<string> {
    git(["add", "--all"]);
    const tree = git(["write-tree"]).toString().trim();
    const revisions = base === null ? `${tree}\n` : `${tree}\n^${base}\n`;
    const pack = git(["pack-objects", "--revs", "--stdout", "-q"], revisions);
    const body = Readable.from([pack], { objectMode: false });
    await timed(name, () => store.receivePack(tree, body, new AbortController().signal));
    return tree;
  }

  try {
    writeFiles(source);
    git(["init", "--quiet"]);
    const first = await send("receive_first_ms", null);
    await timed("first_ms", () => store.buildWork(first, work("1.1.1"), []));
    writeFileSync(path.join(source, "d0/s0/f0.py"), "changed\n");
    const second = await send("receive_cold_ms", first);
    await timed("changed_cold_ms", () => store.buildWork(second, work("2.1.1"), []));
    await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
    await store.close();
    writeFileSync(path.join(source, "d0/s0/f0.py"), "changed again\n");
    const third = await send("receive_ms", second);
    await timed("changed_ms", () => store.buildWork(third, work("3.1.1"), []));
    await timed("prune_ms", () => store.prune(third, work("3.1.1")));
    return results;
  } finally {
    await store.close();
    rmSync(root, { recursive: true, force: true });
  }
}

function writeFiles(folder: string): void {
  for (let n = 0; n < FILES; n++) {
    const inner = path.join(folder, `d${Math.floor(n / 200)}`, `s${Math.floor(n / 20) % 10}`);
    if (n % 20 === 0) mkdirSync(inner, { recursive: true });
    writeFileSync(path.join(inner, `f${n}.py`), `# ${n}\n`.repeat(FILE_BYTES / 4).slice(0, FILE_BYTES));
  }
}
