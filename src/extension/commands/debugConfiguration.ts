/** What the Python extension's debugger is told. Pure. */
import path from "node:path";
import type { JsonObject } from "../../cluster/protocol/base.ts";

/** The debugger's type. */
export const DEBUGGER = "debugpy";

export interface Debugged {
  readonly name: string;
  /** The workspace folder, where it starts. */
  readonly folder: string;
  readonly python: string;
  readonly start: { readonly script: string } | { readonly module: string };
  readonly arguments: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Of the trial; null: the script's own. */
  readonly parameters: { readonly hyperparameters: JsonObject; readonly seed: number } | null;
  /** Folder of the files to go on from. */
  readonly checkpoint: string | null;
}

/** What a pool says of a trial's start. */
export type Told = Pick<Debugged, "arguments" | "environment">;

const MOST_LINES = 30;
const LONGEST_LINE = 200;

/** For a person who is asked, one line for all arguments and for each variable; what is too much is said to be. */
export function toldLines({ arguments: words, environment }: Told): string[] {
  const lines = [
    ...(words.length > 0 ? [`Arguments: ${words.map((word) => JSON.stringify(word)).join(" ")}`] : []),
    ...Object.entries(environment).map(([name, value]) => `${name}=${JSON.stringify(value)}`),
  ];
  const shown = lines
    .slice(0, MOST_LINES)
    .map((line) => (line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE)}...` : line));
  return lines.length > MOST_LINES ? [...shown, `... and ${lines.length - MOST_LINES} more`] : shown;
}

/** As `vscode.DebugConfiguration`. */
interface DebugConfiguration {
  type: string;
  request: string;
  name: string;
  args: string[];
  env: Record<string, string>;
  [key: string]: unknown;
}

/**
 * @param packages the folder with our Python package
 * @param pythonPath that of the editor
 */
export function debugConfiguration(
  debugged: Debugged,
  packages: string,
  pythonPath: string | undefined,
): DebugConfiguration {
  const { name, folder, python, start, environment, parameters, checkpoint } = debugged;
  const paths = [packages, environment.PYTHONPATH ?? pythonPath ?? ""].filter((part) => part !== "");
  return {
    ...{ type: DEBUGGER, request: "launch", name: plainName(name), cwd: folder, python },
    ...("script" in start ? { program: start.script } : { module: start.module }),
    args: [...debugged.arguments],
    env: {
      ...environment,
      PYTHONPATH: paths.join(path.delimiter),
      ...(parameters && {
        // In JSON a `$` stands in texts only, where it may be written so: see below.
        TRAINYARD_PARAMS: JSON.stringify(parameters.hyperparameters).replaceAll("$", "\\u0024"),
        TRAINYARD_SEED: String(parameters.seed),
      }),
      ...(checkpoint !== null && { TRAINYARD_CHECKPOINT: checkpoint }),
    },
  };
}

/**
 * The editor replaces `${...}` in all of a configuration, and `${command:...}` runs a command: what comes from a pool must not.
 * There is no way to quote it.
 */
export function isReplaced(value: unknown): boolean {
  if (typeof value === "string") return value.includes("${");
  return typeof value === "object" && value !== null && Object.values(value).some(isReplaced);
}

/** An experiment's name is a person's own. */
function plainName(name: string): string {
  return name.replaceAll("${", "$ {");
}
