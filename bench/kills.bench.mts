/**
 * kill -9 of the pool server at random moments, through the command line, while four slots run short scripts that report and
 * checkpoint, and while trials are submitted, paused and resumed. Then the books must be right: see kills.audit.mts.
 * TRAINYARD_KILL_ROUNDS=30 does it longer. The pool folder is kept when something is wrong.
 */
import { mkdirSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { audit, processesLeft, type Trials } from "./kills.audit.mts";
import type { Measurements } from "./run.mts";
import { scratchPool, type Cli } from "./scratchPool.mts";
import { quantile, rounded } from "./statistics.mts";

const ROUNDS = Number(process.env.TRAINYARD_KILL_ROUNDS ?? 10);
const SLOTS = 4;
const STEPS = 150;
/** The server is killed between 0 and this long after a command has begun. */
const MOMENT_MS = 1500;
const START_MS = 800;
const END_MS = 180_000;

export async function run(): Promise<Measurements> {
  const scratch = await scratchPool({
    name: "kills",
    script: "bench/kills.train.py",
    configuration: "max_restarts: 5\n",
    slots: SLOTS,
  });
  const { folder, pool, cli, killServer } = scratch;
  const slots = path.join(folder, "slots");
  mkdirSync(slots);
  const submit = () => cli("submit", "train.py", "--yes", "--", slots, String(STEPS));

  const returnsMs: number[] = [];
  let kills = 0;
  let isRight = false;
  let interrupted = 0;
  try {
    await cli("pool", "status");
    for (let round = 0; round < ROUNDS; round++) {
      const commands = [submit(), submit(), anyTrial(cli, round % 2 === 0 ? "pause" : "resume")];
      const ends = Promise.allSettled(commands);
      await sleep(Math.random() * MOMENT_MS);
      if (killServer()) kills++;
      // Once more, while the next one takes over.
      const next = Promise.allSettled([cli("pool", "status")]);
      await sleep(Math.random() * START_MS);
      if (killServer()) kills++;
      for (const end of [...(await ends), ...(await next)]) if (end.status === "rejected") interrupted++;
      const since = performance.now();
      await cli("pool", "status");
      returnsMs.push(performance.now() - since);
    }
    const trials = await finish(cli);
    const found = await audit(cli, { pool, slots, scratch: path.join(folder, "restored") }, trials);
    if (found.problems.length > 0)
      throw new Error(
        `The books in ${folder} are wrong after ${kills} kills:\n  ${found.problems.join("\n  ")}`,
      );
    isRight = true;
    return {
      rounds: ROUNDS,
      kills,
      interrupted_commands: interrupted,
      ...found.counts,
      back_p50_ms: rounded(quantile(returnsMs, 0.5)),
      back_max_ms: rounded(Math.max(...returnsMs)),
    };
  } finally {
    await scratch.remove(isRight);
    for (const pid of isRight ? [] : processesLeft(pool)) process.kill(pid, "SIGKILL");
  }
}

async function anyTrial(cli: Cli, verb: "pause" | "resume"): Promise<unknown> {
  const { experiments } = await cli<{ experiments: { id: number; state: string }[] }>("list");
  const living = experiments.filter(({ state }) => state === (verb === "pause" ? "running" : "paused"));
  const chosen = living[Math.floor(Math.random() * living.length)];
  return chosen === undefined ? null : cli(verb, String(chosen.id));
}

/** Lets every trial go on to its end. */
async function finish(cli: Cli): Promise<Trials> {
  const until = Date.now() + END_MS;
  for (;;) {
    const { experiments } = await cli<{ experiments: { id: number; state: string }[] }>("list");
    for (const { id, state } of experiments) if (state === "paused") await cli("resume", String(id));
    if (experiments.every(({ state }) => ["completed", "failed"].includes(state)))
      return Promise.all(experiments.map(({ id }) => cli<Trials[number]>("show", String(id))));
    if (Date.now() > until)
      throw new Error(`After ${END_MS / 1000} s some have not ended: ${JSON.stringify(experiments)}`);
    await sleep(1000);
  }
}
