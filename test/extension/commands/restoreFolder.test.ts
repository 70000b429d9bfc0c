import path from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { DEFAULT_RESTORE_FOLDER, restoreDestination } from "../../../src/extension/commands/restoreFolder.ts";

const FOLDER = "/home/ada/project";
const at = (template: string, name = "digits", step = 900, poolId = "local"): string =>
  restoreDestination(FOLDER, template, poolId, { id: 12, name }, { trialId: "12.3", step });

test("the default names experiment, trial and step", () => {
  expect(at(DEFAULT_RESTORE_FOLDER)).toBe(`${FOLDER}/checkpoints/12-3-step900`);
});

test("another pool's experiment of the same number goes elsewhere", () => {
  expect(at(DEFAULT_RESTORE_FOLDER, "digits", 900, "gpu1")).toBe(`${FOLDER}/checkpoints/gpu1-12-3-step900`);
});

test("a template of one's own", () => {
  expect(at("runs/${name}/${step}", "my model: v2")).toBe(`${FOLDER}/runs/my_model_v2/900`);
});

test.each(["/tmp/x", "../out", ".", "", "a/../..", ".git/hooks", "sub/.git/x"])(
  "the template %j leads nowhere else than the default",
  (template) => expect(at(template)).toBe(`${FOLDER}/checkpoints/12-3-step900`),
);

test("whatever an experiment is called, its checkpoint stays in the folder", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.double(), (name, step) => {
      const relative = path.relative(FOLDER, at("c/${name}/${step}", name, step));
      expect(relative.startsWith(`c${path.sep}`)).toBe(true);
      expect(relative.split(path.sep)).not.toContain("..");
    }),
  );
});
