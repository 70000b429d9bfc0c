/**
 * kill -9 of the pool server, of supervisors and of scripts at random moments, while trials report and checkpoint, and while
 * more are submitted, paused and resumed. Then the books must be right: see audit.mts.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Cli, ScratchPool } from "../scratchPool.mts";
import { audit, type Trials } from "./audit.mts";
import { killOfRun, type Victim } from "./victims.mts";

const VICTIMS: readonly Victim[] = ["server", "supervisor", "script"];
/** A victim is killed between 0 and this long after the last one. */
const MOMENT_MS = 600;
/** Trials that come and go beside those that stay. */
const SHORT_STEPS = 60;
const END_MS = 180_000;

export interface KillsDone {
  kills: Record<Victim, number>;
  /** Commands that ended badly because the server was killed under them. */
  interrupted: number;
  /** From the kill of a server until the next one answers. */
  backMs: number[];
  problems: string[];
  counts: Record<string, number>;
}

/** @param options.killsOfEach script, supervisor and server @param options.trials that run all the while @param options.restored checkpoints, at the end */
export async function killLoop(
  { folder, pool, cli, killServer }: ScratchPool,
  { killsOfEach, trials, restored }: { killsOfEach: number; trials: number; restored: number },
): Promise<KillsDone> {
  const slots = path.join(folder, "slots");
  mkdirSync(slots);
  const submit = () => cli("submit", "train.py", "--yes", "--", slots, String(SHORT_STEPS));
  const kills: Record<Victim, number> = { server: 0, supervisor: 0, script: 0 };
  const backMs: number[] = [];
  let interrupted = 0;
  const commands: Promise<unknown>[] = [];
  /** What is asked of the pool meanwhile may be cut off: that is the point. */
  const meanwhile = (command: Promise<unknown>): void => {
    commands.push(command.catch(() => interrupted++));
  };

  for (let trial = 0; trial < trials; trial++) await submit();
  for (let done = 0; done < killsOfEach * VICTIMS.length;) {
    const victim = VICTIMS[done % VICTIMS.length] ?? "server";
    if (victim === "server") meanwhile(done % 2 === 0 ? submit() : pauseOne(cli));
    else if (done % 4 === 0) meanwhile(resumeAll(cli));
    await sleep(Math.random() * MOMENT_MS);
    if (!(victim === "server" ? killServer() : killOfRun(pool, victim))) continue;
    kills[victim]++;
    done++;
    if (victim !== "server") continue;
    const since = performance.now();
    await cli("pool", "status");
    backMs.push(performance.now() - since);
  }
  await Promise.all(commands);
  writeFileSync(path.join(slots, "finish"), "");
  const found = await audit(
    cli,
    { pool, slots, restore: { into: path.join(folder, "restored"), most: restored } },
    await finish(cli),
  );
  return { kills, interrupted, backMs, ...found };
}

async function pauseOne(cli: Cli): Promise<void> {
  const { experiments } = await cli<{ experiments: { id: number; state: string }[] }>("list");
  const running = experiments.filter(({ state }) => state === "running");
  const chosen = running[Math.floor(Math.random() * running.length)];
  if (chosen !== undefined) await cli("pause", String(chosen.id));
}

async function resumeAll(cli: Cli): Promise<void> {
  const { experiments } = await cli<{ experiments: { id: number; state: string }[] }>("list");
  for (const { id, state } of experiments) if (state === "paused") await cli("resume", String(id));
}

/** Lets every trial go on to its end. */
async function finish(cli: Cli): Promise<Trials> {
  const until = Date.now() + END_MS;
  for (;;) {
    await resumeAll(cli);
    const { experiments } = await cli<{ experiments: { id: number; state: string }[] }>("list");
    if (experiments.every(({ state }) => ["completed", "failed"].includes(state)))
      return Promise.all(experiments.map(({ id }) => cli<Trials[number]>("show", String(id))));
    if (Date.now() > until)
      throw new Error(`After ${END_MS / 1000} s some have not ended: ${JSON.stringify(experiments)}`);
    await sleep(1000);
  }
}
