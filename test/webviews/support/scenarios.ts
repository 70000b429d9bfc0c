/** What the page is looked at with. */
import type { Trial } from "../../../src/cluster/protocol/entities.ts";
import type { WaitingTrial } from "../../../src/cluster/protocol/scheduling.ts";
import type { SearchState } from "../../../src/cluster/protocol/search.ts";
import { checkpoint, experiment, NOW, run, snapshot, trial, type Snapshot } from "./fixtures.ts";
import { curve, type Curve } from "./points.ts";
import { madeSearch } from "./search.ts";

export interface Scenario {
  snapshot: Snapshot;
  curves: Curve[];
  /** Of the baseline, where there is one. */
  baseline?: Curve[];
  output: { stdout: string; stderr: string };
  /** What the search has decided, where the experiment is one. */
  search?: SearchState;
  /** What the pool says of the trial that waits. */
  waiting?: WaitingTrial;
}

/** The same noise each time. */
function noise(seed: number): () => number {
  let state = seed * 2654435761;
  return () => {
    state = (state * 1664525 + 1013904223) % 4294967296;
    return state / 4294967296 - 0.5;
  };
}
const decay = (step: number, from: number, to: number, scale: number) =>
  to + (from - to) * Math.exp(-step / scale);

function mainCurves(trialId = "12.1", seed = 1, count = 900): Curve[] {
  const random = noise(seed);
  const shift = (seed % 7) * 0.03;
  return [
    curve(
      { trialId, name: "loss" },
      count,
      (step) => decay(step, 2.31, 0.05 + shift, 180) * (1 + 0.25 * random()),
    ),
    curve(
      { trialId, group: "validation", name: "val_loss" },
      Math.floor(count / 50),
      (step) => decay(step, 2.4, 0.06 + shift, 220) * (1 + 0.08 * random()),
      { stride: 50 },
    ),
    curve(
      { trialId, name: "accuracy" },
      count,
      (step) => 1 - decay(step, 0.9, 0.02 + shift / 4, 150) * (1 + 0.2 * random()),
    ),
    curve(
      { trialId, group: "validation", name: "accuracy" },
      Math.floor(count / 50),
      (step) => 1 - decay(step, 0.9, 0.04 + shift / 4, 170) * (1 + 0.05 * random()),
      { stride: 50 },
    ),
    curve({ trialId, name: "lr" }, count, (step) => 3e-3 * 0.5 * (1 + Math.cos((Math.PI * step) / 2000))),
  ];
}

function systemCurves(trialId = "12.1"): Curve[] {
  const random = noise(9);
  const named = (name: string) => ({ trialId, group: "system", name });
  return [
    curve(named("cpu_percent"), 330, () => 310 + 160 * random(), { stride: 2 }),
    curve(named("memory_bytes"), 330, (step) => 1.2e9 + step * 1e6 + 4e7 * random(), { stride: 2 }),
    curve(named("disk_free_bytes"), 330, (step) => 4.2e11 - step * 1e6, { stride: 2 }),
    curve(named("gpu0_percent"), 330, () => Math.min(100, 92 + 14 * random()), { stride: 2 }),
    curve(named("gpu1_percent"), 330, () => Math.min(100, 85 + 24 * random()), { stride: 2 }),
    curve(named("gpu0_memory_bytes"), 330, () => 2.14e10, { stride: 2 }),
    curve(named("gpu1_memory_bytes"), 330, () => 2.02e10, { stride: 2 }),
    curve(named("data_wait_percent"), 330, () => 58 + 8 * random(), { stride: 2 }),
    curve(named("checkpoint_percent"), 330, (step) => (step % 60 < 2 ? 12 : 0), { stride: 2 }),
    curve(named("step_ms"), 330, () => 41 + 3 * random(), { stride: 2 }),
  ];
}

