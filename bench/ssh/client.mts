/** One client in a process of its own, so that its memory is its own.   usage: TASK AS JSON */
import { once } from "node:events";
import { restoreCheckpoint } from "../../src/cluster/client/restore.ts";
import { connectSshPool, type SshPoolOptions } from "../../src/cluster/client/ssh/sshPool.ts";

export interface Task {
  pool: Pick<SshPoolOptions, "entry" | "stateFolder" | "dist">;
  /** A checkpoint to restore, and where to. */
  restore?: { uuid: string; destination: string; killAt?: number };
  /** So many calls, one after the other. */
  calls?: number;
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
}

const task = JSON.parse(process.argv[2] ?? "") as Task;
const told: Told = { connectMs: 0, restoreMs: 0, receivedBytes: 0, grownBytes: 0, callMs: [] };
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
  await restoreCheckpoint({
    ...restore,
    connection,
    onProgress: ({ phase, bytes, totalBytes }) => {
      if (phase === "verifying") return;
      first ??= bytes;
      told.receivedBytes = bytes - first;
      if (bytes >= killAt * totalBytes) {
        process.stdout.write(JSON.stringify(told));
        process.kill(process.pid, "SIGKILL");
      }
    },
  });
  told.restoreMs = performance.now() - beganMs;
  clearInterval(watch);
}
for (let call = 0; call < (task.calls ?? 0); call += 1) {
  const beganMs = performance.now();
  await connection
    .call("bulk/open", { type: "runFile", runId: "0.0.0", path: "none" })
    .catch(() => undefined);
  told.callMs.push(performance.now() - beganMs);
}
connection.close();
if (!process.stdout.write(JSON.stringify(told))) await once(process.stdout, "drain");
process.exit(0);
