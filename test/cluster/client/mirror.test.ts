import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PoolMirror } from "../../../src/cluster/client/mirror.ts";
import type { Checkpoint, Experiment, Trial } from "../../../src/cluster/protocol/entities.ts";
import type { PoolEvent } from "../../../src/cluster/protocol/events.ts";
import { coalesce } from "../../../src/cluster/server/experiments/feed.ts";

// The mirror only moves entities around: identity and the links between them are all that it looks at.
const experiment = (id: number, name: string) => ({ id, name }) as Experiment;
const trial = (id: string, state: string) =>
  ({ id, experimentId: Number(id.split(".")[0]), number: Number(id.split(".")[1]), state }) as Trial;
const checkpoint = (uuid: string, trialId: string, step: number) =>
  ({ uuid, trialId, experimentId: Number(trialId.split(".")[0]), step }) as Checkpoint;

const change: fc.Arbitrary<PoolEvent["change"]> = fc
  .record({ kind: fc.nat(4), id: fc.integer({ min: 1, max: 3 }), text: fc.constantFrom("a", "b", "c") })
  .map(({ kind, id, text }): PoolEvent["change"] => {
    switch (kind) {
      case 0:
        return { type: "experiment", experiment: experiment(id, text) };
      case 1:
        return { type: "trial", trial: trial(`${id}.1`, text) };
      case 2:
        return { type: "checkpoint", checkpoint: checkpoint(`${text}${id}`, `${id}.1`, id) };
      case 3:
        return { type: "checkpointDeleted", uuid: `${text}${id}` };
      default:
        return { type: "experimentDeleted", id };
    }
  });
/** Numbers are not given twice: nothing follows an experiment's deletion. */
function possible(changes: readonly PoolEvent["change"][]): PoolEvent["change"][] {
  const deleted = new Set<number>();
  return changes.filter((what) => {
    const id = experimentOf(what);
    if (deleted.has(id)) return false;
    if (what.type === "experimentDeleted") deleted.add(id);
    return true;
  });
}
function experimentOf(what: PoolEvent["change"]): number {
  switch (what.type) {
    case "experiment":
      return what.experiment.id;
    case "trial":
      return what.trial.experimentId;
    case "checkpoint":
      return what.checkpoint.experimentId;
    case "experimentDeleted":
      return what.id;
    case "checkpointDeleted":
      return Number(what.uuid.slice(1));
    default:
      return 0;
  }
}
const number = (changes: PoolEvent["change"][]): PoolEvent[] =>
  changes.map((what, index) => ({ seq: index + 1, at: 0, change: what }));
const contents = ({ experiments, trials, checkpoints, seq }: PoolMirror) => ({
  experiments,
  trials,
  checkpoints,
  seq,
});
const empty = { seq: 0, snapshot: { experiments: [], trials: [], runs: [], checkpoints: [], slots: [] } };

function fresh(): PoolMirror {
  const mirror = new PoolMirror();
  mirror.restart(empty);
  return mirror;
}

const apply = (mirror: PoolMirror, events: PoolEvent[]) => mirror.apply({ after: 0, events });