const OUTPUT = {
  stdout: [
    "\u001b[1mTraining digits-mlp\u001b[0m on \u001b[32mcpu\u001b[0m, 1797 samples",
    ...Array.from({ length: 120 }, (_, epoch) => `epoch=${epoch} loss=${(2.3 / (epoch + 1)).toFixed(4)}`),
    "\u001b[33mwarning:\u001b[0m train.py:41: learning rate is high",
    "saved \u001b[38;5;39mcheckpoint\u001b[0m at step 900",
    "",
  ].join("\n"),
  stderr:
    Array.from(
      { length: 101 },
      (_, at) => `\r${at}%|${"█".repeat(at / 5)}${" ".repeat(20 - at / 5)}| ${at}/100`,
    ).join("") +
    '\nTraceback (most recent call last):\n  File "/home/ada/.trainyard/runs/12.1.1/work/train.py", line 41, in <module>\n    main()\nValueError: loss is NaN\n',
};

const CHECKPOINTS = [1, 2, 3, 4, 5, 6, 7, 8].map((index) => checkpoint(index));

function withCurves(curves: Curve[], changes: Partial<Snapshot> = {}): Scenario {
  return {
    snapshot: snapshot({ series: curves.map((one) => one.state), ...changes }),
    curves,
    output: OUTPUT,
  };
}

function running(): Scenario {
  return withCurves([...mainCurves(), ...systemCurves()], { checkpoints: CHECKPOINTS });
}

function baseline(): Scenario {
  const curves = mainCurves("11.1", 3);
  const shown = {
    label: "#11",
    trialId: "11.1",
    isHere: false,
    metric: "validation/val_loss",
    value: 0.0653,
    startedAt: NOW - 90 * 60_000,
    problem: null,
    series: curves.map((one) => one.state),
  };
  return { ...withCurves(mainCurves(), { baseline: shown }), baseline: curves };
}

function waiting(): Scenario {
  const waitReason =
    "Waits for 1 slot: the only slot of this machine is held by #11 digits-cnn, which started 4 min ago.";
  const scenario = withCurves([], {
    experiment: experiment({ state: "waiting", best: null, metric: null, trialCounts: { waiting: 1 } }),
    trials: [
      trial({
        state: "waiting",
        waitReason,
        startedAt: null,
        latestStep: null,
        progress: null,
        best: null,
        currentRun: null,
        slots: [],
        attempts: 0,
        pausable: { possible: false, reason: "It has not started: stopping it takes it out of the queue." },
      }),
    ],
    runs: [],
  });
  return {
    ...scenario,
    waiting: {
      trialId: "12.1",
      experimentId: 12,
      place: 1,
      slots: 1,
      reason: waitReason,
      startsIn: { fromMs: 25 * 60_000, toMs: 40 * 60_000 },
      change: {
        type: "priority",
        text: "Set Priority 41",
        experimentId: 12,
        priority: 41,
        preempts: ["11.1"],
      },
    },
  };
}

function failed(): Scenario {
  const failure = {
    kind: "exception" as const,
    message: "ValueError: loss is NaN (train.py, line 41)",
    exception: { type: "ValueError", message: "loss is NaN" },
    frame: { file: "train.py", line: 41, function: "main" },
    interpreter: "/home/ada/digits/.venv/bin/python",
    missingModule: null,
    peakMemoryBytes: 1.3e9,
    memoryLimitBytes: null,
  };
  const random = noise(4);
  const curves = [
    curve({ name: "loss" }, 320, (step) =>
      step > 300 ? NaN : decay(step, 2.3, 0.4, 90) * (1 + 0.2 * random()),
    ),
    ...systemCurves(),
  ];
  return withCurves(curves, {
    experiment: experiment({ state: "failed", endedAt: NOW, trialCounts: { failed: 1 }, best: null }),
    trials: [
      trial({
        state: "failed",
        endedAt: NOW,
        failure,
        nan: { metric: "loss", step: 301 },
        progress: 0.3,
        slots: [],
      }),
    ],
    runs: [run({ outcome: "failed", endedAt: NOW, exitCode: 1, failure })],
    checkpoints: CHECKPOINTS.slice(0, 3),
  });
}

