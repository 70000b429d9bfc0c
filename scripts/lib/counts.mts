/** How many tests of a stage passed and failed, read from what its runner wrote. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
}

/** Vitest's and Jest's JSON. A file that could not even be loaded holds no tests, and counts as one failure. */
export function fromVitest(json: string): Counts {
  const result = JSON.parse(json) as {
    numPassedTests: number;
    numFailedTests: number;
    testResults: { status: string; assertionResults: unknown[] }[];
  };
  const unloadable = result.testResults.filter(
    ({ status, assertionResults }) => status === "failed" && assertionResults.length === 0,
  );
  return { passed: result.numPassedTests, failed: result.numFailedTests + unloadable.length };
}

/** The end of `python3 -m unittest`: "Ran 12 tests in 3.4s" and "FAILED (failures=1, errors=2, skipped=1)". */
export function fromUnittest(output: string): Counts {
  const ran = Number(/^Ran (\d+) tests? in /m.exec(output)?.[1] ?? 0);
  const ending = /^(?:OK|FAILED)(?: \((.*)\))?\s*$/m.exec(output)?.[1] ?? "";
  const count = (name: string): number => Number(new RegExp(`(?:^|, )${name}=(\\d+)`).exec(ending)?.[1] ?? 0);
  const failed = count("failures") + count("errors") + count("unexpected successes");
  // A module that cannot be imported is an error, and is counted as a test that ran.
  return { passed: Math.max(0, ran - failed - count("skipped")), failed };
}

/** TAP as `node --test` writes it: its last lines are comments with the totals. */
export function fromNodeTest(tap: string): Counts {
  const total = (name: string): number => Number(new RegExp(`^# ${name} (\\d+)$`, "m").exec(tap)?.[1] ?? 0);
  return { passed: total("pass"), failed: total("fail") + total("cancelled") };
}

export const sum = (all: readonly Counts[]): Counts => ({
  passed: all.reduce((total, { passed }) => total + passed, 0),
  failed: all.reduce((total, { failed }) => total + failed, 0),
});

/**
 * What a stage is worth: a runner that ended badly without naming a failure, and one that ran nothing, have failed.
 */
export function judge(counts: Counts, exitCode: number): Counts {
  if (counts.failed === 0 && (exitCode !== 0 || counts.passed === 0)) return { ...counts, failed: 1 };
  return counts;
}