describe("the mirror of a pool", () => {
  it("ends the same however often the events come, in whatever batches, after whatever losses (property)", () => {
    fc.assert(
      fc.property(
        fc.array(change, { maxLength: 30 }),
        fc.array(fc.tuple(fc.nat(30), fc.nat(30)), { maxLength: 10 }),
        (changes, batches) => {
          const events = number(possible(changes));
          const whole = fresh();
          for (const event of events) whole.apply({ after: event.seq - 1, events: [event] });
          const other = fresh();
          const send = (from: number, length: number): boolean => {
            // As the server sends them: of each thing the newest state.
            const batch = coalesce(events.slice(from, from + length));
            return batch.length === 0 || other.apply({ after: from, events: batch });
          };
          for (const [from, length] of batches) {
            const before = other.seq ?? 0;
            const isComplete = send(from, length);
            expect(isComplete).toBe(from <= before || events.slice(from, from + length).length === 0);
            // A batch that leaves a gap is told, and then the client asks for what follows its own number.
            if (!isComplete) expect(send(before, events.length)).toBe(true);
          }
          expect(send(other.seq ?? 0, events.length)).toBe(true);
          expect(contents(other)).toEqual(contents(whole));
          for (const id of [1, 2, 3]) {
            expect(other.trialsOf(id)).toEqual(whole.trialsOf(id));
            expect(other.checkpointsOf(`${id}.1`)).toEqual(
              [...whole.checkpoints.values()]
                .filter(({ trialId }) => trialId === `${id}.1`)
                .sort((a, b) => a.step - b.step || (a.uuid < b.uuid ? -1 : 1)),
            );
          }
        },
      ),
    );
  });

  it("says that events are missing, and keeps what it has", () => {
    const mirror = fresh();
    const [first, second, third] = number([
      { type: "experiment", experiment: experiment(1, "a") },
      { type: "experiment", experiment: experiment(1, "b") },
      { type: "experiment", experiment: experiment(1, "c") },
    ]) as [PoolEvent, PoolEvent, PoolEvent];
    expect(mirror.apply({ after: 0, events: [first] })).toBe(true);
    expect(mirror.apply({ after: 2, events: [third] })).toBe(false);
    expect(mirror.experiments.get(1)?.name).toBe("a");
    expect(mirror.apply({ after: 1, events: [second, third] })).toBe(true);
    expect(mirror.experiments.get(1)?.name).toBe("c");
  });

  it("tells which experiments a change touches", () => {
    const mirror = fresh();
    const touched: number[][] = [];
    mirror.onDidChange(({ experiments }) => void touched.push([...experiments]));
    apply(
      mirror,
      number([
        { type: "trial", trial: trial("2.1", "a") },
        { type: "checkpoint", checkpoint: checkpoint("x", "3.1", 1) },
      ]),
    );
    expect(touched).toEqual([[2, 3]]);
  });

  it("holds of a bounded snapshot what came since, counts the rest, and adds what it is answered", () => {
    const mirror = new PoolMirror();
    mirror.restart({
      seq: 0,
      snapshot: {
        ...empty.snapshot,
        experiments: [experiment(3, "lively"), experiment(9, "new")],
        trials: [trial("3.7", "running")],
        beyond: { total: 9, from: 9 },
      },
    });
    expect([mirror.total, mirror.from, mirror.isWhole(9), mirror.isWhole(10)]).toEqual([9, 9, false, true]);
    apply(
      mirror,
      number([
        { type: "experiment", experiment: experiment(10, "newer") },
        { type: "trial", trial: trial("3.7", "completed") },
        { type: "experimentDeleted", id: 4 },
        // Made and gone before anybody was told of it.
        { type: "experimentDeleted", id: 12 },
        { type: "checkpointDeleted", uuid: "gone" },
      ]),
    );
    expect(mirror.total).toBe(9);
    expect(mirror.holdingOf(3)).toEqual([]);
    const changes: [boolean, number[]][] = [];
    mirror.onDidChange(({ isOld, experiments }) => void changes.push([isOld, [...experiments]]));
    // An answer that was made before those events.
    mirror.hold(
      {
        experiments: [experiment(3, "old words"), experiment(4, "deleted"), experiment(5, "old")],
        trials: [trial("3.7", "running"), trial("3.8", "failed"), trial("4.1", "completed")],
        checkpoints: [checkpoint("gone", "3.8", 1), checkpoint("kept", "3.8", 1)],
      },
      { trialId: "3.8" },
    );
    expect([...mirror.experiments.values()].map(({ id, name }) => `${id} ${name}`)).toEqual([
      "3 lively",
      "9 new",
      "10 newer",
      "5 old",
    ]);
    expect([...mirror.trials.values()].map(({ id, state }) => `${id} ${state}`)).toEqual([
      "3.7 completed",
      "3.8 failed",
    ]);
    expect([...mirror.checkpoints.keys()]).toEqual(["kept"]);
    expect(changes).toEqual([[true, [5, 3]]]);
    expect([mirror.isWholeTrial("3.8"), mirror.isWholeTrial("3.7"), mirror.isWhole(3)]).toEqual([
      true,
      false,
      false,
    ]);
    mirror.restart({
      seq: 9,
      snapshot: { ...empty.snapshot, experiments: [experiment(9, "new")], beyond: { total: 4, from: 9 } },
    });
    expect([mirror.total, mirror.isWholeTrial("3.8"), mirror.experiments.size]).toEqual([4, false, 1]);
  });

  it("forgets an experiment with everything that is its own, and nothing else", () => {
    const mirror = fresh();
    apply(
      mirror,
      number([
        { type: "experiment", experiment: experiment(1, "a") },
        { type: "experiment", experiment: experiment(11, "b") },
        { type: "trial", trial: trial("1.1", "a") },
        { type: "trial", trial: trial("11.1", "a") },
        { type: "checkpoint", checkpoint: checkpoint("x", "1.1", 5) },
        { type: "checkpoint", checkpoint: checkpoint("y", "11.1", 5) },
        { type: "experimentDeleted", id: 1 },
      ]),
    );
    expect([...mirror.trials.keys()]).toEqual(["11.1"]);
    expect([...mirror.checkpoints.keys()]).toEqual(["y"]);
  });
});