/** On another host, where the ignored data is not. */
function notSent(): Scenario {
  const exception = {
    type: "FileNotFoundError",
    message: "[Errno 2] No such file or directory: 'data/train.csv'",
  };
  const failure = {
    kind: "exception" as const,
    message:
      "data/train.csv is ignored by git and was not sent (.gitignore:2, data/). Send it, or use a path on the pool. " +
      "FileNotFoundError: [Errno 2] No such file or directory: 'data/train.csv' (train.py, line 12)",
    exception,
    frame: { file: "train.py", line: 12, function: "main" },
    interpreter: "/usr/bin/python3",
    missingModule: null,
    peakMemoryBytes: 5.1e7,
    memoryLimitBytes: null,
    notSent: { path: "data/train.csv", leftOut: "data" },
  };
  const scenario = withCurves([], {
    experiment: experiment({ state: "failed", endedAt: NOW, trialCounts: { failed: 1 }, best: null }),
    trials: [trial({ state: "failed", endedAt: NOW, failure, progress: null, best: null, slots: [] })],
    runs: [run({ outcome: "failed", endedAt: NOW, exitCode: 1, failure })],
  });
  scenario.snapshot.connection = { state: "connected", pool: "gpu1", detail: null };
  scenario.snapshot.snapshot = {
    linked: [],
    leftOut: [
      {
        path: "data",
        reason: "ignored by .gitignore:2 (data/)",
        bytes: null,
        linkable: false,
        sendable: true,
      },
    ],
  };
  return scenario;
}

function disconnected(): Scenario {
  const scenario = running();
  scenario.snapshot.connection = {
    state: "disconnected",
    pool: "gpu-box",
    detail: "The host does not answer (connection timed out).",
  };
  return scenario;
}

/** Values and names that spoil layouts: one point, 1e-9, 1e9, gaps, superseded parts, a very long name. */
function extreme(): Scenario {
  const random = noise(3);
  const resumed = (index: number) => (index < 300 ? index : index - 120);
  return withCurves(
    [
      curve({ name: "only_one_point" }, 1, () => 0.42),
      curve({ name: "tiny" }, 200, (step) => 1e-9 * (1 + step / 100)),
      curve({ name: "huge" }, 200, (step) => 1e9 * (3 + Math.sin(step / 20))),
      curve({ name: "gaps" }, 200, (step) => (step % 40 < 6 ? NaN : Math.sin(step / 15))),
      curve({ name: "alternating" }, 41, (step) => (step % 2 === 1 ? NaN : step)),
      curve(
        { name: "resumed", revision: 1 },
        500,
        (step, index) => decay(step, 2, 0.1, 120) * (1 + 0.2 * random()) + (index < 300 ? 0.2 : 0),
        { stepAt: resumed, isSuperseded: (index) => index >= 180 && index < 300 },
      ),
      curve({ name: "eval/very/long/name/for_the_third_split_accuracy_top5" }, 100, (step) => step / 100),
      curve({ name: "constant" }, 100, () => 0.1),
      curve({ name: "negative" }, 100, (step) => -step * 1000),
    ],
    {
      experiment: experiment({
        name: "a-name-that-somebody-made-much-too-long-for-any-header-line-2026-11-24-final-v2",
      }),
      trials: [trial({ pausable: { possible: false, reason: "The script does not save checkpoints." } })],
    },
  );
}

/** Trials with curves of different shapes, some of which diverge or end early. */
function crowd(count: number): Scenario {
  const searched = searchOf(count);
  const curves = Array.from({ length: count }, (_, index) => {
    const random = noise(index + 1);
    const rate = 0.5 + random();
    const end = 0.03 + 0.5 * rate * rate;
    const length = index % 3 === 0 ? 1000 : 100 + Math.floor(600 * (random() + 0.5));
    const trialId = `12.${index + 1}`;
    return [
      curve({ trialId, name: "loss" }, length, (step) =>
        index % 97 === 5 && step > 500
          ? NaN
          : decay(step, 2.3, end, 120 + 300 * rate) * (1 + 0.15 * random()) +
            (index === 40 && step === 300 ? 3 : 0),
      ),
      curve(
        { trialId, group: "validation", name: "val_loss" },
        Math.ceil(length / 50),
        (step) => decay(step, 2.4, end + 0.02, 120 + 300 * rate) * (1 + 0.05 * random()),
        { stride: 50 },
      ),
    ];
  }).flat();
  return {
    ...withCurves(curves, searched.snapshot),
    snapshot: { ...searched.snapshot, series: curves.map((one) => one.state) },
  };
}

