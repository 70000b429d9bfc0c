import { expect, test } from "vitest";
import { DEFAULT_OPTIONS, describeSubmit } from "../../../src/extension/commands/submitMemory.ts";

test("a submit says what of the last one it repeats", () => {
  expect(describeSubmit("/project/train.py", DEFAULT_OPTIONS)).toBe("train.py");
  expect(
    describeSubmit("/project/train.py", { ...DEFAULT_OPTIONS, arguments: ["--epochs", "3"], slots: 1 }),
  ).toBe("train.py --epochs 3, 1 slot");
  expect(
    describeSubmit("/project/train.py", {
      arguments: [],
      slots: 2,
      launcher: "torchrun",
      configuration: { file: "/project/small.yaml" },
    }),
  ).toBe("train.py, 2 slots, torchrun, small.yaml");
  expect(describeSubmit("train.py", { ...DEFAULT_OPTIONS, configuration: null })).toBe(
    "train.py, no configuration",
  );
});
