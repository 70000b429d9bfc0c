/**
 * kill -9 of the pool server, of a supervisor or of a script, at random moments during a search whose trials pause at
 * rungs and are promoted, on four slots. Then nothing may have been decided twice, started twice or forgotten: as many trials
 * as were to be, with the hyperparameters that the seed gives, each at its end; and the books are right (kills/audit.mts).
 * TRAINYARD_KILLS=100 does it longer. The pool folder is kept when something is wrong.
 */
import { mkdirSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { audit, processesLeft, type Trials } from "./kills/audit.mts";
import { killOfRun, type Victim } from "./kills/victims.mts";
import type { Measurements } from "./run.mts";
import { scratchPool, untilEnded, type Cli } from "./scratchPool.mts";

const KILLS = Number(process.env.TRAINYARD_KILLS ?? 30);
const TRIALS = 27;
const STEPS = 90;
const MOMENT_MS = 1000;
const END_MS = 300_000;
const CONFIGURATION = `
max_restarts: 1000
hyperparameters: {x: {type: double, minval: 0, maxval: 1}}
reproducibility: {experiment_seed: 42}
searcher: {name: async_halving, metric: score, max_trials: ${TRIALS}, max_concurrent_trials: 6, num_rungs: 3,
  max_time: ${STEPS}, time_metric: seen, divisor: 3, stop_once: false}
`;
type Shown = Omit<Trials[number], "trials"> & {
  trials: (Trials[number]["trials"][number] & { hyperparameters: unknown })[];
};

export async function run(): Promise<Measurements> {
  const scratch = await scratchPool({
    name: "kills-search",
    script: "bench/kills-search.train.py",
    configuration: CONFIGURATION,
    slots: 4,
  });
  const { folder, pool, cli, killServer } = scratch;
  const slots = path.join(folder, "slots");
  mkdirSync(slots);
  const kills: Record<Victim, number> = { server: 0, supervisor: 0, script: 0 };
  let isRight = false;
  try {
    const { experimentId } = await cli<{ experimentId: number }>(
      ...["submit", "train.py", "--yes", "--", slots, String(STEPS)],
    );
    for (let done = 0; done < KILLS;) {
      await sleep(Math.random() * MOMENT_MS);
      const victim = (["server", "supervisor", "script"] as const)[done % 3] ?? "server";
      if (victim === "server" ? killServer() : killOfRun(pool, victim)) {
        kills[victim]++;
        done++;
      } else if (victim !== "server" && (await hasEnded(cli, experimentId))) break;
      if (victim === "server") await cli("pool", "status"); // the next one takes over
    }
    await untilEnded(cli, experimentId, END_MS);
    const shown = await cli<Shown>("show", String(experimentId));
    const found = await audit(cli, { pool, slots, restore: null }, [shown], ["completed", "stopped"]);
    found.problems.push(...(await searchProblems(cli, shown.trials)));
    if (found.problems.length > 0)
      throw new Error(`The books in ${folder} are wrong:\n  ${found.problems.join("\n  ")}`);
    isRight = true;
    return {
      kills_of_server: kills.server,
      kills_of_supervisor: kills.supervisor,
      kills_of_script: kills.script,
      ...found.counts,
      trials_to_the_top: shown.trials.filter(({ latestStep }) => latestStep === STEPS - 1).length,
    };
  } finally {
    await scratch.remove(isRight);
    for (const pid of isRight ? [] : processesLeft(pool)) process.kill(pid, "SIGKILL");
  }
}

async function hasEnded(cli: Cli, experimentId: number): Promise<boolean> {
  const { experiment } = await cli<{ experiment: { endedAt: number | null } }>("show", String(experimentId));
  return experiment.endedAt !== null;
}

/** What the seed gives is known without a pool. */
async function searchProblems(
  cli: Cli,
  trials: readonly { id: string; hyperparameters: unknown }[],
): Promise<string[]> {
  const preview = await cli<{ trials: { hyperparameters: unknown }[] }>(
    ...["preview", "train.yaml", "--trials", String(TRIALS)],
  );
  const [meant, made] = [preview.trials, trials].map((some) =>
    some.map(({ hyperparameters }) => JSON.stringify(hyperparameters)),
  );
  return JSON.stringify(meant) === JSON.stringify(made)
    ? []
    : [`the search made ${trials.length} trials, ${TRIALS} of the seed were to be made: ${String(made)}`];
}