function searchOf(count: number): Scenario {
  const trials: Trial[] = Array.from({ length: count }, (_, index) =>
    trial({
      id: `12.${index + 1}`,
      number: index + 1,
      state: index % 5 === 0 ? "running" : "completed",
      currentRun: `12.${index + 1}.1`,
    }),
  );
  const curves = trials.slice(0, 8).flatMap((one, index) => mainCurves(one.id, index + 1));
  return withCurves(curves, {
    experiment: experiment({
      searcher: "random",
      trialsPlanned: count,
      trialCounts: { running: Math.ceil(count / 5), completed: count - Math.ceil(count / 5) },
      best: { trialId: "12.3", value: 0.0613, step: 880 },
    }),
    trials,
    runs: trials.map((one) => run({ id: `${one.id}.1`, trialId: one.id })),
  });
}

/** Adaptive ASHA that has come to its end. */
function asha(count: number): Scenario {
  const { trials, search } = madeSearch(count, noise(count));
  const best = trials.reduce((held, one) => ((one.best?.value ?? 9) < (held.best?.value ?? 9) ? one : held));
  const counts: Partial<Record<Trial["state"], number>> = {};
  for (const { state } of trials) counts[state] = (counts[state] ?? 0) + 1;
  const curves = trials.slice(0, 8).flatMap((one, index) => mainCurves(one.id, index + 1));
  const scenario = withCurves(curves, {
    experiment: experiment({
      name: "digits-search",
      searcher: "adaptive_asha",
      state: "completed",
      endedAt: NOW,
      trialsPlanned: count,
      trialCounts: counts,
      best: best.best && { trialId: best.id, ...best.best },
    }),
    trials,
    runs: trials.map((one) => run({ id: `${one.id}.1`, trialId: one.id, outcome: "completed" })),
  });
  return { ...scenario, search };
}

/** A thousand trials with what spoils pictures: a conditional parameter, long names, booleans, failures, NaN. */
function ashaHard(): Scenario {
  const scenario = asha(1000);
  const random = noise(5);
  const trials = scenario.snapshot.trials.map((one) => {
    const { lr, model, optimizer } = one.hyperparameters;
    const diverged = one.number % 41 === 3;
    return {
      ...one,
      name: one.number % 9 === 0 ? `a-name-that-somebody-made-rather-long-${one.number}` : null,
      starred: one.number % 50 === 1,
      hyperparameters: {
        lr,
        model,
        optimizer,
        ...(optimizer === "sgd" ? { momentum: 0.95 + 0.09 * random() } : {}),
        augment: random() > 0,
        "encoder.attention.dropout_probability_of_the_third_block": 0.25 + random() / 2,
        schedule: ["cosine_annealing_with_warm_restarts", "constant", "linear"][one.number % 3] ?? "",
      },
      ...(diverged ? { best: null, nan: { metric: "loss", step: 301 } } : {}),
    } as Trial;
  });
  scenario.snapshot = { ...scenario.snapshot, trials };
  return scenario;
}

/** Begun, and nobody has reported. */
function ashaWaiting(): Scenario {
  const scenario = asha(10);
  const trials = scenario.snapshot.trials
    .slice(0, 2)
    .map((one) => ({ ...one, state: "running" as const, best: null, latestStep: null, endedAt: null }));
  scenario.snapshot = {
    ...scenario.snapshot,
    trials,
    experiment: {
      ...scenario.snapshot.experiment,
      state: "running",
      best: null,
      trialCounts: { running: 2 },
    },
  };
  for (const bracket of scenario.search?.brackets ?? [])
    for (const rung of bracket.rungs) Object.assign(rung, { entries: [], cut: null });
  return scenario;
}

export const SCENARIOS: Record<string, () => Scenario> = {
  running,
  baseline,
  waiting,
  failed,
  notSent,
  disconnected,
  extreme,
  empty: () => withCurves([]),
  trials8: () => searchOf(8),
  trials1000: () => searchOf(1000),
  asha10: () => asha(10),
  asha1000: () => asha(1000),
  ashaHard,
  ashaWaiting,
  crowd50: () => crowd(50),
  crowd1000: () => crowd(1000),
  long: () => withCurves(mainCurves("12.1", 1, 20_000)),
  charts50: () =>
    withCurves(
      Array.from({ length: 50 }, (_, index) => {
        const random = noise(index);
        return curve(
          { name: `layer${index}/grad_norm` },
          2000,
          (step) => decay(step, 5, 1, 400) * (1 + random()),
        );
      }),
    ),
};
