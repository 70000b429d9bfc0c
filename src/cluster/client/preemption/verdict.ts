/** Whether a script can be preempted, from what two runs of it reported: one was preempted, the other was left alone. Pure. */

export interface Reported {
  /** `<group>/<name>` */
  metric: string;
  step: number;
  value: number;
}

export interface WrittenCheckpoint {
  step: number;
  /** SHA-256 by path. */
  files: Readonly<Record<string, string>>;
}

export interface Evidence {
  /** Steps that were to be seen before the preemption, and after it. */
  wanted: number;
  /** Reports of the run that was preempted, and of the one that went on from it. */
  before: readonly Reported[];
  after: readonly Reported[];
  /** Reports of the run that was left alone. */
  straight: readonly Reported[];
  /** How the preempted run left; null: it had ended before it was asked. `timeout`: it was killed. */
  left: "checkpointed" | "timeout" | "completed" | "failed" | null;
  /** What its checkpoint said; null: there was none. */
  resumedFromStep: number | null;
  /** Why it did not go on, if it ended by itself: its last words. */
  endedEarly: string | null;
  checkpoints: { preempted: readonly WrittenCheckpoint[]; straight: readonly WrittenCheckpoint[] };
}

export interface Verdict {
  kind: "equal" | "differs" | "unsafe" | "unclear";
  /** What was found, in one or two sentences. */
  finding: string;
  /** What to do next; empty when there is nothing. */
  advice: string;
}

export function judge(evidence: Evidence): Verdict {
  return didNotLeave(evidence) ?? didNotGoOn(evidence) ?? missesSteps(evidence) ?? compare(evidence);
}

const CHECKPOINT_WAY =
  "When run.should_stop() is true, write a checkpoint with `with run.checkpoint(step) as path:` and leave.";

function didNotLeave({ left, before, wanted, endedEarly }: Evidence): Verdict | null {
  const seen = stepsOf(before).length;
  const why = endedEarly === null ? "" : ` ${endedEarly}`;
  if (left === null || left === "completed")
    return {
      kind: "unclear",
      finding: `It cannot be told: the script came to its end after ${count(seen, "reported step")}, ${
        left === null
          ? "before it was asked to give its slot back"
          : "without having noticed that it was asked"
      }.${why}`,
      advice: `Let it train for longer, and report at each step with run.report(step, ...); ${count(wanted, "step")} are needed on each side.`,
    };
  if (left === "timeout")
    return unsafe(
      "it did not leave when it was asked, and was killed.",
      `Ask at each step. ${CHECKPOINT_WAY}`,
    );
  if (left === "failed")
    return unsafe(`it failed when it was asked to leave.${why}`, `See its output. ${CHECKPOINT_WAY}`);
  return null;
}

function didNotGoOn({
  before,
  after,
  straight,
  wanted,
  resumedFromStep,
  endedEarly,
}: Evidence): Verdict | null {
  if (resumedFromStep === null)
    return unsafe("it left without a checkpoint, so it has to start again from nothing.", CHECKPOINT_WAY);
  const why = endedEarly === null ? "" : ` ${endedEarly}`;
  const [first] = stepsOf(before);
  const steps = stepsOf(after);
  const [begins] = steps;
  const ends = steps.at(-1);
  if (begins === undefined || ends === undefined || first === undefined)
    return unsafe(
      `it did not go on from its checkpoint of step ${resumedFromStep}: no step was reported.${why}`,
      "See the output of its second run.",
    );
  if (begins <= first && resumedFromStep > first)
    return unsafe(
      `it began again from step ${begins}, although its checkpoint is of step ${resumedFromStep}.`,
      "At the start, load what is in run.latest_checkpoint, and go on from the step after it.",
    );
  const last = stepsOf(before).at(-1) ?? first;
  const isOver = ends >= (stepsOf(straight).at(-1) ?? Infinity);
  if (endedEarly !== null && !isOver && steps.filter((step) => step > last).length < wanted)
    return unsafe(
      `it went on from step ${begins}, and ended at step ${ends}.${why}`,
      "See the output of its second run.",
    );
  return null;
}

