import { expect, test } from "vitest";
import { metricMissing } from "../../../../src/cluster/server/experiments/metricMissing.ts";

const LOSS = { group: "training", name: "loss" };
const VALIDATION = { group: "validation", name: "val_loss" };

test("nothing is said while the metric may still come", () => {
  expect(metricMissing("accuracy", [LOSS], false)).toBeNull();
  expect(metricMissing("val_loss", [LOSS, VALIDATION], false)).toBeNull();
  expect(metricMissing("validation/val_loss", [LOSS, VALIDATION], true)).toBeNull();
  expect(metricMissing(undefined, [LOSS], true)).toBeNull();
});

test("a name that is spelled slightly differently is asked about at once", () => {
  expect(metricMissing("val_los", [LOSS, VALIDATION], false)).toBe(
    "The search compares trials by `val_los`, which the script does not report; it reports training/loss, validation/val_loss. Did you mean `val_loss`? Nothing is stopped early without it.",
  );
  expect(metricMissing("validation/valloss", [VALIDATION], false)).toContain("`validation/val_loss`");
});

test("another validation metric, or the end, shows that it does not come", () => {
  expect(metricMissing("accuracy", [LOSS, VALIDATION], false)).toContain("does not report");
  expect(metricMissing("accuracy", [LOSS], true)).toContain("it reports training/loss.");
});

test("many names are not all listed", () => {
  const many = Array.from({ length: 30 }, (_, index) => ({ group: "training", name: `m${index}` }));
  expect(metricMissing("accuracy", many, true)).toContain("training/m9, and 20 others.");
});
