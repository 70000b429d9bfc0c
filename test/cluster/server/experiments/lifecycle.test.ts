import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { TrialState } from "../../../../src/cluster/protocol/entities.ts";
import {
  LIFECYCLE,
  step,
  type Ending,
  type TrialEvent,
  type TrialEventType,
  type TrialLife,
} from "../../../../src/cluster/server/experiments/lifecycle.ts";
import { isFinal, isOccupying } from "../../../../src/cluster/server/experiments/rollup.ts";

const ENDINGS: Ending[] = [
  { kind: "completed" },
  { kind: "paused" },
  { kind: "preempted" },
  { kind: "stopped" },
  { kind: "killed" },
  { kind: "failed", mayRestart: true },
  { kind: "failed", mayRestart: false },
];
const EVENTS: TrialEvent[] = [
  ...(
    [
      "slotsGranted",
      "launched",
      "runLost",
      "leaseRefused",
      "askPause",
      "askResume",
      "askStop",
      "askKill",
      "preempt",
      "searcherStop",
      "searcherFinish",
      "searcherPause",
      "searcherResume",
    ] as const
  ).map((type) => ({ type })),
  ...ENDINGS.map((ending) => ({ type: "runEnded" as const, ending })),
];

function life(state: TrialState, more: Partial<TrialLife> = {}): TrialLife {
  return {
    state,
    asked: null,
    restarts: 0,
    maxRestarts: 0,
    restartsWithoutProgress: false,
    hasProgress: false,
    ...more,
  };
}
const after = (state: TrialState, event: TrialEvent, more?: Partial<TrialLife>) =>
  step(life(state, more), event);
const failed: TrialEvent = { type: "runEnded", ending: { kind: "failed", mayRestart: true } };

describe("the table", () => {
  // What becomes of each state by each event; a dot: nothing. The same order as the columns.
  const columns: [string, TrialEvent, Partial<TrialLife>?][] = [
    ["granted", { type: "slotsGranted" }],
    ["launched", { type: "launched" }],
    ["completed", { type: "runEnded", ending: { kind: "completed" } }],
    ["paused", { type: "runEnded", ending: { kind: "paused" } }],
    ["preempted", { type: "runEnded", ending: { kind: "preempted" } }],
    ["stopped", { type: "runEnded", ending: { kind: "stopped" } }],
    ["killed", { type: "runEnded", ending: { kind: "killed" } }],
    ["failed", failed],
    ["failed, may restart", failed, { maxRestarts: 1, hasProgress: true }],
    ["lost", { type: "runLost" }],
    ["refused", { type: "leaseRefused" }],
    ["pause", { type: "askPause" }],
    ["resume", { type: "askResume" }],
    ["stop", { type: "askStop" }],
    ["kill", { type: "askKill" }],
    ["preempt", { type: "preempt" }],
    ["search stops", { type: "searcherStop" }],
    ["search finishes", { type: "searcherFinish" }],
    ["search pauses", { type: "searcherPause" }],
    ["search resumes", { type: "searcherResume" }],
  ];
  const expected: Record<TrialState, string> = {
    waiting: "starting . . . . . . . . . . paused . stopped killed . stopped completed paused .",
    starting:
      ". running completed waiting waiting stopped killed failed waiting waiting waiting pausing . stopping stopping pausing stopping stopping pausing .",
    running:
      ". . completed waiting waiting stopped killed failed waiting waiting waiting pausing . stopping stopping pausing stopping stopping pausing .",
    pausing:
      ". . completed paused paused stopped killed failed paused paused paused . running stopping stopping . stopping stopping . running",
    paused: ". . . . . . . . . . . . waiting stopped killed . stopped completed . waiting",
    stopping:
      ". . completed stopped stopped stopped killed failed failed stopped stopped . . . stopping . . . . .",
    completed: ". . . . . . . . . . . . . . . . . . . .",
    stopped: ". . . . . . . . . . . . . . . . . . . .",
    failed: ". . . . . . . . . . . . . . . . . . . .",
    killed: ". . . . . . . . . . . . . . . . . . . .",
  };

  test.each(TrialState.options)("of %s", (state) => {
    const found = columns.map(([, event, more]) => after(state, event, more)?.life.state ?? ".");
    expect(found.join(" ")).toBe(expected[state]);
  });

  test("a trial that gives its slots back for others waits again, unless it is paused on its way out", () => {
    const preempted = after("running", { type: "preempt" });
    expect(preempted).toMatchObject({ life: { state: "pausing", asked: "preempt" } });
    const { asked } = preempted?.life ?? life("running");
    const ended: TrialEvent = { type: "runEnded", ending: { kind: "paused" } };
    expect(after("pausing", ended, { asked })?.life.state).toBe("waiting");
    expect(after("pausing", { type: "askResume" }, { asked })).toBeNull();
    expect(after("pausing", { type: "askPause" }, { asked })?.life.asked).toBe("pause");
    expect(after("pausing", { type: "askPause" }, { asked: "pause" })).toBeNull();
  });

  test("defines every pair", () => {
    const types = [...new Set(EVENTS.map(({ type }) => type))].sort();
    for (const state of TrialState.options)
      expect(Object.keys(LIFECYCLE[state]).sort() as TrialEventType[]).toEqual(types);
  });
});

