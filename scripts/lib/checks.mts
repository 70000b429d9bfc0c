import { command, type CommandResult } from "./command.mts";
import { nodeModule, root } from "./paths.mts";

export interface Check {
  readonly name: string;
  readonly run: () => Promise<CommandResult>;
}

const tool = (name: string, script: readonly string[], args: readonly string[]): Check => ({
  name,
  run: () => command(process.execPath, [nodeModule(...script), ...args], { cwd: root, timeoutMs: 600_000 }),
});

export const typeCheck = tool(
  "tsc",
  ["typescript", "bin", "tsc"],
  ["--noEmit", "--pretty", "false", "-p", "."],
);
export const lintChecks: readonly Check[] = [
  tool("eslint", ["eslint", "bin", "eslint.js"], ["--max-warnings", "0", "."]),
  tool("prettier", ["prettier", "bin", "prettier.cjs"], ["--check", "--log-level", "warn", "."]),
];
