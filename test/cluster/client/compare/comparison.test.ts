import { expect, test } from "vitest";
import { compare, type Compared } from "../../../../src/cluster/client/compare/comparison.ts";
import type { SeriesState } from "../../../../src/cluster/protocol/events.ts";
import { experiment, LOSS, NOW_MS, trial } from "../../../extension/fixtures.ts";

function series(name: string, lastValue: number, group = "validation"): SeriesState {
  const of = { trialId: "1.1", group, name, rank: 0 };
  return { ...of, count: 3, revision: 0, lastStep: 3, lastValue, lastAt: NOW_MS };
}
function one(change: Partial<Compared> = {}): Compared {
  return {
    experiment: experiment({ metric: LOSS }),
    trial: trial(),
    series: [],
    provenance: null,
    ...change,
  };
}
const rowOf = (compared: Compared[], name: string) => compare(compared).find((row) => row.name === name);

test("marks the best by what the experiment says, by the name where it says nothing, and else nobody", () => {
  const compared = [
    one({
      trial: trial({ best: { value: 0.5, step: 1 } }),
      series: [series("loss", 0.6), series("accuracy", 0.9), series("lr", 1)],
    }),
    one({
      trial: trial({ number: 2, best: { value: 0.4, step: 2 } }),
      series: [series("loss", 0.7), series("accuracy", 0.8), series("lr", 2)],
    }),
  ];
  expect(rowOf(compared, "validation/loss, best")).toMatchObject({ cells: [0.5, 0.4], best: [1] });
  expect(rowOf(compared, "validation/loss, last")).toMatchObject({ cells: [0.6, 0.7], best: [0] });
  expect(rowOf(compared, "validation/accuracy, last")).toMatchObject({ best: [0] });
  expect(rowOf(compared, "validation/lr, last")).toMatchObject({ differs: true, best: [] });
});

test("a metric that only one has, and one that is no number, are nobody's loss", () => {
  const compared = [
    one({ series: [series("loss", NaN), series("f1", 0.5)] }),
    one({ series: [series("loss", 0.2)] }),
    one({ series: [series("loss", 0.2)] }),
  ];
  expect(rowOf(compared, "validation/loss, last")).toMatchObject({ cells: [NaN, 0.2, 0.2], best: [1, 2] });
  expect(rowOf(compared, "validation/f1, last")).toMatchObject({ cells: [0.5, null, null], best: [0] });
  expect(
    rowOf(
      [one({ series: [series("loss", NaN)] }), one({ series: [series("loss", NaN)] })],
      "validation/loss, last",
    ),
  ).toMatchObject({ differs: false, best: [] });
});

test("parameters are what the script read, before what the configuration gave; nested ones have their whole name", () => {
  const compared = [
    one({ trial: trial({ hyperparameters: { lr: 0.1, model: { width: 64 } } }) }),
    one({
      trial: trial({
        hyperparameters: { lr: 0.1, model: { width: 64 } },
        parameters: { lr: { value: 0.2, origin: "flag" } },
      }),
    }),
  ];
  expect(rowOf(compared, "lr")).toMatchObject({ section: "Parameters", cells: [0.1, 0.2], differs: true });
  expect(rowOf(compared, "model.width")).toMatchObject({ cells: [64, 64], differs: false });
});

test("packages and seeds come from the script's own process, and what was not seen is absent", () => {
  const compared = [
    one({
      provenance: { supervisor: { packages: { numpy: "1.0" }, seeds: { PYTHONHASHSEED: "not seen" } } },
    }),
    one({
      provenance: {
        supervisor: { packages: { numpy: "1.0" } },
        harness: { packages: { numpy: "2.0", torch: "2.9" } },
      },
    }),
    one(),
  ];
  expect(rowOf(compared, "numpy")).toMatchObject({ section: "Packages", cells: ["1.0", "2.0", null] });
  expect(rowOf(compared, "torch")).toMatchObject({ cells: [null, "2.9", null] });
  expect(rowOf(compared, "PYTHONHASHSEED")).toMatchObject({ cells: [null, null, null], differs: false });
});

test("names of a script's own choosing are names, also those that objects have", () => {
  const hyperparameters = JSON.parse('{"__proto__": 1, "constructor": 2}') as Record<string, number>;
  const compared = [one({ trial: trial({ hyperparameters }) }), one()];
  expect(rowOf(compared, "__proto__")).toMatchObject({ cells: [1, null] });
  expect(rowOf(compared, "constructor")).toMatchObject({ cells: [2, null] });
});
