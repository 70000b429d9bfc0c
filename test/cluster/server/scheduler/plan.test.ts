import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { waitingBoundMs } from "../../../../src/cluster/server/scheduler/order.ts";
import { plan } from "../../../../src/cluster/server/scheduler/plan.ts";
import type { QueuedTrial } from "../../../../src/cluster/server/scheduler/view.ts";
import { MINUTE_MS, running, view, waiting, type Scene } from "./views.ts";

/** Who starts at once, and who is asked for its slots. */
function outcome(scene: Scene) {
  const { grants, preempts } = plan(view(scene));
  return { starts: grants.map(({ trialId }) => trialId).sort(), gives: [...preempts].sort() };
}
const several = (experiment: number, count: number, slots = 1) =>
  Array.from({ length: count }, (_, index) => waiting(`${experiment}.${index + 1}`, slots));

describe("as Determined's fair share decides", () => {
  test("an experiment holds no more than its max_slots", () => {
    const scene = {
      slots: 4,
      trials: [...several(1, 4), ...several(2, 4)],
      experiments: { 1: { maxSlots: 1 } },
    };
    expect(outcome(scene).starts).toEqual(["1.1", "2.1", "2.2", "2.3"]);
  });
  test("weights share the slots", () => {
    const trials = [...several(1, 3), ...several(2, 7)];
    const { starts } = outcome({ slots: 8, trials, experiments: { 1: { weight: 10 }, 2: { weight: 30 } } });
    expect(starts.filter((id) => id.startsWith("1."))).toHaveLength(2);
    expect(starts.filter((id) => id.startsWith("2."))).toHaveLength(6);
  });
  test("two of four slots each fit on eight", () => {
    expect(outcome({ slots: 8, trials: [waiting("1.1", 4), waiting("2.1", 4)] }).starts).toEqual([
      "1.1",
      "2.1",
    ]);
  });
  test("who holds more than its max_slots gives the rest back", () => {
    const trials = [1, 2, 3, 4].map((number) => running(`1.${number}`));
    expect(outcome({ slots: 4, trials, experiments: { 1: { maxSlots: 2 } } }).gives).toHaveLength(2);
  });
  test("what is bigger than the pool holds nobody up", () => {
    expect(outcome({ slots: 4, trials: [waiting("1.1", 5), waiting("2.1", 4)] }).starts).toEqual(["2.1"]);
  });
  test("by max-min and not by demand: 4 and 4 of 8 for those who want 10 and 30", () => {
    const { starts } = outcome({ slots: 8, trials: [...several(1, 10), ...several(2, 30)] });
    expect(starts.filter((id) => id.startsWith("1."))).toHaveLength(4);
  });
});

describe("as Determined's priorities decide", () => {
  const HIGH = { 1: { priority: 40 }, 2: { priority: 50 }, 3: { priority: 45 } };
  test("lower numbers first, who came first among equals", () => {
    const trials = [waiting("2.1"), waiting("1.2"), waiting("1.1")];
    expect(outcome({ slots: 1, trials, experiments: HIGH }).starts).toEqual(["1.1"]);
  });
  test("a high priority takes the slots of a lower one, and starts when they are free", () => {
    const scene = { slots: 4, trials: [running("2.1", 4), waiting("1.1", 4)], experiments: HIGH };
    expect(outcome(scene)).toEqual({ starts: [], gives: ["2.1"] });
    expect(plan(view(scene)).waits.get("1.1")).toEqual({ why: "comingFree", from: ["2.1"] });
  });
  test("only as many as are needed give their slots back, the lowest first", () => {
    const trials = [running("3.1"), running("2.1"), running("2.2"), waiting("1.1")];
    expect(outcome({ slots: 3, trials, experiments: HIGH }).gives).toEqual(["2.2"]);
  });
  test("nobody gives slots back for who cannot start even then", () => {
    const pinned = running("3.1", 4, { isPreemptible: false });
    const trials = [running("2.1", 4), pinned, waiting("1.1", 8)];
    expect(outcome({ slots: 8, trials, experiments: HIGH })).toEqual({ starts: [], gives: [] });
  });
  test("a trial without slots starts at once, behind whatever", () => {
    const trials = [running("1.1", 1), waiting("1.2", 1), waiting("2.1", 0)];
    expect(outcome({ slots: 1, trials, experiments: HIGH }).starts).toEqual(["2.1"]);
  });
});

