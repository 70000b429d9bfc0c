/** The loops of bench/kills and bench/leases, short: real servers, supervisors and scripts, killed at random moments. */
import { chmodSync, cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { buildSync } from "esbuild";
import { beforeAll, expect, test } from "vitest";
import { processesLeft } from "../../../bench/kills/audit.mts";
import { killLoop } from "../../../bench/kills/loop.mts";
import { makeAccount } from "../../../bench/leases/accounts.mts";
import { leaseLoop, slotsFolder } from "../../../bench/leases/loop.mts";
import { scratchPool, type ScratchPool } from "../../../bench/scratchPool.mts";

const ROOT = path.resolve(import.meta.dirname, "../../..");
const programs = mkdtempSync(path.join(tmpdir(), "trainyard-programs-"));

beforeAll(() => {
  chmodSync(programs, 0o755); // another account runs them, too
  buildSync({
    entryPoints: {
      cli: path.join(ROOT, "src/cluster/cli/main.ts"),
      server: path.join(ROOT, "src/cluster/server/main.ts"),
    },
    ...{ bundle: true, platform: "node", format: "cjs", outdir: programs, logLevel: "error" },
    external: ["ssh2"],
  });
  cpSync(path.join(ROOT, "src/cluster/python/trainyard"), path.join(programs, "python/trainyard"), {
    recursive: true,
  });
  return () => rmSync(programs, { recursive: true, force: true });
});

async function remove(pools: readonly ScratchPool[]): Promise<void> {
  for (const pool of pools) {
    await pool.remove(false);
    for (const pid of processesLeft(pool.pool)) process.kill(pid, "SIGKILL");
    rmSync(pool.folder, { recursive: true, force: true });
  }
}

test("five kills each of server, supervisor and script: the books are right", async () => {
  const scratch = await scratchPool({
    name: "kill-loop",
    script: "bench/kills/train.py",
    configuration: "max_restarts: 1000\n",
    slots: 4,
    programs,
  });
  try {
    const done = await killLoop(scratch, { killsOfEach: 5, trials: 4, restored: 3 });
    expect(done.problems).toEqual([]);
    expect(done.kills).toEqual({ server: 5, supervisor: 5, script: 5 });
    expect(done.counts.reports_returned).toBeGreaterThan(100);
    expect(done.counts.checkpoints).toBeGreaterThan(0);
  } finally {
    await remove([scratch]);
  }
}, 120_000);

test("two accounts (as root; else two pools of one) never have one slot at once, whoever is killed", async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "trainyard-lease-loop-"));
  chmodSync(folder, 0o1777);
  const accounts = [makeAccount("c"), makeAccount("d")];
  const pools: ScratchPool[] = [];
  try {
    const slots = slotsFolder(folder, 2);
    for (const account of accounts)
      pools.push(
        await scratchPool({
          name: "lease-loop",
          script: "bench/leases/train.py",
          configuration:
            "max_restarts: 1000\nhyperparameters: {x: {type: double, minval: 0, maxval: 1}}\nsearcher: {name: random, metric: loss, max_trials: 5}\n",
          slots: 2,
          programs,
          account,
          leases: path.join(folder, "leases"),
        }),
      );
    const done = await leaseLoop(pools, { slots, kills: 5 });
    expect(done).toMatchObject({ overlaps: [], processesLeft: 0, ended: 10 });
    expect(done.uses).toBeGreaterThanOrEqual(10);
    expect(done.accounts).toBe(accounts[0] === null ? 1 : 2);
  } finally {
    await remove(pools);
    for (const account of accounts) account?.remove();
    rmSync(folder, { recursive: true, force: true });
  }
}, 120_000);
