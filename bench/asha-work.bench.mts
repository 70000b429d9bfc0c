/**
 * How much sooner adaptive ASHA finds what random search finds, counted in epochs of real training.
 *
 * Fixed: the space below, a multilayer perceptron on scikit-learn's digits (bench/asha-work.py), R = 81 epochs, divisor 3,
 * `mode: aggressive` with all other settings at their defaults, one slot that serves trials in the order in which they were
 * created. For each seed 64 configurations are drawn once, by the experiment seed, in the same order for both searches, and each
 * is trained fully, once; its validation loss after each epoch is kept, and what a search would see of it is read from there.
 * Nothing is lost by that: how a trial trains depends on its configuration and its own seed alone. The searchers are those of
 * src/cluster/search, unchanged.
 *
 * T is the best loss after R epochs of the 64. Counted are the epochs, of all trials together, until a trial that was trained to
 * R has T. Where the search ends without one, the miss counts as the full 64 x 81. The ratio is random's count to ASHA's; reported
 * are the median over 20 seeds and its 95% interval by order statistics (the 6th and the 15th of 20, 95.9%), for both variants: the
 * stopping one, which is the default, and promotion (`stop_once: false`), where trials pause at a rung. The space was chosen with the
 * seeds 101 to 110, and the numbers are of 201 to 220.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import path from "node:path";
import { cleanEnvironment, must } from "../scripts/lib/command.mts";
import { root } from "../scripts/lib/paths.mts";
import { digitsEnvironment } from "../scripts/lib/python.mts";
import { ExperimentConfiguration } from "../src/cluster/protocol/configuration.ts";
import { firstTrials } from "../src/cluster/search/preview.ts";
import type { Search } from "../src/cluster/search/searcher.ts";
import { readSpace } from "../src/cluster/search/space.ts";
import { simulate } from "../test/cluster/search/simulate.ts";
import type { Measurements } from "./run.mts";
import { rounded } from "./statistics.mts";

const SPACE = {
  lr: { type: "log", base: 10, minval: -4, maxval: 0 },
  momentum: { type: "double", minval: 0.5, maxval: 0.98 },
  weight_decay: { type: "log", base: 10, minval: -6, maxval: -2 },
  width: { type: "categorical", vals: [16, 32, 64, 128] },
  batch_size: { type: "categorical", vals: [32, 64, 128] },
};
const TRIALS = 64;
const EPOCHS = 81;
const SEEDS = Array.from({ length: 20 }, (_, index) => index + 201);

/** Loss after each epoch of each trial, in the order of their creation; NaN where it was no number. */
type Curves = readonly (readonly number[])[];

export async function run(): Promise<Measurements> {
  const curves = await train(SEEDS);
  return {
    seeds: SEEDS.length,
    ...measured("stopping", curves),
    ...measured("promotion", curves),
    goal: "median_ratio at least 5",
  };
}

function measured(variant: "stopping" | "promotion", curves: readonly Curves[]): Measurements {
  const counts = SEEDS.map((seed, index) => countOne(seed, variant, curves[index] ?? []));
  const ratios = counts.map(({ random, asha }) => random / asha).sort((a, b) => a - b);
  return {
    [`${variant}_median_ratio`]: rounded(((ratios[9] ?? 0) + (ratios[10] ?? 0)) / 2, 2),
    [`${variant}_interval_low_ratio`]: rounded(ratios[5] ?? 0, 2),
    [`${variant}_interval_high_ratio`]: rounded(ratios[14] ?? 0, 2),
    [`${variant}_missed_seeds`]: counts.filter(({ isMissed }) => isMissed).length,
    [`${variant}_ratios`]: ratios.map((ratio) => ratio.toFixed(2)).join(" "),
  };
}

/** Epochs until the best of the 64 has been trained to its end. */
function countOne(
  seed: number,
  variant: "stopping" | "promotion",
  curves: Curves,
): { random: number; asha: number; isMissed: boolean } {
  const best = Math.min(...curves.map((losses) => finite(losses[EPOCHS - 1])));
  const random = epochsUntil(searchFor("random", seed), curves, best);
  const asha = epochsUntil(searchFor("adaptive_asha", seed, variant === "stopping"), curves, best);
  const miss = TRIALS * EPOCHS;
  return { random: random ?? miss, asha: asha ?? miss, isMissed: asha === null };
}

function epochsUntil(search: Search, curves: Curves, best: number): number | null {
  let epochs = 0;
  let found: number | null = null;
  simulate(search, {
    every: 1,
    maxTime: EPOCHS,
    value: (number, trained) => {
      epochs++;
      const loss = curves[number - 1]?.[trained - 1] ?? Number.NaN;
      if (trained === EPOCHS && loss <= best) found ??= epochs;
      return loss;
    },
  });
  return found;
}

function searchFor(name: "random" | "adaptive_asha", experimentSeed: number, stop_once = true): Search {
  const read = readSpace(SPACE);
  if ("problems" in read) throw new Error(JSON.stringify(read.problems));
  const own =
    name === "random"
      ? {}
      : { max_time: EPOCHS, time_metric: "epoch", divisor: 3, mode: "aggressive", metric: "loss", stop_once };
  const { searcher: configuration } = ExperimentConfiguration.parse({
    searcher: { name, max_trials: TRIALS, ...own },
  });
  return { configuration, space: read.space, experimentSeed };
}

/** @returns the curves of each seed */
async function train(seeds: readonly number[]): Promise<Curves[]> {
  const python = await digitsEnvironment();
  const configurations = seeds.flatMap((seed) =>
    firstTrials(searchFor("random", seed), TRIALS).map(({ hyperparameters, seed: own }) => ({
      ...hyperparameters,
      seed: own,
    })),
  );
  const folder = mkdtempSync(path.join(tmpdir(), "asha-work-"));
  const file = path.join(folder, "configurations.json");
  writeFileSync(file, JSON.stringify(configurations));
  const parts = availableParallelism();
  const outputs = await Promise.all(
    Array.from({ length: parts }, (_, part) =>
      must(
        "bench/asha-work.py",
        python,
        [path.join(root, "bench/asha-work.py"), file, String(EPOCHS), String(part), String(parts)],
        { cwd: root, env: { ...cleanEnvironment(), OPENBLAS_NUM_THREADS: "1" }, timeoutMs: 1_800_000 },
      ),
    ),
  );
  rmSync(folder, { recursive: true });
  const all = new Map<number, number[]>();
  for (const line of outputs.flatMap((output) => output.trim().split("\n"))) {
    const { index, losses } = JSON.parse(line) as { index: number; losses: (number | null)[] };
    all.set(
      index,
      losses.map((loss) => loss ?? Number.NaN),
    );
  }
  return seeds.map((_, at) =>
    Array.from({ length: TRIALS }, (__, trial) => all.get(at * TRIALS + trial) ?? []),
  );
}

function finite(value: number | undefined): number {
  return value !== undefined && Number.isFinite(value) ? value : Infinity;
}
