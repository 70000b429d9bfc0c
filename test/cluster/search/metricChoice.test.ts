import { describe, expect, test } from "vitest";
import type { MetricChoice } from "../../../src/cluster/protocol/entities.ts";
import { chooseMetric, type MetricName } from "../../../src/cluster/search/metricChoice.ts";

const names = (...all: string[]): MetricName[] =>
  all.map((text) => ({ group: text.slice(0, text.indexOf("/")), name: text.slice(text.indexOf("/") + 1) }));
const choose = (...all: string[]) => chooseMetric(null, null, names(...all));

describe("by configuration", () => {
  const configured = { metric: "accuracy", smallerIsBetter: false };
  test("a bare name looks in validation, then in training", () => {
    expect(chooseMetric(null, configured, names("training/accuracy", "validation/accuracy"))).toEqual({
      group: "validation",
      name: "accuracy",
      smallerIsBetter: false,
      origin: "configuration",
    });
    expect(chooseMetric(null, configured, names("other/accuracy", "training/accuracy"))?.group).toBe(
      "training",
    );
  });
  test("a name with a group is taken at its word", () => {
    const metric = { metric: "training/loss", smallerIsBetter: true };
    expect(chooseMetric(null, metric, names("validation/loss", "training/loss"))?.group).toBe("training");
  });
  test("until it is reported another has to do", () => {
    const guess = chooseMetric(null, configured, names("training/loss"));
    expect(guess).toMatchObject({ name: "loss", origin: "guess" });
    const later = names("training/loss", "validation/accuracy");
    expect(chooseMetric(guess, configured, later)).toMatchObject({
      name: "accuracy",
      origin: "configuration",
    });
    const only = chooseMetric(null, configured, names("validation/val_loss"));
    expect(only?.origin).toBe("only_validation");
    expect(chooseMetric(only, configured, later)?.origin).toBe("configuration");
  });
});

test("the only validation metric", () => {
  expect(choose("training/loss", "validation/top5")).toEqual({
    group: "validation",
    name: "top5",
    smallerIsBetter: true,
    origin: "only_validation",
  });
  expect(choose("validation/val_acc")?.smallerIsBetter).toBe(false);
});

test.each([
  ["loss", true],
  ["val_loss", true],
  ["trainLoss", true],
  ["error", true],
  ["perplexity", true],
  ["rmse", true],
  ["accuracy", false],
  ["val_acc", false],
  ["macro/f1", false],
  ["R2", false],
  ["f1-score", false],
])("a guess by name: %s", (name, smallerIsBetter) => {
  expect(choose("training/lr", `training/${name}`)).toEqual({
    ...{ group: "training", name, smallerIsBetter },
    origin: "guess",
  });
});

test.each(["lr", "closses", "accelerator", "epoch"])("no guess: %s", (name) => {
  expect(choose(`training/${name}`)).toBeNull();
});

test("validation goes before training, the system's numbers never judge", () => {
  expect(choose("training/loss", "validation/a", "validation/acc")?.name).toBe("acc");
  expect(choose("system/error")).toBeNull();
});

test("of names that are alike the one of what is not trained on", () => {
  expect(choose("training/loss", "training/val_loss", "training/testLoss")?.name).toBe("val_loss");
  expect(choose("training/val_loss", "validation/loss")?.group).toBe("validation");
  expect(choose("validation/loss", "validation/eval_loss")?.name).toBe("eval_loss");
  expect(choose("training/loss", "training/value_loss", "training/latest_loss")?.name).toBe("loss");
});

test("the only validation metric is chosen again when it is not the only one any more", () => {
  const only = choose("validation/top5");
  expect(chooseMetric(only, null, names("validation/top5", "validation/acc"))).toEqual({
    ...{ group: "validation", name: "acc", smallerIsBetter: false },
    origin: "guess",
  });
  expect(chooseMetric(only, null, names("validation/top5", "validation/top1"))).toBeNull();
});

test("what a person or the configuration chose stays", () => {
  const guess: MetricChoice = { group: "training", name: "loss", smallerIsBetter: true, origin: "guess" };
  const seen = names("training/loss", "validation/val_loss");
  expect(chooseMetric(guess, null, seen)?.name).toBe("val_loss");
  for (const origin of ["person", "configuration"] as const)
    expect(chooseMetric({ ...guess, origin }, null, seen)).toEqual({ ...guess, origin });
});
