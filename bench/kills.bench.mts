/**
 * 100 kills each of script, supervisor and server, at random moments, with 8 trials: kills/loop.mts. TRAINYARD_KILL_ROUNDS=10
 * does it shorter. The pool folder is kept when something is wrong.
 */
import { processesLeft } from "./kills/audit.mts";
import { killLoop } from "./kills/loop.mts";
import type { Measurements } from "./run.mts";
import { scratchPool } from "./scratchPool.mts";
import { quantile, rounded } from "./statistics.mts";

const ROUNDS = Number(process.env.TRAINYARD_KILL_ROUNDS ?? 100);
const TRIALS = 8;

export async function run(): Promise<Measurements> {
  const scratch = await scratchPool({
    name: "kills",
    script: "bench/kills/train.py",
    configuration: "max_restarts: 1000\n",
    slots: TRIALS,
  });
  let isRight = false;
  try {
    const { kills, interrupted, backMs, problems, counts } = await killLoop(scratch, {
      killsOfEach: ROUNDS,
      trials: TRIALS,
      restored: 20,
    });
    if (problems.length > 0)
      throw new Error(`The books in ${scratch.folder} are wrong:\n  ${problems.join("\n  ")}`);
    isRight = true;
    return {
      kills_of_server: kills.server,
      kills_of_supervisor: kills.supervisor,
      kills_of_script: kills.script,
      interrupted_commands: interrupted,
      ...counts,
      back_p50_ms: rounded(quantile(backMs, 0.5)),
      back_max_ms: rounded(Math.max(...backMs)),
    };
  } finally {
    await scratch.remove(isRight);
    for (const pid of isRight ? [] : processesLeft(scratch.pool)) process.kill(pid, "SIGKILL");
  }
}
