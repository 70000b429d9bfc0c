import { describe, expect, it } from "vitest";
import { fromNodeTest, fromUnittest, fromVitest, judge, sum } from "../../../scripts/lib/counts.mts";

describe("counts", () => {
  it("reads vitest's JSON, and counts a file that cannot be loaded", () => {
    const json = JSON.stringify({
      numPassedTests: 3,
      numFailedTests: 1,
      testResults: [
        { status: "passed", assertionResults: [{}, {}] },
        { status: "failed", assertionResults: [{}, {}] },
        { status: "failed", assertionResults: [] },
      ],
    });
    expect(fromVitest(json)).toEqual({ passed: 3, failed: 2 });
  });

  it.each([
    ["Ran 12 tests in 3.400s\n\nOK\n", { passed: 12, failed: 0 }],
    ["Ran 12 tests in 3.400s\n\nOK (skipped=2)\n", { passed: 10, failed: 0 }],
    ["Ran 1 test in 0.1s\n\nFAILED (errors=1)\n", { passed: 0, failed: 1 }],
    ["Ran 9 tests in 1s\n\nFAILED (failures=1, errors=2, skipped=3)\n", { passed: 3, failed: 3 }],
    ["Segmentation fault", { passed: 0, failed: 0 }],
  ])("reads unittest's last lines: %j", (output, expected) => {
    expect(fromUnittest(output)).toEqual(expected);
  });

  it("reads the totals of node --test", () => {
    const tap = "not ok 1 - x\n# tests 6\n# suites 0\n# pass 3\n# fail 1\n# cancelled 1\n# skipped 1\n";
    expect(fromNodeTest(tap)).toEqual({ passed: 3, failed: 2 });
  });

  it("lets no stage pass that ran nothing or ended badly", () => {
    expect(judge({ passed: 5, failed: 0 }, 0)).toEqual({ passed: 5, failed: 0 });
    expect(judge({ passed: 5, failed: 0 }, 1)).toEqual({ passed: 5, failed: 1 });
    expect(judge({ passed: 0, failed: 0 }, 0)).toEqual({ passed: 0, failed: 1 });
    expect(judge({ passed: 5, failed: 2 }, 1)).toEqual({ passed: 5, failed: 2 });
  });

  it("adds up", () => {
    expect(
      sum([
        { passed: 1, failed: 2 },
        { passed: 3, failed: 4 },
      ]),
    ).toEqual({ passed: 4, failed: 6 });
  });
});
