import { expect, test } from "vitest";
import type { CheckReport, Finding } from "../../../src/cluster/protocol/maintenance.ts";
import { repairsText, reportText } from "../../../src/extension/commands/maintenanceReport.ts";

const finding = (where: string, repair: string | null): Finding => ({
  check: "runs",
  what: "It is gone.",
  where,
  severity: "error",
  repair,
});
const report = (change: Partial<CheckReport>): CheckReport => ({
  home: "/pool",
  full: true,
  counts: { experiments: 1, trials: 1, runs: 2, checkpoints: 0 },
  findings: [],
  repaired: [],
  lostAndFound: null,
  hasStopped: false,
  ...change,
});

test("a report says what was looked at, found and done, and that all is well", () => {
  expect(reportText("gpu1", report({}))).toBe(
    "# Check of gpu1\n\nFolder: /pool\nLooked at: 1 experiment, 2 runs, 0 checkpoints, with all content\n\n## Found (0)\n\nAll is well.\n",
  );
  const text = reportText(
    "gpu1",
    report({
      findings: [finding("runs/1.1.1", null)],
      repaired: [{ ...finding("runs/2.1.1", "List it."), done: "It is listed." }],
      lostAndFound: "/pool/state/lost+found/now",
    }),
  );
  expect(text).toContain("- error: runs/1.1.1\n  It is gone.\n  It cannot be repaired.");
  expect(text).toContain("- error: runs/2.1.1\n  It is gone.\n  Done: It is listed.");
  expect(text).toContain("What was taken away is in /pool/state/lost+found/now");
});

test("a name that a script chose stays on its line", () => {
  expect(reportText("gpu1", report({ findings: [finding("a\n# b\u2028c", null)] }))).toContain(
    "error: a # b c\n",
  );
});

test("a question names the first repairs, says how many more there are, and what is not done", () => {
  const findings = Array.from({ length: 11 }, (_, index) => finding(`runs/${index}`, "Move it."));
  const text = repairsText([...findings, finding("lost", null)]);
  expect(text).toContain("runs/0: Move it.\n");
  expect(text).toContain("… and 3 more");
  expect(text).not.toContain("lost:");
  expect(text).toContain("training goes on");
});
