/**
 * kill -9 of the pool server at random moments, through the command line, while four slots run short scripts that report and
 * checkpoint, and while trials are submitted, paused and resumed. Then the books must be right: see kills.audit.mts.
 * TRAINYARD_KILL_ROUNDS=30 does it longer. The pool folder is kept when something is wrong.
 */
import { execFile } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { setTimeout as sleep } from "node:timers/promises";
import { cleanEnvironment, must } from "../scripts/lib/command.mts";
import { dist, root } from "../scripts/lib/paths.mts";
import { audit, processesLeft, type Cli, type Trials } from "./kills.audit.mts";
import type { Measurements } from "./run.mts";
import { quantile, rounded } from "./statistics.mts";

const execute = promisify(execFile);
const ROUNDS = Number(process.env.TRAINYARD_KILL_ROUNDS ?? 10);
const SLOTS = 4;
const STEPS = 150;
/** The server is killed between 0 and this long after a command has begun. */
const MOMENT_MS = 1500;
const START_MS = 800;
const COMMAND_MS = 60_000;
const END_MS = 180_000;

export async function run(): Promise<Measurements> {
  await must("The build", process.execPath, [path.join(root, "scripts/build.mts")], {
    cwd: root,
    timeoutMs: 120_000,
  });
  const folder = mkdtempSync(path.join(tmpdir(), "trainyard-kills-"));
  const pool = path.join(folder, "pool");
  const project = path.join(folder, "project");
  const slots = path.join(folder, "slots");
  for (const each of [project, slots]) mkdirSync(each);
  copyFileSync(path.join(root, "bench/kills.train.py"), path.join(project, "train.py"));
  writeFileSync(path.join(project, "train.yaml"), "max_restarts: 5\n");
  const env = cleanEnvironment({
    TRAINYARD_HOME: pool,
    TRAINYARD_LEASES: path.join(folder, "leases"),
    TRAINYARD_STATE: path.join(folder, "state"),
    TRAINYARD_CPU_SLOTS: String(SLOTS),
  });
  const cli: Cli = async (...args) => {
    const options = { cwd: project, env, timeout: COMMAND_MS, maxBuffer: 256 * 1024 * 1024 };
    const { stdout } = await execute(process.execPath, [path.join(dist, "cli.js"), ...args], options);
    return JSON.parse(stdout) as never;
  };
  const submit = () => cli("submit", "train.py", "--yes", "--json", "--", slots, String(STEPS));

  const returnsMs: number[] = [];
  let kills = 0;
  let isRight = false;
  let interrupted = 0;
  try {
    await cli("pool", "status", "--json");
    for (let round = 0; round < ROUNDS; round++) {
      const commands = [submit(), submit(), anyTrial(cli, round % 2 === 0 ? "pause" : "resume")];
      const ends = Promise.allSettled(commands);
      await sleep(Math.random() * MOMENT_MS);
      if (killServer(pool)) kills++;
      // Once more, while the next one takes over.
      const next = Promise.allSettled([cli("pool", "status", "--json")]);
      await sleep(Math.random() * START_MS);
      if (killServer(pool)) kills++;
      for (const end of [...(await ends), ...(await next)]) if (end.status === "rejected") interrupted++;
      const since = performance.now();
      await cli("pool", "status", "--json");
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
    await cli("server", "stop", "--json").catch(() => killServer(pool));
    for (const pid of processesLeft(pool)) process.kill(pid, "SIGKILL");
    if (isRight) rmSync(folder, { recursive: true, force: true });
  }
}

/** The lock names the server's process; none is there in the moment between two. */
function killServer(pool: string): boolean {
  try {
    const { pid } = JSON.parse(readFileSync(path.join(pool, "state/lock"), "utf8")) as { pid: number };
    process.kill(pid, "SIGKILL");
    return true;
  } catch {
    return false;
  }
}

async function anyTrial(cli: Cli, verb: "pause" | "resume"): Promise<unknown> {
  const { experiments } = await cli<{ experiments: { id: number; state: string }[] }>("list", "--json");
  const living = experiments.filter(({ state }) => state === (verb === "pause" ? "running" : "paused"));
  const chosen = living[Math.floor(Math.random() * living.length)];
  return chosen === undefined ? null : cli(verb, String(chosen.id), "--json");
}

/** Lets every trial go on to its end. */
async function finish(cli: Cli): Promise<Trials> {
  const until = Date.now() + END_MS;
  for (;;) {
    const { experiments } = await cli<{ experiments: { id: number; state: string }[] }>("list", "--json");
    for (const { id, state } of experiments)
      if (state === "paused") await cli("resume", String(id), "--json");
    if (experiments.every(({ state }) => ["completed", "failed"].includes(state)))
      return Promise.all(experiments.map(({ id }) => cli<Trials[number]>("show", String(id), "--json")));
    if (Date.now() > until)
      throw new Error(`After ${END_MS / 1000} s some have not ended: ${JSON.stringify(experiments)}`);
    await sleep(1000);
  }
}
