import { expect, test } from "vitest";
import { ExperimentConfiguration } from "../../../../src/cluster/protocol/configuration.ts";
import {
  cancelledReason,
  compilePolicies,
  patternProblem,
} from "../../../../src/cluster/server/experiments/logPolicies.ts";

const policies = (log_policies: unknown) =>
  compilePolicies(ExperimentConfiguration.parse({ log_policies }).log_policies);
const found = (log_policies: unknown, line: string) =>
  policies(log_policies)
    .filter(({ matches }) => matches(line))
    .map(({ name, action }) => [name, action]);

test("both of Determined's forms, and the labels that are always there", () => {
  const configured = [
    { name: "bad data", pattern: "corrupt record \\d+", action: "cancel_retries" },
    { pattern: "(?i)xid error", action: { type: "exclude_node" } },
  ];
  expect(found(configured, "loader: corrupt record 17")).toEqual([["bad data", "cancel_retries"]]);
  expect(found(configured, "NVRM: Xid Error 48")).toEqual([[null, "exclude_node"]]);
  expect(found([], "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2 GiB")).toEqual([
    ["CUDA OOM", null],
  ]);
  expect(found([], "an uncorrectable ECC error encountered here")).toEqual([["ECC Error", null]]);
  expect(found(configured, "epoch 3, loss 0.2")).toEqual([]);
});

test("a policy of the same name replaces one, and ends it without a pattern", () => {
  const line = "CUDA out of memory.";
  expect(found([{ name: "CUDA OOM", pattern: "out of memory", action: "cancel_retries" }], line)).toEqual([
    ["CUDA OOM", "cancel_retries"],
  ]);
  expect(found([{ name: "CUDA OOM" }], line)).toEqual([]);
});

test("what cannot mean anything is refused", () => {
  for (const policy of [{}, { pattern: "x" }, { action: "cancel_retries" }, { name: "x", action: "reboot" }])
    expect(ExperimentConfiguration.safeParse({ log_policies: [policy] }).success).toBe(false);
});

test("patterns that are wrong, or too large to be quick", () => {
  expect(patternProblem("a+b")).toBeNull();
  expect(patternProblem("(a")).toContain("missing");
  expect(patternProblem("(?=a)b")).not.toBeNull(); // RE2 has no looking ahead
  expect(patternProblem("((((a?){50})a{50})){10}")).toBe("it is too large");
});

test("the reason names policy and line, cut to what a person reads", () => {
  const [policy] = policies([{ name: "bad", pattern: "x", action: "cancel_retries" }]);
  if (policy === undefined) throw new Error("no policy");
  const reason = cancelledReason(policy, `  x${"y".repeat(5000)}`);
  expect(reason).toMatch(
    /^It is not started again: the log policy "bad" cancels retries for the line "xy+"\.$/,
  );
  expect(reason.length).toBeLessThan(300);
});
