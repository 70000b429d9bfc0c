import { expect, test } from "vitest";
import { checkpointRows, explainMetric, metricsOf } from "../../../src/extension/commands/checkpointRows.ts";
import { checkpoint, LOSS, NOW_MS } from "../fixtures.ts";

const loss = (step: number, value: number) =>
  checkpoint({ step, metrics: { "validation/loss": value, "training/acc": 0.5 } });

test("the best is first and says so; the latest says so", () => {
  const rows = checkpointRows([loss(5, 0.3), loss(10, 0.1), loss(15, 0.2)], LOSS, NOW_MS);
  expect(rows.map(({ label, description }) => `${label}: ${description}`)).toEqual([
    "Step 10: loss 0.1 · best",
    "Step 15: loss 0.2 · latest",
    "Step 5: loss 0.3",
  ]);
  expect(rows[0]?.detail).toBe("1.2 MB · 2 min ago");
});

test("without a metric the latest is first, and nothing is called best", () => {
  const rows = checkpointRows([loss(5, 0.3), loss(10, 0.1)], null, NOW_MS);
  expect(rows.map(({ label, description }) => `${label}: ${description}`)).toEqual([
    "Step 10: latest",
    "Step 5: ",
  ]);
});

test("a guess is said to be one", () => {
  expect(explainMetric({ ...LOSS, origin: "guess" })).toMatch(/a guess/);
  expect(explainMetric(LOSS)).toBe("Best by loss, smaller is better");
  expect(explainMetric(null)).toMatch(/latest/);
});

test("metrics to choose from keep the slashes of their names", () => {
  const found = metricsOf([checkpoint({ metrics: { "validation/eval/top5": 1, "training/loss": 2 } })]);
  expect(found).toEqual([
    { group: "training", name: "loss" },
    { group: "validation", name: "eval/top5" },
  ]);
});
