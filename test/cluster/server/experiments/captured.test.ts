import fc from "fast-check";
import { expect, test } from "vitest";
import {
  describe,
  withLibrary,
  type CapturedEvent,
} from "../../../../src/cluster/server/experiments/captured.ts";
import type { ExperimentRecord, TrialRecord } from "../../../../src/cluster/server/store/records.ts";

const event = (changes: Partial<CapturedEvent>): CapturedEvent => ({
  type: "captured",
  seq: 1,
  t: 0,
  library: "wandb",
  version: "0.31.0",
  ...changes,
});

/** The parts that are looked at. */
function records(searcher = "single"): { experiment: ExperimentRecord; trial: TrialRecord } {
  const experiment = {
    experiment: { name: "train.py", labels: [], notes: "" },
    own: { request: { script: "src/train.py", configuration: { value: { searcher: { name: searcher } } } } },
  };
  const trial = { trial: { labels: [] }, own: {} };
  return {
    experiment: experiment as unknown as ExperimentRecord,
    trial: trial as unknown as TrialRecord,
  };
}

test("a script may call its run something else later, but not what a person has named", () => {
  const { experiment, trial } = records();
  expect(describe(experiment, trial, event({ name: "first" }))).toBe(true);
  expect(describe(experiment, trial, event({ name: "first" }))).toBe(false);
  describe(experiment, trial, event({ name: "second" }));
  expect(experiment.experiment.name).toBe("second");
  experiment.experiment.name = "mine";
  describe(experiment, trial, event({ name: "third" }));
  expect(experiment.experiment.name).toBe("mine");
});

test("what a person takes away does not come back with the next attempt", () => {
  const { experiment, trial } = records();
  const told = event({ labels: ["a", "b"], notes: "a note" });
  describe(experiment, trial, told);
  expect(experiment.experiment).toMatchObject({ labels: ["a", "b"], notes: "a note" });
  experiment.experiment.labels = ["b"];
  experiment.experiment.notes = "";
  expect(describe(experiment, trial, told)).toBe(false);
  expect(experiment.experiment).toMatchObject({ labels: ["b"], notes: "" });
});

test("however much is told, there are at most 50 labels and 50 libraries, none twice, and none that is no label", () => {
  const labels = fc.array(fc.string({ maxLength: 60 }), { maxLength: 80 });
  fc.assert(
    fc.property(fc.array(labels, { maxLength: 5 }), fc.constantFrom("single", "random"), (all, searcher) => {
      const { experiment, trial } = records(searcher);
      let libraries: ReturnType<typeof withLibrary> = [];
      for (const [index, told] of all.entries()) {
        describe(experiment, trial, event({ labels: told }));
        for (const library of told)
          libraries = withLibrary(libraries, event({ library, version: `${index}` }));
      }
      const kept = searcher === "single" ? experiment.experiment.labels : trial.trial.labels;
      expect(kept.length).toBeLessThanOrEqual(50);
      expect(new Set(kept).size).toBe(kept.length);
      for (const label of kept)
        expect(label.trim() === label && label !== "" && label.length <= 50).toBe(true);
      expect(libraries.length).toBeLessThanOrEqual(50);
      expect(new Set(libraries.map(({ library }) => library)).size).toBe(libraries.length);
    }),
  );
});
