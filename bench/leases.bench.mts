/**
 * Two accounts (as root; else two pool folders of one account) with a pool each, 4 slots, 200 trials, and kills at random moments:
 * leases/loop.mts. TRAINYARD_LEASE_TRIALS=20 does it shorter. The folder is kept when something is wrong.
 */
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { makeAccount } from "./leases/accounts.mts";
import { leaseLoop, slotsFolder } from "./leases/loop.mts";
import type { Measurements } from "./run.mts";
import { buildPrograms, scratchPool, type ScratchPool } from "./scratchPool.mts";

const TRIALS = Number(process.env.TRAINYARD_LEASE_TRIALS ?? 200);
const SLOTS = 4;

export async function run(): Promise<Measurements> {
  const programs = await buildPrograms();
  const folder = mkdtempSync(path.join(tmpdir(), "trainyard-leases-bench-"));
  chmodSync(folder, 0o1777); // as /tmp, where the first account makes the folder of the leases
  const slots = slotsFolder(folder, SLOTS);
  const accounts = [makeAccount("a"), makeAccount("b")];
  const pools: ScratchPool[] = [];
  let isRight = false;
  try {
    for (const account of accounts)
      pools.push(
        await scratchPool({
          name: "leases",
          script: "bench/leases/train.py",
          configuration: `max_restarts: 1000\nhyperparameters: {x: {type: double, minval: 0, maxval: 1}}\nsearcher: {name: random, metric: loss, max_trials: ${TRIALS / 2}}\n`,
          slots: SLOTS,
          programs,
          account,
          leases: path.join(folder, "leases"),
        }),
      );
    const done = await leaseLoop(pools, { slots, kills: 100 });
    isRight = done.overlaps.length === 0 && done.processesLeft === 0 && done.ended === TRIALS;
    if (!isRight) throw new Error(`Not right in ${folder}: ${JSON.stringify(done)}`);
    return {
      accounts: done.accounts,
      trials: done.ended,
      uses_of_slots: done.uses,
      kills_of_server: done.kills.server,
      kills_of_supervisor: done.kills.supervisor,
      kills_of_script: done.kills.script,
      overlaps: done.overlaps.length,
      processes_left: done.processesLeft,
    };
  } finally {
    for (const pool of pools) await pool.remove(isRight);
    for (const account of accounts) account?.remove();
    if (isRight) rmSync(folder, { recursive: true, force: true });
  }
}
