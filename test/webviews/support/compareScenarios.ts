/** What the page that compares is looked at with. */
import { compare, type Compared } from "../../../src/cluster/client/compare/comparison.ts";
import type { CompareColumn, CompareSnapshot, Subject } from "../../../src/webviews/contract/compare.ts";
import { experiment, trial } from "./fixtures.ts";
import { curve, type Curve } from "./points.ts";

export interface CompareScenario {
  snapshot: CompareSnapshot;
  /** By column. */
  curves: Curve[][];
}

const LONG_NAME = "a-name-that-a-script-gave-".repeat(4).slice(0, 100);
const LONG_METRIC = "eval/very/long/name/for_the_third_split_accuracy_top5";
const COUNTS: Record<string, number> = { two: 2, eight: 8, alike: 2, gone: 3 };

export function subjectsOf(scenario: string): Subject[] {
  return Array.from({ length: COUNTS[scenario] ?? 2 }, (_, index) => ({
    poolId: "local",
    experimentId: 12,
    trialId: `12.${index + 1}`,
  }));
}
export function compareState(scenario: string): Record<string, unknown> {
  return { subjects: subjectsOf(scenario) };
}

export function compareScenario(name: string): CompareScenario {
  const subjects = subjectsOf(name);
  const isAlike = name === "alike";
  const curves = subjects.map((_, index) => curvesOf(index, isAlike));
  const compared = subjects.map((subject, index): Compared => ({
    experiment: experiment({ name: index === 1 ? LONG_NAME : "digits-mlp", searcher: "grid" }),
    trial: trial({
      id: subject.trialId ?? "",
      number: index + 1,
      state: index === 0 || isAlike ? "completed" : "running",
      hyperparameters: isAlike
        ? {}
        : { lr: 0.003 * (index + 1), model: { width: 64, layers: 3 + (index % 2) } },
      parameters: {},
      seed: isAlike ? 1 : 1000 + index,
      best: isAlike ? null : { value: 0.0613 + 0.0131 * index, step: 880 },
    }),
    series: curves[index]?.map(({ state }) => state) ?? [],
    provenance: {
      harness: {
        packages: { numpy: index % 2 === 0 || isAlike ? "1.26.4" : "2.1.0", torch: "2.9.0" },
        interpreter: { path: "/home/ada/digits/.venv/bin/python", version: "3.11.2" },
      },
    },
  }));
  const columns = compared.map(({ trial: shown }, index): CompareColumn => ({
    subject: subjects[index] as Subject,
    label: index === 2 ? `12.${index + 1} gpu-server` : `12.${index + 1}`,
    name: index === 1 ? LONG_NAME : "digits-mlp",
    trial:
      name === "gone" && index === 2
        ? null
        : {
            id: shown.id,
            number: shown.number,
            state: shown.state,
            startedAt: shown.startedAt,
            tree: index < 2 ? "a" : "b",
          },
    problem: name === "gone" && index === 2 ? "Not connected to gpu-server." : null,
  }));
  return {
    curves,
    snapshot: {
      columns,
      rows: compare(compared),
      series: curves.flatMap((own, column) => own.map(({ state }) => ({ column, series: state }))),
    },
  };
}

function curvesOf(index: number, isAlike: boolean): Curve[] {
  const trialId = `12.${index + 1}`;
  const shift = isAlike ? 0 : index * 0.02;
  const loss = (step: number): number =>
    index === 1 && step > 700 && !isAlike ? NaN : 0.05 + shift + 2.2 * Math.exp(-step / (150 + 20 * shift));
  return [
    curve({ trialId, name: "loss" }, 900, loss),
    curve({ trialId, group: "validation", name: "val_loss" }, 18, (step) => loss(step) * 1.1, { stride: 50 }),
    ...(index === 0 && !isAlike
      ? [
          curve({ trialId, group: "validation", name: LONG_METRIC }, 18, (step) => 1 - loss(step) / 3, {
            stride: 50,
          }),
        ]
      : []),
  ];
}
