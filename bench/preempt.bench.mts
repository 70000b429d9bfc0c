/**
 * From the moment in which a trial is asked to give its slot back, with nobody else waiting, to the first step that it reports after
 * it: examples/digits in PyTorch, interpreter, imports, data and checkpoint and all. At the end its weights must equal those of a
 * training that nobody interrupted, to the bit.
 */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { cleanEnvironment, must } from "../scripts/lib/command.mts";
import { torchPython } from "../scripts/lib/python.mts";
import { scratchPool, untilEnded, type Cli } from "./scratchPool.mts";
import type { Measurements } from "./run.mts";
import { median, quantile, rounded } from "./statistics.mts";

const PREEMPTIONS = 5;
const EPOCHS = 16;
const END_MS = 600_000;
const CONFIGURATION = `hyperparameters: {epochs: ${EPOCHS}}\nreproducibility: {experiment_seed: 42}\n`;
const WEIGHTS = `
import hashlib, sys, torch
state = torch.load(sys.argv[1])
digest = hashlib.sha256()
for name, tensor in sorted(state["model"].items()):
    digest.update(name.encode() + tensor.numpy().tobytes())
print("weights", state["step"], digest.hexdigest())
`;

interface Shown {
  trials: { id: string; state: string; attempts: number; latestCheckpoint: string | null }[];
}

export async function run(): Promise<Measurements> {
  const python = await torchPython();
  if (python === null) throw new Error("There is no Python with PyTorch here, and none could be installed.");
  const scratch = await scratchPool({
    name: "preempt",
    script: "examples/digits/train_torch.py",
    configuration: `${CONFIGURATION}environment: {python: ${python}}\n`,
    slots: 1,
  });
  const { cli, pool } = scratch;
  let isRight = false;
  try {
    const moved = await submit(cli);
    for (let attempt = 1; attempt <= PREEMPTIONS; attempt++) {
      await until(cli, moved, (trial) => trial.attempts === attempt && hasReported(pool, trial.id, attempt));
      await cli("preempt", `${moved}.1`);
    }
    await untilEnded(cli, moved, END_MS);
    const straight = await submit(cli);
    await untilEnded(cli, straight, END_MS);
    const [one, other] = [await weights(moved), await weights(straight)];
    if (one !== other) throw new Error(`The weights differ: ${one}, and without interruption ${other}`);
    isRight = true;
    const times = Array.from({ length: PREEMPTIONS }, (_, index) => moveMs(pool, `${moved}.1`, index + 1));
    return {
      preempt_to_step_p50_ms: rounded(median(times)),
      preempt_to_step_p95_ms: rounded(quantile(times, 0.95)),
      preempt_to_step_max_ms: rounded(Math.max(...times)),
      preemptions: times.length,
      weights_equal_to_the_bit: "yes",
      goal_ms: 3000,
    };
  } finally {
    await scratch.remove(isRight);
  }

  async function weights(experimentId: number): Promise<string> {
    const [trial] = (await cli<Shown>("show", String(experimentId))).trials;
    const file = path.join(pool, "checkpoints", trial?.latestCheckpoint ?? "", "files", "state.pt");
    const output = await must("Reading the weights", python ?? "", ["-c", WEIGHTS, file], {
      env: cleanEnvironment(),
      timeoutMs: 120_000,
    });
    return output.split("\n").find((line) => line.startsWith("weights ")) ?? output;
  }
}

const submit = async (cli: Cli): Promise<number> =>
  (await cli<{ experimentId: number }>("submit", "train.py", "--yes")).experimentId;

async function until(
  cli: Cli,
  experimentId: number,
  isSo: (trial: Shown["trials"][number]) => boolean,
): Promise<void> {
  const limit = Date.now() + END_MS;
  for (;;) {
    const [trial] = (await cli<Shown>("show", String(experimentId))).trials;
    if (trial !== undefined && isSo(trial)) return;
    if (trial?.state === "failed" || trial?.state === "completed")
      throw new Error(`It is ${trial.state} before it was preempted often enough.`);
    if (Date.now() > limit) throw new Error("It does not get that far.");
    await sleep(50);
  }
}

/** A checkpoint of this attempt is what it will be asked to leave behind again. */
function hasReported(pool: string, trialId: string, attempt: number): boolean {
  return eventTimes(pool, `${trialId}.${attempt}`, "checkpoint").length > 0;
}

function moveMs(pool: string, trialId: string, attempt: number): number {
  const control = path.join(pool, "runs", `${trialId}.${attempt}`, "control.json");
  const { at } = JSON.parse(readFileSync(control, "utf8")) as { at: number };
  return 1000 * (Math.min(...eventTimes(pool, `${trialId}.${attempt + 1}`, "metrics")) - at);
}

/** When the run's script said so, in seconds. */
function eventTimes(pool: string, runId: string, type: string): number[] {
  const folder = path.join(pool, "runs", runId, "events");
  const names = readdirSync(folder).filter((name) => name.startsWith("0-harness"));
  return names.flatMap((name) =>
    readFileSync(path.join(folder, name), "utf8")
      .split("\n")
      .slice(0, -1) // behind the last line end nothing is there yet
      .map((line) => JSON.parse(line) as { type: string; t: number })
      .filter((event) => event.type === type)
      .map(({ t }) => t),
  );
}
