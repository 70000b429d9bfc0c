/** Takes everything of Trainyard off a pool's host: its trials, its server, its folder. */
import { setTimeout as sleep } from "node:timers/promises";
import type { PoolConnection } from "../connection.ts";
import { readExperiments } from "../readExperiment.ts";
import { PoolCallError } from "../poolCallError.ts";
import { messageOf, UserError } from "../userError.ts";
import type { OpenPoolOptions } from "./openPool.ts";
import { addPool, type PoolEntry, removePool } from "./poolList.ts";
import { openPlace, type Place } from "./purgePlace.ts";

/** A killed trial's processes end at once; what does not end in this time hangs in the kernel. */
const KILL_MS = 60_000;
const POLL_MS = 100;
/** In this time the editor's windows see that the pool is in the list no more, and let go of it. */
const LET_GO_MS = 1000;
/** A server that was asked to end closes its connections within this time, or is left to itself. */
const STOP_MS = 10_000;

/** What would go. */
export interface PoolContents {
  /** On the pool's host. */
  folder: string;
  /** Null where it takes too long to count. */
  bytes: number | null;
  experiments: number;
  /** Trials that wait or train: they are killed. */
  living: number;
}

export interface Purged {
  /** Null where there was nothing. */
  contents: PoolContents | null;
  /** What was not Trainyard's and so is still in the folder; null when nothing is. */
  left: string | null;
}

/**
 * Also forgets the pool, first of all: a window that still had it in its list would start its server again.
 * @param confirm not asked where there is nothing
 * @returns null when the answer was no, and everything is as it was
 * @throws UserError, or the signal's reason; the pool is then in the list as before
 */
export async function purgePool(
  entry: PoolEntry,
  options: OpenPoolOptions,
  confirm: (contents: PoolContents) => Promise<boolean>,
): Promise<Purged | null> {
  return purgeAt(await openPlace(entry, options), entry, options, confirm);
}

/** The same at a place that was reached already, which is closed at the end. */
export async function purgeAt(
  place: Place,
  entry: PoolEntry,
  { ssh: { stateFolder, signal } }: OpenPoolOptions,
  confirm: (contents: PoolContents) => Promise<boolean>,
): Promise<Purged | null> {
  try {
    const found = await place.survey();
    if (!found.isThere) {
      await removePool(stateFolder, entry.name);
      return { contents: null, left: null };
    }
    const pool = found.hasServed ? await connectTo(place, entry, found.home) : null;
    try {
      const contents = { folder: found.home, bytes: found.bytes, ...(await countIn(pool)) };
      signal?.throwIfAborted();
      if (!(await confirm(contents))) return null;
      await removePool(stateFolder, entry.name);
      try {
        if (pool !== null) {
          await sleep(LET_GO_MS, undefined, signal ? { signal } : {});
          await endTrials(pool, entry.name);
          await endServer(pool);
        }
        return { contents, left: await place.remove(found.home) };
      } catch (error) {
        await addPool(stateFolder, entry);
        throw error;
      }
    } finally {
      pool?.close();
    }
  } finally {
    place.close();
  }
}

/** Without its server nobody knows what trains there, so nothing is removed. */
async function connectTo(place: Place, { name }: PoolEntry, home: string): Promise<PoolConnection> {
  try {
    return await place.connect();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(
      `Nothing was removed from ${name}: its server does not start, so nobody knows what trains there. ${messageOf(error)}`,
      `${error.remedy ?? ""} Or delete ${home} there by hand.`.trim(),
      { cause: error },
    );
  }
}

/** A folder that no server ever ran in has neither. */
async function countIn(pool: PoolConnection | null): Promise<Pick<PoolContents, "experiments" | "living">> {
  if (pool === null) return { experiments: 0, living: 0 };
  const [{ total }, living] = await Promise.all([pool.call("experiment/page", { limit: 1 }), livingIn(pool)]);
  return { experiments: total, living };
}

async function livingIn(pool: PoolConnection): Promise<number> {
  const { running, waiting } = await pool.call("pool/status", {});
  return running + waiting;
}

/** What trains would write into the folder while it is taken away. */
async function endTrials(pool: PoolConnection, name: string): Promise<void> {
  const { experiments } = await readExperiments(pool, {}, null);
  for (const { id, state } of experiments)
    if (state === "waiting" || state === "running")
      await pool.call("trial/kill", { experimentId: id }).catch((error: unknown) => {
        // It has ended meanwhile.
        if (!(error instanceof PoolCallError && error.reason === "refused")) throw error;
      });
  for (const deadline = Date.now() + KILL_MS; ; await sleep(POLL_MS)) {
    const living = await livingIn(pool);
    if (living === 0) return;
    if (Date.now() > deadline)
      throw new UserError(
        `${living} killed trials on ${name} do not end, so nothing was removed.`,
        "Their processes hang; end them on the host, and try again.",
      );
  }
}

async function endServer(pool: PoolConnection): Promise<void> {
  const ended = new Promise<void>((resolve) => pool.onClosed(() => resolve()));
  await pool.call("server/stop", {});
  await Promise.race([ended, sleep(STOP_MS, undefined, { ref: false })]);
}