test("a kill wins over however the run ends", () => {
  for (const ending of ENDINGS)
    expect(after("stopping", { type: "runEnded", ending }, { asked: "kill" })?.life.state).toBe("killed");
  expect(after("stopping", { type: "runLost" }, { asked: "kill" })?.life.state).toBe("killed");
});

test("a trial that the search has finished is completed, however its run leaves, unless it fails", () => {
  const asked = { asked: "finish" } as const;
  const ended = (kind: "completed" | "stopped" | "paused" | "preempted") =>
    after("stopping", { type: "runEnded", ending: { kind } }, asked)?.life.state;
  expect([ended("completed"), ended("stopped"), ended("paused"), ended("preempted")]).toEqual(
    new Array(4).fill("completed"),
  );
  expect(after("stopping", { type: "runLost" }, asked)?.life.state).toBe("completed");
  expect(after("stopping", failed, asked)?.life.state).toBe("failed");
  expect(after("running", { type: "searcherFinish" })).toMatchObject({
    life: { state: "stopping", asked: "finish" },
    actions: [{ type: "writeControl", action: "stop" }],
  });
});

test("a failure before any progress is final unless the configuration asked for restarts", () => {
  expect(after("running", failed, { maxRestarts: 5 })?.life.state).toBe("failed");
  expect(after("running", failed, { maxRestarts: 5, hasProgress: true })?.life).toMatchObject({
    state: "waiting",
    restarts: 1,
  });
  expect(after("running", failed, { maxRestarts: 5, restartsWithoutProgress: true })?.life.state).toBe(
    "waiting",
  );
  expect(after("running", failed, { maxRestarts: 5, restarts: 5, hasProgress: true })?.life.state).toBe(
    "failed",
  );
});

test("lost, refused and preempted runs count as no restart", () => {
  const more = { maxRestarts: 0, hasProgress: true };
  expect(after("running", { type: "runLost" }, more)?.life).toMatchObject({ state: "waiting", restarts: 0 });
  expect(after("starting", { type: "leaseRefused" }, more)?.life).toMatchObject({
    state: "waiting",
    restarts: 0,
  });
  expect(after("running", { type: "runEnded", ending: { kind: "preempted" } }, more)?.life.restarts).toBe(0);
});

test("whatever happens: slots are held exactly while a run is there, restarts are bounded, an end is an end", () => {
  fc.assert(
    fc.property(
      fc.record({
        maxRestarts: fc.nat(3),
        restartsWithoutProgress: fc.boolean(),
        hasProgress: fc.boolean(),
      }),
      fc.array(fc.constantFrom(...EVENTS), { maxLength: 60 }),
      (configuration, events) => {
        let current = life("waiting", configuration);
        let isHolding = false;
        for (const event of events) {
          const wasFinal = isFinal(current.state);
          const transition = step(current, event);
          if (transition === null) continue;
          expect(wasFinal).toBe(false);
          const types = transition.actions.map(({ type }) => type);
          if (types.includes("launch")) {
            expect(isHolding).toBe(false);
            isHolding = true;
          }
          if (types.includes("releaseSlots")) {
            expect(isHolding).toBe(true);
            isHolding = false;
          }
          // Only a run that is there can be told something.
          if (types.includes("writeControl") || types.includes("cancel")) expect(isHolding).toBe(true);
          current = transition.life;
          expect(isOccupying(current.state)).toBe(isHolding);
          expect(current.restarts).toBeLessThanOrEqual(current.maxRestarts);
          if (!isHolding) expect(current.asked).toBeNull();
        }
      },
    ),
    { numRuns: 2000 },
  );
});
