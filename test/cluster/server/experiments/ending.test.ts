import { expect, test } from "vitest";
import type { ExitFile } from "../../../../src/cluster/protocol/runDirectory.ts";
import { outcomeOf, readEnding } from "../../../../src/cluster/server/experiments/ending.ts";

function exit(more: Partial<ExitFile>): ExitFile {
  return {
    version: 1,
    code: 0,
    signal: null,
    startedAt: 1,
    endedAt: 2,
    acknowledged: null,
    asked: null,
    escalated: null,
    peakMemoryBytes: null,
    memoryLimitBytes: null,
    outOfMemory: false,
    killedChildren: 0,
    launchError: null,
    ...more,
  };
}
const killed = { code: null, signal: "SIGKILL" };

test.each<[string, Partial<ExitFile>, string]>([
  ["code 0", {}, "completed"],
  ["another code", { code: 3 }, "failed"],
  ["a signal", killed, "failed"],
  [
    "any code after an acknowledged pause",
    { code: 1, acknowledged: { control: 1, action: "pause" } },
    "paused",
  ],
  [
    "any code after an acknowledged preemption",
    { code: 7, acknowledged: { control: 1, action: "preempt" } },
    "preempted",
  ],
  ["code 0 after an acknowledged stop", { acknowledged: { control: 1, action: "stop" } }, "stopped"],
  ["a stop that the ladder had to enforce", { ...killed, asked: "stop", escalated: "SIGKILL" }, "stopped"],
  ["a pause that took too long", { ...killed, asked: "pause", escalated: "SIGKILL" }, "paused"],
  ["code 0 though a stop was asked and not seen", { asked: "stop" }, "completed"],
  ["a crash though a stop was asked and not seen", { code: 1, asked: "stop" }, "failed"],
  ["a kill", { ...killed, asked: "kill" }, "killed"],
  [
    "a lease that someone else holds",
    { code: null, launchError: { kind: "lease", message: "" } },
    "unstarted",
  ],
  [
    "an interpreter that is not there",
    { code: null, launchError: { kind: "interpreter", message: "" } },
    "unstarted",
  ],
  ["an ending that an adopting supervisor could not see", { code: null }, "lost"],
])("%s", (_, more, outcome) => {
  const file = exit(more);
  expect(outcomeOf(readEnding(file, false), file)).toBe(outcome);
});

test("a failed launch is final, a crash may be tried again, refused hyperparameters may not", () => {
  const mayRestart = (event: ReturnType<typeof readEnding>) =>
    event.type === "runEnded" && event.ending.kind === "failed" && event.ending.mayRestart;
  expect(mayRestart(readEnding(exit({ code: 1 }), false))).toBe(true);
  expect(mayRestart(readEnding(exit({ code: 1 }), true))).toBe(false);
  expect(
    mayRestart(readEnding(exit({ code: null, launchError: { kind: "exec", message: "" } }), false)),
  ).toBe(false);
  expect(readEnding(exit({ launchError: { kind: "lease", message: "" } }), false)).toEqual({
    type: "leaseRefused",
  });
});
