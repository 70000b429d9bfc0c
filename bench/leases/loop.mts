/**
 * Two accounts with a pool each share the slots of one machine, while scripts, supervisors and servers of both are killed at
 * random moments. No two process trees may ever have one slot.
 */
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { processesLeft } from "../kills/audit.mts";
import { killOfRun, type Victim } from "../kills/victims.mts";
import type { ScratchPool } from "../scratchPool.mts";

/** While a server is away nobody starts anything, so it is not killed as often. */
const VICTIMS: readonly Victim[] = ["script", "supervisor", "script", "supervisor", "server"];
const MOMENT_MS = 500;
const END_MS = 450_000;
const LEAVE_MS = 5000;

export interface LeasesDone {
  kills: Record<Victim, number>;
  /** Pairs of trees that had one slot at one time. */
  overlaps: string[];
  /** Runs that got as far as to use their slot. */
  uses: number;
  /** Of different accounts. */
  accounts: number;
  processesLeft: number;
  /** Trials that have come to an end: completed, or lost three times in a row by kills. */
  ended: number;
}

/** A folder where scripts of every account note what they see of the slots. */
export function slotsFolder(parent: string, slots: number): string {
  const folder = path.join(parent, "slots");
  mkdirSync(folder);
  for (let slot = 0; slot < slots; slot++) writeFileSync(path.join(folder, `cpu-${slot}`), "");
  for (const file of ["used", "shared"]) writeFileSync(path.join(folder, file), "");
  for (const file of ["used", "shared", ...Array.from({ length: slots }, (_, slot) => `cpu-${slot}`)])
    chmodSync(path.join(folder, file), 0o666);
  chmodSync(folder, 0o755);
  return folder;
}

/** @param options.kills at most so many of each kind; the trials of each pool are its configuration's `max_trials` */
export async function leaseLoop(
  pools: readonly ScratchPool[],
  { slots, kills: wanted }: { slots: string; kills: number },
): Promise<LeasesDone> {
  const kills: Record<Victim, number> = { script: 0, supervisor: 0, server: 0 };
  const ids = await Promise.all(
    pools.map(async ({ cli }) => {
      const { experimentId } = await cli<{ experimentId: number }>(
        "submit",
        "train.py",
        "--yes",
        "--",
        slots,
      );
      return experimentId;
    }),
  );
  const until = Date.now() + END_MS;
  let areRunning = true;
  const killing = (async () => {
    for (let turn = 0; areRunning; turn++) {
      await sleep(Math.random() * MOMENT_MS);
      const pool = pools[turn % pools.length];
      const victim = VICTIMS[Math.floor(turn / pools.length) % VICTIMS.length];
      if (pool === undefined || victim === undefined || kills[victim] >= wanted) continue;
      if (victim === "server" ? pool.killServer() : killOfRun(pool.pool, victim)) kills[victim]++;
    }
  })();
  try {
    const shown = await Promise.all(pools.map((pool, index) => ended(pool, ids[index] ?? 0, until)));
    areRunning = false;
    await killing;
    let left = pools.flatMap(({ pool }) => processesLeft(pool));
    for (const end = Date.now() + LEAVE_MS; left.length > 0 && Date.now() < end; await sleep(100))
      left = pools.flatMap(({ pool }) => processesLeft(pool));
    const uses = linesOf(path.join(slots, "used"));
    return {
      kills,
      overlaps: linesOf(path.join(slots, "shared")),
      uses: uses.length,
      accounts: new Set(uses.map((line) => line.split(" ").at(-1))).size,
      processesLeft: left.length,
      ended: shown.reduce((sum, count) => sum + count, 0),
    };
  } finally {
    areRunning = false;
    await killing;
  }
}

/** @returns how many trials have ended; a server that was killed under the question is asked again */
async function ended({ cli }: ScratchPool, experimentId: number, until: number): Promise<number> {
  for (;;) {
    const shown = await cli<{ experiment: { endedAt: number | null }; trials: { state: string }[] }>(
      ...["show", String(experimentId)],
    ).catch(() => null);
    if (shown !== null && shown.experiment.endedAt !== null)
      return shown.trials.filter(({ state }) => ["completed", "failed"].includes(state)).length;
    if (Date.now() > until) throw new Error(`experiment ${experimentId} has not ended in ${END_MS / 1000} s`);
    await sleep(500);
  }
}

function linesOf(file: string): string[] {
  return existsSync(file)
    ? readFileSync(file, "utf8")
        .split("\n")
        .filter((line) => line !== "")
    : [];
}