describe("inside a share", () => {
  test("the trial that ends first goes first", () => {
    const long = waiting("1.1", 1, { needMs: 60 * MINUTE_MS, isNeedKnown: true });
    const short = waiting("2.1", 1, { needMs: MINUTE_MS, isNeedKnown: true });
    expect(outcome({ slots: 1, trials: [long, short] }).starts).toEqual(["2.1"]);
  });
  test("who has waited long for it goes before who is a little shorter", () => {
    const long = waiting("1.1", 1, { needMs: 20 * MINUTE_MS, waitedMs: 40 * MINUTE_MS });
    const short = waiting("2.1", 1, { needMs: 15 * MINUTE_MS });
    expect(outcome({ slots: 1, trials: [long, short] }).starts).toEqual(["1.1"]);
  });
  test("nothing is preempted for less than the move costs", () => {
    const runs = running("1.1", 1, { needMs: 60 * MINUTE_MS, moveCostMs: 30 * MINUTE_MS });
    const shorter = (needMs: number) => waiting("2.1", 1, { needMs, isNeedKnown: true });
    expect(outcome({ slots: 1, trials: [runs, shorter(20 * MINUTE_MS)] }).gives).toEqual([]);
    expect(outcome({ slots: 1, trials: [runs, shorter(5 * MINUTE_MS)] }).gives).toEqual(["1.1"]);
  });
  test("who has never been seen to go on from a checkpoint is moved for a better priority alone", () => {
    const hour = running("1.1", 1, { needMs: 60 * MINUTE_MS, isProven: false });
    const short = waiting("2.1", 1, { needMs: MINUTE_MS, isNeedKnown: true });
    expect(outcome({ slots: 1, trials: [hour, short] }).gives).toEqual([]);
    expect(outcome({ slots: 1, trials: [hour, short], experiments: { 2: { priority: 41 } } }).gives).toEqual([
      "1.1",
    ]);
  });
  test("who ends before it would have moved stays, also for a higher priority", () => {
    const trials = [running("2.1", 1, { needMs: MINUTE_MS / 3 }), waiting("1.1")];
    expect(outcome({ slots: 1, trials, experiments: { 1: { priority: 1 } } }).gives).toEqual([]);
  });
  test("what was held lately counts half", () => {
    const trials = [...several(1, 8), ...several(2, 8)];
    const { starts } = outcome({ slots: 8, trials, experiments: { 1: { recentSlots: 8 } } });
    expect(starts.filter((id) => id.startsWith("1."))).toHaveLength(2);
  });
});

describe("users", () => {
  test("share before their experiments do", () => {
    const trials = [1, 2, 3].flatMap((experiment) => several(experiment, 8));
    const experiments = { 1: { user: "ada" }, 2: { user: "ada" }, 3: { user: "grace" } };
    const { starts } = outcome({ slots: 8, trials, experiments });
    expect(starts.filter((id) => id.startsWith("3."))).toHaveLength(4);
    expect(starts.filter((id) => id.startsWith("1."))).toHaveLength(2);
  });
  test("hold no more than their limit", () => {
    const trials = [...several(1, 4), ...several(2, 4)];
    const experiments = { 1: { user: "ada" }, 2: { user: "grace" } };
    const { starts } = outcome({ slots: 8, trials, experiments, users: { ada: { maxSlots: 1 } } });
    expect(starts.filter((id) => id.startsWith("1."))).toHaveLength(1);
  });
});

describe("behind the first in line that does not fit", () => {
  const first = waiting("1.1", 2, { waitedMs: 1 });
  const pinned = running("9.1", 1, { isPreemptible: false, needMs: 5 * MINUTE_MS });
  const start = (trial: QueuedTrial, slots = 2) =>
    outcome({
      slots,
      trials: [pinned, first, trial],
      experiments: { 1: { priority: 1 } },
    }).starts;

  test("nobody starts of whom nothing is known", () => {
    expect(start(waiting("2.1"))).toEqual([]);
  });
  test("who ends before it could start does", () => {
    expect(start(waiting("2.1", 1, { needMs: 4 * MINUTE_MS, isNeedKnown: true }))).toEqual(["2.1"]);
    expect(start(waiting("2.1", 1, { needMs: 6 * MINUTE_MS, isNeedKnown: true }))).toEqual([]);
  });
  test("who gives its slots back when asked does", () => {
    expect(start(waiting("2.1", 1, { isPreemptible: true }))).toEqual(["2.1"]);
  });
  test("everybody starts when it waits for a slot that somebody else holds", () => {
    const scene = {
      slots: 2,
      foreign: 1,
      trials: [first, waiting("2.1")],
      experiments: { 1: { priority: 1 } },
    };
    expect(outcome(scene).starts).toEqual(["2.1"]);
    expect(plan(view(scene)).waits.get("1.1")).toEqual({ why: "heldByOthers" });
  });
});

