import { describe, expect, test } from "vitest";
import { smallestChange } from "../../../../src/cluster/server/scheduler/change.ts";
import { forecast } from "../../../../src/cluster/server/scheduler/forecast.ts";
import { plan } from "../../../../src/cluster/server/scheduler/plan.ts";
import { MINUTE_MS, running, view, waiting, type Scene } from "./views.ts";

const pinned = (id: string, minutes: number, slots = 1) =>
  running(id, slots, { isPreemptible: false, needMs: minutes * MINUTE_MS });
/** In minutes. */
function starts(scene: Scene, id: string) {
  const found = forecast(view(scene), new Set([id])).get(id);
  return found && { from: found.fromMs / MINUTE_MS, to: found.toMs / MINUTE_MS };
}
function change(scene: Scene, id: string) {
  const asked = view(scene);
  const trial = asked.trials.find((each) => each.id === id);
  if (trial === undefined) throw new Error(`no trial ${id}`);
  return smallestChange(asked, trial, plan(asked));
}

describe("when a trial starts", () => {
  test("is an interval around what those who hold its slots still need", () => {
    const found = starts({ slots: 1, trials: [pinned("9.1", 30), waiting("1.1")] }, "1.1");
    expect(found?.from).toBeCloseTo(25.5);
    expect(found?.to).toBeCloseTo(36);
  });
  test("counts who is served before it, by what is typical", () => {
    const ahead = waiting("1.1", 1, { needMs: 10 * MINUTE_MS, waitedMs: MINUTE_MS });
    const scene = { slots: 1, trials: [pinned("9.1", 30), ahead, waiting("2.1")], typicalMs: 10 * MINUTE_MS };
    const found = starts(scene, "2.1");
    expect(found?.from).toBeCloseTo(25.5 + 4);
    expect(found?.to).toBeCloseTo(36 + 25);
  });
  test("is not said where nothing is known of those before it", () => {
    const unknown = running("9.1", 1, { isPreemptible: false, isNeedKnown: false });
    expect(starts({ slots: 1, trials: [unknown, waiting("1.1")] }, "1.1")).toBeUndefined();
  });
  test("is not said of what never can", () => {
    const scene = { slots: 1, trials: [pinned("9.1", 30), waiting("1.1", 2)], typicalMs: MINUTE_MS };
    expect(starts(scene, "1.1")).toBeUndefined();
  });
  test("is once the preempted have written their checkpoints", () => {
    const scene = {
      slots: 1,
      trials: [running("9.1", 1, { needMs: 60 * MINUTE_MS }), waiting("1.1")],
      experiments: { 1: { priority: 1 } },
    };
    expect(starts(scene, "1.1")).toEqual({ from: 0.25, to: 0.25 });
  });
});

describe("the smallest change that would start a trial", () => {
  test("is the limit that holds it, lifted by what it needs", () => {
    const scene = {
      slots: 4,
      trials: [pinned("1.1", 5), waiting("1.2", 2)],
      experiments: { 1: { maxSlots: 1 } },
    };
    expect(change(scene, "1.2")).toMatchObject({ type: "maxSlots", experimentId: 1, maxSlots: 3 });
  });
  test("is the priority that is just enough, with who would be preempted", () => {
    const hour = { needMs: 60 * MINUTE_MS };
    const trials = [running("2.1", 1, hour), running("3.1", 1, hour), waiting("1.1", 1, hour)];
    const experiments = { 1: { priority: 60 }, 2: { priority: 50 }, 3: { priority: 30 } };
    expect(change({ slots: 2, trials, experiments }, "1.1")).toMatchObject({
      type: "priority",
      priority: 49,
      preempts: ["2.1"],
    });
  });
  test("is nothing where those in the way cannot be moved, or it can never run", () => {
    expect(change({ slots: 1, trials: [pinned("9.1", 5), waiting("1.1")] }, "1.1")).toBeNull();
    expect(change({ slots: 1, trials: [waiting("1.1", 3)] }, "1.1")).toBeNull();
  });
  test("is to pause who is in the way where no priority is better", () => {
    const trials = [running("9.1", 1, { needMs: 2 * MINUTE_MS }), waiting("1.1")];
    const experiments = { 1: { priority: 1 }, 9: { priority: 1 } };
    expect(change({ slots: 1, trials, experiments }, "1.1")).toMatchObject({ type: "pause", trialId: "9.1" });
  });
});