/** Between its first and its last step it reports those that the other one reports. */
function missesSteps({ before, after, straight }: Evidence): Verdict | null {
  const moved = stepsOf([...before, ...after]);
  const alone = stepsOf(straight);
  const [steps, others] = [new Set(moved), new Set(alone)];
  const from = moved[0] ?? 0;
  const to = Math.min(moved.at(-1) ?? 0, alone.at(-1) ?? -Infinity);
  const within = (step: number): boolean => step >= from && step <= to;
  const missing = alone.find((step) => within(step) && !steps.has(step));
  if (missing !== undefined)
    return unsafe(
      `step ${missing} is missing: the run that was left alone reports it.`,
      "Go on from the step after the one in the checkpoint: it must count what has been trained, not what comes next.",
    );
  const surplus = moved.find((step) => within(step) && !others.has(step));
  if (surplus !== undefined)
    return unsafe(
      `it reports step ${surplus}, which the run that was left alone does not.`,
      "Keep the step in the checkpoint, and count on from it.",
    );
  return null;
}

interface Difference {
  metric: string;
  step: number;
  by: number;
}

function compare(evidence: Evidence): Verdict {
  const { before, after, straight } = evidence;
  const moved = byMetric([...before, ...after]);
  let compared = 0;
  const differences: Difference[] = [];
  for (const [metric, steps] of byMetric(straight))
    for (const [step, value] of steps) {
      const other = moved.get(metric)?.get(step);
      if (other === undefined) continue;
      compared++;
      if (!Object.is(other, value)) differences.push({ metric, step, by: Math.abs(other - value) });
    }
  if (compared === 0)
    return {
      kind: "unclear",
      finding: "It went on from its checkpoint, but the two runs have no step in common to compare.",
      advice: "Report at each step with run.report(step, ...).",
    };
  const [first] = differences.toSorted((a, b) => a.step - b.step);
  if (first === undefined)
    return {
      kind: "equal",
      finding: `Safe to preempt: it went on, and all ${count(compared, "value")} that it reported equal those of a run that was left alone, to the bit.${checkpointNote(evidence)}`,
      advice: "",
    };
  // NaN sorts as the largest: nothing differs more.
  const largest = differences.reduce((a, b) => (b.by > a.by || Number.isNaN(b.by) ? b : a));
  const wentOnAt = stepsOf(after)[0] ?? Infinity;
  return {
    kind: "differs",
    finding: `Safe to preempt, but values differ: ${largest.metric} by up to ${shown(largest.by)} at step ${largest.step}, first ${first.metric} at step ${first.step}.`,
    advice:
      first.step < wentOnAt
        ? "They differ before the preemption already: seed everything from run.seed, and ask the framework for deterministic algorithms."
        : "They differ only after it went on: keep all that training depends on in the checkpoint (optimizer, schedule, random states, place in the data).",
  };
}

function checkpointNote({ checkpoints: { preempted, straight } }: Evidence): string {
  for (const { step, files } of preempted.toReversed()) {
    const other = straight.find((checkpoint) => checkpoint.step === step);
    if (other === undefined) continue;
    const names = [...new Set([...Object.keys(files), ...Object.keys(other.files)])];
    const differing = names.filter((name) => files[name] !== other.files[name]);
    return differing.length === 0
      ? ` So do the checkpoints of step ${step}.`
      : ` In the checkpoints of step ${step} ${differing.join(", ")} differ${differing.length === 1 ? "s" : ""}, which may be a time or a path in it.`;
  }
  return "";
}

/** Of a step that was reported twice the later value counts. */
function byMetric(reports: readonly Reported[]): Map<string, Map<number, number>> {
  const found = new Map<string, Map<number, number>>();
  for (const { metric, step, value } of reports) {
    const steps = found.get(metric) ?? new Map<number, number>();
    steps.set(step, value);
    found.set(metric, steps);
  }
  return found;
}

/** Distinct, in their order. */
export function stepsOf(reports: readonly Reported[]): number[] {
  return [...new Set(reports.map(({ step }) => step))].sort((a, b) => a - b);
}

function unsafe(what: string, advice: string): Verdict {
  return { kind: "unsafe", finding: `Not safe to preempt: ${what}`, advice };
}
function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}
function shown(value: number): string {
  return Number(value.toPrecision(3)).toString();
}