const anyTrial = fc.record({
  experiment: fc.integer({ min: 1, max: 4 }),
  slots: fc.integer({ min: 0, max: 5 }),
  state: fc.constantFrom<QueuedTrial["state"]>("waiting", "waiting", "running", "leaving"),
  needMs: fc.integer({ min: 0, max: 100 * MINUTE_MS }),
  waitedMs: fc.integer({ min: 0, max: 400 * MINUTE_MS }),
  isNeedKnown: fc.boolean(),
  isPreemptible: fc.boolean(),
});
const anyScene = fc
  .record({
    free: fc.nat(6),
    foreign: fc.nat(2),
    trials: fc.array(anyTrial, { maxLength: 25 }),
    shares: fc.array(
      fc.record({
        user: fc.constantFrom("ada", "grace"),
        priority: fc.integer({ min: 1, max: 3 }),
        weight: fc.integer({ min: 1, max: 3 }),
        maxSlots: fc.option(fc.integer({ min: 1, max: 4 })),
        recentSlots: fc.nat(4),
      }),
      { minLength: 4, maxLength: 4 },
    ),
  })
  .map(({ free, foreign, trials, shares }): Scene => {
    const all = trials.map(({ experiment, slots, ...more }, index) =>
      waiting(`${experiment}.${index + 1}`, slots, { ...more, place: index }),
    );
    const held = all.reduce((sum, { state, slots }) => sum + (state === "waiting" ? 0 : slots), 0);
    return {
      slots: held + free + foreign,
      foreign,
      trials: all,
      experiments: Object.fromEntries(shares.map((share, index) => [index + 1, share])),
    };
  });

describe("whatever the pool", () => {
  test("no slot twice, whole gangs, no limit exceeded, everybody is granted or waits", () => {
    fc.assert(
      fc.property(anyScene, (scene) => {
        const asked = view(scene);
        const { grants, preempts, queue } = plan(asked);
        const used = grants.flatMap(({ slotIds }) => slotIds);
        expect(new Set(used).size).toBe(used.length);
        const isFree = new Set(asked.slots.filter(({ usable }) => usable).map(({ id }) => id));
        for (const id of used) expect(isFree.has(id)).toBe(true);
        const byId = new Map(asked.trials.map((trial) => [trial.id, trial]));
        for (const { trialId, slotIds } of grants)
          expect(slotIds).toHaveLength(byId.get(trialId)?.slots ?? -1);
        const waits = asked.trials.filter(({ state }) => state === "waiting").map(({ id }) => id);
        expect([...grants.map(({ trialId }) => trialId), ...queue.map(({ id }) => id)].sort()).toEqual(
          waits.sort(),
        );
        for (const id of preempts) {
          const trial = byId.get(id);
          expect(trial?.state === "running" && trial.isPreemptible && trial.needMs > trial.moveCostMs).toBe(
            true,
          );
        }
        for (const [experimentId, { maxSlots }] of asked.experiments) {
          if (
            maxSlots === null ||
            !grants.some(({ trialId }) => byId.get(trialId)?.experimentId === experimentId)
          )
            continue;
          const holds = asked.trials.filter(
            ({ id, experimentId: of, state }) =>
              of === experimentId &&
              (grants.some(({ trialId }) => trialId === id) ||
                (state === "running" && !preempts.includes(id))),
          );
          expect(holds.reduce((sum, { slots }) => sum + slots, 0)).toBeLessThanOrEqual(maxSlots);
        }
      }),
      { numRuns: 1000 },
    );
  });

  test("slots are taken from somebody only for somebody, or for a limit", () => {
    fc.assert(
      fc.property(anyScene, (scene) => {
        const asked = view(scene);
        const { grants, preempts, waits, queue } = plan(asked);
        if (preempts.length === 0) return;
        const isLimited = [...asked.experiments.values()].some(({ maxSlots }) => maxSlots !== null);
        const comes = queue.some(({ id }) => waits.get(id)?.why === "comingFree");
        expect(isLimited || comes || grants.length > 0).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  test("the bound on waiting: after it, nobody of the priority that came later gets a slot that it could have had", () => {
    fc.assert(
      fc.property(anyScene, (scene) => {
        const asked = view(scene);
        const boundMs = waitingBoundMs(asked.typicalMs);
        const priorityOf = ({ experimentId }: QueuedTrial) =>
          asked.experiments.get(experimentId)?.priority ?? 0;
        const { grants, queue, waits } = plan(asked);
        for (const trial of queue) {
          if (trial.waitedMs <= boundMs || waits.get(trial.id)?.why !== "firstInLine") continue;
          for (const { trialId } of grants) {
            const other = asked.trials.find(({ id }) => id === trialId);
            if (other === undefined || other.slots === 0 || priorityOf(other) < priorityOf(trial)) continue;
            const isAhead =
              priorityOf(other) === priorityOf(trial) &&
              other.waitedMs > boundMs &&
              other.place < trial.place;
            // It ends before, or gives its slots back at once.
            const isHarmless = other.isPreemptible || other.isNeedKnown;
            expect(isAhead || isHarmless).toBe(true);
          }
        }
      }),
      { numRuns: 1000 },
    );
  });
});
