import { expect, test } from "vitest";
import { determinedNotes } from "../../../src/cluster/client/determined/submitNotes.ts";
import { judge } from "../../../src/cluster/client/determined/verdicts.ts";
import { ExperimentConfiguration } from "../../../src/cluster/protocol/configuration.ts";
import { put, temporaryFolder } from "./support.ts";

test("a startup hook is told where it is sourced, and files that are not read", async () => {
  const folder = temporaryFolder("notes");
  const own = ExperimentConfiguration.parse({ entrypoint: "python3 train.py" });
  expect(await determinedNotes(folder, own)).toEqual([]);
  put(folder, { "startup-hook.sh": "", ".detignore": "" });
  expect(await determinedNotes(folder, own)).toEqual([
    "startup-hook.sh is sourced before the entrypoint.",
    ".detignore is not read: what is to be left out belongs into .gitignore.",
  ]);
  expect(await determinedNotes(folder, ExperimentConfiguration.parse({}))).toHaveLength(1);
});

test.each([
  ["determined.core.init", true, "same"],
  ["determined.core.nothing", false, "not"],
  ["context.train.report_training_metrics", true, "same"],
  ["context.checkpoint.delete", true, "differs"],
  ["determined.experimental.client.Determined", false, "not"],
  ["environment.DET_TRIAL_ID", true, "same"],
  ["environment.DET_MASTER_ADDR", true, "differs"],
  ["environment.DET_NOWHERE", true, "differs"],
])("%s (known: %s): %s", (name, isKnown, verdict) => {
  const judged = judge(name, isKnown);
  expect(judged.verdict).toBe(verdict);
  expect(judged.why === "").toBe(verdict === "same");
});
