/** Sends a snapshot to a pool: only what the pool lacks, as one pack. */
import { once } from "node:events";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { PoolCalls } from "../poolCalls.ts";
import { UserError } from "../userError.ts";
import { changeMemory, readMemory } from "./memory.ts";
import type { WrittenSnapshot } from "./write.ts";

/** Trees that are remembered for a pool, newest first: the difference from one of them is sent. */
const BASES = 5;
/** The pool checks and files what it got; gigabytes take their time. */
const FINISH_TIMEOUT_MS = 600_000;
const TELL_EVERY_MS = 250;

export interface PushOptions {
  signal?: AbortSignal | undefined;
  /** Told now and then how many bytes were sent so far. */
  onSent?: ((bytes: number) => void) | undefined;
}

/** @returns bytes that were sent; 0 when the pool had the tree */
export async function pushSnapshot(
  pool: PoolCalls,
  snapshot: WrittenSnapshot,
  options: PushOptions = {},
): Promise<{ sentBytes: number }> {
  const { signal } = options;
  const { places } = snapshot.plan.work;
  const { tree, plan } = snapshot;
  const { root } = plan;
  const known = (await readMemory(places.memory, root)).pushed[pool.pool.id] ?? [];
  const begun = await pool.call("snapshot/begin", { tree, bases: known }, { signal });
  let sentBytes = 0;
  if (!begun.present) {
    if (begun.ticket === null)
      throw new UserError("The pool neither has the snapshot nor takes it.", "Update the pool's server.");
    sentBytes = await sendPack(pool, begun.ticket, snapshot, begun.bases[0] ?? null, options);
    const patience = { signal, timeoutMs: FINISH_TIMEOUT_MS };
    await pool.call("snapshot/finish", { tree, ticket: begun.ticket }, patience);
  }
  if (known[0] !== tree)
    await changeMemory(places.memory, root, (memory) => {
      const before = memory.pushed[pool.pool.id] ?? [];
      memory.pushed[pool.pool.id] = [tree, ...before.filter((other) => other !== tree)].slice(0, BASES);
    });
  // Nobody waits for it, and nothing depends on it.
  plan.work.shadow.maintain().catch(() => undefined);
  return { sentBytes };
}

async function sendPack(
  pool: PoolCalls,
  ticket: string,
  snapshot: WrittenSnapshot,
  base: string | null,
  { signal, onSent }: PushOptions,
): Promise<number> {
  const { shadow } = snapshot.plan.work;
  // The private repository may have been built anew since the base was sent: then everything is sent.
  const child = await shadow.pack(snapshot.tree, base, signal).catch((error: unknown) => {
    signal?.throwIfAborted();
    if (base === null) throw error;
    return shadow.pack(snapshot.tree, null, signal);
  });
  let sentBytes = 0;
  let toldAt = performance.now();
  let stderr = "";
  const body = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      sentBytes += chunk.length;
      const now = performance.now();
      if (now - toldAt > TELL_EVERY_MS) {
        toldAt = now;
        onSent?.(sentBytes);
      }
      done(null, chunk);
    },
  });
  // Joined at once: what nobody reads when a process ends is dropped, and a line to the pool may take longer than git.
  pipeline(child.stdout ?? Readable.from([]), body).catch(() => undefined); // `failed` and the transfer tell
  child.stderr?.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  const ended = once(child, "close") as Promise<[number | null]>;
  const failed = ended.then(([code]) => {
    if (code !== 0) throw new Error(`The snapshot could not be packed: ${stderr.trim() || "git failed"}`);
  });
  failed.catch(() => undefined);
  try {
    await Promise.all([pool.bulkPut(ticket, body, signal), failed]);
  } finally {
    if (child.exitCode === null) child.kill();
  }
  return sentBytes;
}
