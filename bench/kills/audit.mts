/** Compares what a pool says with what its runs wrote. */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Cli } from "../scratchPool.mts";

/** A supervisor writes exit.json, and leaves a moment later. */
const LEAVE_MS = 5000;

export type Trials = {
  experiment: { id: number; state: string };
  trials: { id: string; state: string; attempts: number; latestStep: number | null; warnings: string[] }[];
  runs: { id: string; trialId: string; outcome: string | null; resumedFromStep: number | null }[];
  checkpoints: { uuid: string; runId: string; step: number }[];
}[];

export interface Folders {
  pool: string;
  /** Where the scripts note what they see of their slots. */
  slots: string;
  /** Checkpoints are restored in here, so many at most (a command line each); all are compared with their manifests. */
  restore: { into: string; most: number } | null;
}

interface Point {
  step: number;
  time: number;
  value: number;
  superseded: boolean;
}
interface Event {
  type: string;
  t: number;
  step: number;
  uuid: string;
  values: Record<string, number>;
}

export async function audit(
  cli: Cli,
  { pool, slots, restore }: Folders,
  experiments: Trials,
  /** How trials may have ended. */
  goodEnds: readonly string[] = ["completed"],
): Promise<{ problems: string[]; counts: Record<string, number> }> {
  const problems: string[] = [];
  const counts = { trials: 0, runs: 0, lost_runs: 0, points: 0, reports_returned: 0, checkpoints: 0 };
  let restored = 0;
  const expect = (holds: boolean, problem: string): void => {
    if (!holds) problems.push(problem);
  };

  for (const { experiment, trials, ...all } of experiments) {
    if (trials.length === 0) problems.push(`experiment ${experiment.id} has no trial`);
    for (const trial of trials) {
      const runs = all.runs.filter(({ trialId }) => trialId === trial.id);
      const checkpoints = all.checkpoints.filter(({ runId }) => runs.some(({ id }) => id === runId));
      counts.trials++;
      counts.runs += runs.length;
      counts.lost_runs += runs.filter(({ outcome }) => outcome === "lost").length;
      expect(goodEnds.includes(trial.state), `trial ${trial.id} is ${trial.state}`);
      expect(trial.warnings.length === 0, `trial ${trial.id} warns: ${trial.warnings.join("; ")}`);
      expect(
        runs.length === trial.attempts,
        `trial ${trial.id}: ${runs.length} runs, ${trial.attempts} attempts`,
      );
      await compareCurves(trial.id, runs);
      await compareCheckpoints(trial.id, runs, checkpoints);
    }
  }
  const until = Date.now() + LEAVE_MS;
  let left = processesLeft(pool);
  while (left.length > 0 && Date.now() < until) {
    await sleep(100);
    left = processesLeft(pool);
  }
  expect(left.length === 0, `processes of runs are left: ${left.join(", ")}`);
  const shared = path.join(slots, "shared");
  if (existsSync(shared)) problems.push(`two runs had the same slot: ${readFileSync(shared, "utf8")}`);
  return { problems, counts };

  async function compareCurves(trialId: string, runs: readonly { id: string }[]): Promise<void> {
    const events = runs.flatMap(({ id }) => eventsOf(path.join(pool, "runs", id)));
    for (const { id } of runs) {
      const written = eventsOf(path.join(pool, "runs", id)).filter(({ type }) => type === "metrics");
      const returned = returnedIn(slots, id);
      counts.reports_returned += returned.length;
      const seen = new Map<number, number>();
      for (const { step, values } of written) if ("loss" in values) seen.set(step, (seen.get(step) ?? 0) + 1);
      const wrong = returned.filter((step) => seen.get(step) !== 1);
      expect(
        wrong.length === 0,
        `run ${id}: not there exactly once, though they returned: ${wrong.join(" ")}`,
      );
    }
    for (const name of ["loss", "twice"]) {
      const written = events.filter(({ type, values }) => type === "metrics" && name in values);
      const { series } = await cli<{ series: { points: Point[] }[] }>("metrics", trialId, "--metric", name);
      const points = series.flatMap((one) => one.points);
      counts.points += points.length;
      const difference = compare(
        written.map(({ step, t, values }) => [step, t * 1000, values[name]].join(" ")),
        points.map(({ step, time, value }) => [step, time, value].join(" ")),
      );
      expect(difference === null, `${name} of trial ${trialId}: ${difference ?? ""}`);
      const good = points.filter(({ superseded }) => !superseded).map(({ step }) => step);
      expect(
        good.every((step, index) => step === index),
        `${name} of trial ${trialId}: its steps have a gap or come twice: ${good.join(" ")}`,
      );
    }
  }

  async function compareCheckpoints(
    trialId: string,
    runs: readonly { id: string }[],
    checkpoints: Trials[number]["checkpoints"],
  ): Promise<void> {
    const told = compare(
      [...manifestsOf(pool)].filter(([, run]) => runs.some(({ id }) => id === run)).map(([uuid]) => uuid),
      checkpoints.map(({ uuid }) => uuid),
    );
    expect(told === null, `checkpoints of trial ${trialId}: ${told ?? ""}`);
    for (const { uuid, step } of checkpoints) {
      counts.checkpoints++;
      const problem = checkpointProblem(path.join(pool, "checkpoints", uuid));
      expect(problem === null, `checkpoint ${uuid}: ${problem ?? ""}`);
      if (restore === null || restored++ >= restore.most) continue;
      const folder = path.join(restore.into, uuid);
      await cli("restore", uuid, "--to", folder).then(
        () => {
          const restored = readFileSync(path.join(folder, "step"), "utf8");
          expect(restored === String(step), `checkpoint ${uuid} of step ${step} holds step ${restored}`);
        },
        (error: unknown) => problems.push(String(error)),
      );
    }
  }
}

