import { expect, test } from "vitest";
import { judge, type Evidence, type Reported } from "../../../../src/cluster/client/preemption/verdict.ts";

const reports = (from: number, to: number, value = (step: number) => 1 / step): Reported[] =>
  Array.from({ length: to - from + 1 }, (_, index) => ({
    metric: "training/loss",
    step: from + index,
    value: value(from + index),
  }));

/** Steps 1 to 3, a checkpoint of step 3, and 4 to 6 after it. */
const evidence = (change: Partial<Evidence> = {}): Evidence => ({
  wanted: 3,
  before: reports(1, 3),
  after: reports(4, 6),
  straight: reports(1, 8),
  left: "checkpointed",
  resumedFromStep: 3,
  endedEarly: null,
  checkpoints: { preempted: [], straight: [] },
  ...change,
});
const judged = (change: Partial<Evidence> = {}) => {
  const { kind, finding } = judge(evidence(change));
  return `${kind}: ${finding}`;
};

test("what goes on and is equal is safe, also where it repeats steps, or ends when training is over", () => {
  expect(judged()).toBe(
    "equal: Safe to preempt: it went on, and all 6 values that it reported equal those of a run that was left alone, to the bit.",
  );
  expect(judged({ after: reports(2, 6), resumedFromStep: 1 })).toMatch(/^equal/);
  expect(
    judged({ after: reports(4, 5), straight: reports(1, 5), endedEarly: "It came to its end." }),
  ).toMatch(/^equal/);
  const nan = () => NaN;
  expect(
    judged({ before: reports(1, 3, nan), after: reports(4, 6, nan), straight: reports(1, 6, nan) }),
  ).toMatch(/^equal/);
});

test("checkpoints of one step are compared too", () => {
  const of = (hash: string) => [{ step: 3, files: { "model.pt": hash } }];
  expect(judged({ checkpoints: { preempted: of("a"), straight: of("a") } })).toContain(
    "So do the checkpoints of step 3.",
  );
  expect(judged({ checkpoints: { preempted: of("a"), straight: of("b") } })).toContain("model.pt differs");
});

test("values that differ: by how much, where, and since when", () => {
  const off = (step: number) => 1 / step + (step === 5 ? 0.25 : step === 4 ? 0.125 : 0);
  const late = judge(evidence({ after: reports(4, 6, off) }));
  expect(late.finding).toBe(
    "Safe to preempt, but values differ: training/loss by up to 0.25 at step 5, first training/loss at step 4.",
  );
  expect(late.advice).toContain("only after it went on");
  const early = judge(evidence({ before: reports(1, 3, (step) => 2 / step) }));
  expect(early.advice).toContain("before the preemption already");
});

test.each<[string, Partial<Evidence>]>([
  ["it did not leave when it was asked", { left: "timeout" }],
  ["it failed when it was asked to leave. KeyError: 'x'", { left: "failed", endedEarly: "KeyError: 'x'" }],
  ["it left without a checkpoint", { resumedFromStep: null }],
  [
    "it did not go on from its checkpoint of step 3: no step was reported. boom",
    { after: [], endedEarly: "boom" },
  ],
  ["it began again from step 1, although its checkpoint is of step 3", { after: reports(1, 6) }],
  ["it went on from step 4, and ended at step 4. boom", { after: reports(4, 4), endedEarly: "boom" }],
  ["step 4 is missing", { after: reports(5, 8) }],
  ["it reports step 3.5", { after: [...reports(4, 6), { metric: "training/loss", step: 3.5, value: 1 }] }],
])("not safe: %s", (words, change) => {
  expect(judged(change)).toContain(`unsafe: Not safe to preempt: ${words}`);
});

test("what cannot be told", () => {
  expect(judged({ left: null, before: reports(1, 2) })).toContain(
    "unclear: It cannot be told: the script came to its end after 2 reported steps, before it was asked",
  );
  expect(judged({ left: "completed" })).toContain("without having noticed");
  expect(judged({ straight: [] })).toContain("no step in common");
});
