/**
 * Entry of every suite: VS Code's extension host calls `run`. The environment says which bundled files to run and where
 * the result goes (scripts/suite.mts sets both).
 */
import { readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { format } from "node:util";
import Mocha from "mocha";

export interface SuiteResult {
  readonly passed: number;
  readonly failed: number;
  readonly pending: number;
}

/** First argument of each console line that is the tests' own report: an extension host's console has much else in it. */
export const REPORT_MARK = "[suite]";
const TEST_TIMEOUT_MS = 60_000;

export async function run(): Promise<void> {
  const folder = required("TRAINYARD_SUITE");
  const resultFile = required("TRAINYARD_SUITE_RESULT");
  Mocha.reporters.Base.consoleLog = (...args: unknown[]) => console.log(REPORT_MARK, format(...args));
  const mocha = new Mocha({
    ui: "bdd",
    timeout: TEST_TIMEOUT_MS,
    color: false,
    grep: process.env.TRAINYARD_SUITE_GREP ?? "",
    forbidOnly: process.env.CI !== undefined,
  });
  for (const name of readdirSync(folder)) {
    if (name.endsWith(".test.js")) mocha.addFile(path.join(folder, name));
  }
  await mocha.loadFilesAsync();
  const stats = await new Promise<Mocha.Stats>((resolve) => {
    const runner = mocha.run(() => resolve(runner.stats as Mocha.Stats));
  });
  const result: SuiteResult = { passed: stats.passes, failed: stats.failures, pending: stats.pending };
  writeFileSync(resultFile, JSON.stringify(result));
  if (result.failed > 0) throw new Error(`${result.failed} tests failed`);
}

function required(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set; run the suites with: npm run suite`);
  return value;
}
