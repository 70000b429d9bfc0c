/** One client in a process of its own, so that its memory is its own.   usage: TASK AS JSON */
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { restoreCheckpoint } from "../../src/cluster/client/restore.ts";
import { submitExperiment } from "../../src/cluster/client/submit.ts";
import { DEVICE } from "../net/slowLink.mts";
import { connectSshPool, type SshPoolOptions } from "../../src/cluster/client/ssh/sshPool.ts";

export interface Task {
  pool: Pick<SshPoolOptions, "entry" | "stateFolder" | "dist">;
  /** A checkpoint to restore, and where to. */
  restore?: { uuid: string; destination: string; killAt?: number };
  /** So many calls, one after the other. */
  calls?: number;
  /** Submits this folder's `train.py` so often, each time with another line in it. */
  submit?: { folder: string; times: number };
  /** Subscribes, as the editor does before its tree is filled. */
  subscribe?: boolean;
}

export interface Told {
  connectMs: number;
  restoreMs: number;
  /** Fetched from the pool by this restore. */
  receivedBytes: number;
  /** The most that the process grew by while it restored. */
  grownBytes: number;
  callMs: number[];
  /** Over the link while it restored, with all that belongs to it; null without a slow link. */
  linkBytes: number | null;
  submits: { ms: number; linkBytes: number }[];
}

const task = JSON.parse(process.argv[2] ?? "") as Task;
const told: Told = {
  connectMs: 0,
  restoreMs: 0,
  receivedBytes: 0,
  grownBytes: 0,
  callMs: [],
  linkBytes: null,
  submits: [],
};
const startedMs = performance.now();
const connection = await connectSshPool({
  ...task.pool,
  client: { name: "bench", version: "0.0.0" },
  questions: { trustHostKey: () => Promise.resolve(true), secret: () => Promise.resolve(null) },
  memory: new Map(),
});
if (task.subscribe) await connection.call("subscribe", { after: null });
told.connectMs = performance.now() - startedMs;

if (task.restore) {
  const { killAt = Infinity, ...restore } = task.restore;
  const before = process.memoryUsage.rss();
  const watch = setInterval(() => {
    told.grownBytes = Math.max(told.grownBytes, process.memoryUsage.rss() - before);
  }, 20);
  let first: number | null = null;
  const beganMs = performance.now();
  const receivedBefore = overLink("rx");
  await restoreCheckpoint({
    ...restore,
    connection,
    onProgress: ({ phase, bytes, totalBytes }) => {
      if (phase === "verifying") return;
      first ??= bytes;
      told.receivedBytes = bytes - first;
      if (bytes >= killAt * totalBytes) {
        told.linkBytes = since(receivedBefore, "rx");
        process.stdout.write(JSON.stringify(told));
        process.kill(process.pid, "SIGKILL");
      }
    },
  });
  told.restoreMs = performance.now() - beganMs;
  told.linkBytes = since(receivedBefore, "rx");
  clearInterval(watch);
}
for (let call = 0; call < (task.calls ?? 0); call += 1) {
  const beganMs = performance.now();
  await connection
    .call("bulk/open", { type: "runFile", runId: "0.0.0", path: "none" })
    .catch(() => undefined);
  told.callMs.push(performance.now() - beganMs);
}
for (let submit = 0; submit < (task.submit?.times ?? 0); submit += 1) {
  const { folder } = task.submit ?? { folder: "" };
  writeFileSync(path.join(folder, "train.py"), `print(${submit})\n`);
  const before = overLink("tx");
  const beganMs = performance.now();
  await submitExperiment({
    connection,
    isRemote: true,
    stateFolder: task.pool.stateFolder,
    script: path.join(folder, "train.py"),
    folder,
    confirm: () => Promise.resolve("go"),
  });
  told.submits.push({ ms: performance.now() - beganMs, linkBytes: since(before, "tx") ?? NaN });
}
connection.close();
if (!process.stdout.write(JSON.stringify(told))) await once(process.stdout, "drain");
process.exit(0);

/** Bytes that the near end of the slow link has received or sent so far. */
function overLink(way: "rx" | "tx"): number | null {
  const file = `/sys/class/net/${DEVICE}/statistics/${way}_bytes`;
  return existsSync(file) ? Number(readFileSync(file, "utf8")) : null;
}
function since(before: number | null, way: "rx" | "tx"): number | null {
  return before === null ? null : (overLink(way) ?? NaN) - before;
}