/** Steps whose report has returned, as the script itself noted. */
function returnedIn(slots: string, runId: string): number[] {
  const file = path.join(slots, `returned-${runId}`);
  return existsSync(file) ? readFileSync(file, "utf8").split("\n").slice(0, -1).map(Number) : [];
}

function checkpointProblem(folder: string): string | null {
  const manifest = JSON.parse(readFileSync(path.join(folder, "manifest.json"), "utf8")) as {
    files: { path: string; bytes: number; sha256: string }[];
  };
  for (const file of manifest.files) {
    const content = readFileSync(path.join(folder, "files", file.path));
    const sha256 = createHash("sha256").update(content).digest("hex");
    if (content.length !== file.bytes || sha256 !== file.sha256)
      return `${file.path} is not as its manifest says`;
  }
  return null;
}

/** @returns what is only in one of them, or more often */
function compare(written: readonly string[], told: readonly string[]): string | null {
  const surplus = new Map<string, number>();
  for (const each of told) surplus.set(each, (surplus.get(each) ?? 0) + 1);
  for (const each of written) surplus.set(each, (surplus.get(each) ?? 0) - 1);
  const lost = [...surplus].filter(([, count]) => count < 0).map(([each]) => each);
  const added = [...surplus].filter(([, count]) => count > 0).map(([each]) => each);
  if (lost.length + added.length === 0) return null;
  return `${lost.length} of ${written.length} lost (${lost.slice(0, 3).join(", ")}), ${added.length} too many (${added.slice(0, 3).join(", ")})`;
}

function eventsOf(run: string): Event[] {
  const folder = path.join(run, "events");
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((file) =>
    readFileSync(path.join(folder, file), "utf8")
      .split("\n")
      .slice(0, -1) // behind the last line end nothing is there yet
      .map((line) => JSON.parse(line) as Event),
  );
}

/** uuid -> run that wrote it */
function manifestsOf(pool: string): Map<string, string> {
  const manifests = new Map<string, string>();
  for (const uuid of readdirSync(path.join(pool, "checkpoints"))) {
    const file = path.join(pool, "checkpoints", uuid, "manifest.json");
    if (existsSync(file))
      manifests.set(uuid, (JSON.parse(readFileSync(file, "utf8")) as { run: string }).run);
  }
  return manifests;
}

/** Processes that carry the key of a run of this pool. */
export function processesLeft(pool: string): number[] {
  const keys = new Set<string>();
  for (const run of readdirSync(path.join(pool, "runs"))) {
    const file = path.join(pool, "runs", run, "spec.json");
    if (existsSync(file)) keys.add((JSON.parse(readFileSync(file, "utf8")) as { key: string }).key);
  }
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const environment = readFileSync(`/proc/${pid}/environ`, "latin1").split("\0");
        return environment.some(
          (entry) => entry.startsWith("TRAINYARD_RUN_KEY=") && keys.has(entry.slice(entry.indexOf("=") + 1)),
        );
      } catch {
        return false; // another account's, or gone
      }
    });
}
