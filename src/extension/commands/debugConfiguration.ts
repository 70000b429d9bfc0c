/** What the Python extension's debugger is told. */
import path from "node:path";
import * as vscode from "vscode";
import type { JsonObject } from "../../cluster/protocol/base.ts";
import { ShownError } from "../errors.ts";

/** The debugger's type, and the extension that usually has it. */
const TYPE = "debugpy";
const EXTENSION = "ms-python.debugpy";

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

/** @throws ShownError where no extension has a debugger for Python */
export function requireDebugger(): void {
  const hasIt = vscode.extensions.all.some(({ packageJSON }) => {
    const { contributes } = packageJSON as { contributes?: { debuggers?: { type?: unknown }[] } };
    return contributes?.debuggers?.some(({ type }) => type === TYPE) ?? false;
  });
  if (hasIt) return;
  throw new ShownError(
    "There is no debugger for Python in this editor.",
    `Install ${EXTENSION}, then try again.`,
    [
      {
        title: "Install Python Debugger",
        run: () =>
          vscode.commands
            .executeCommand("workbench.extensions.installExtension", EXTENSION)
            .then(undefined, () =>
              vscode.commands.executeCommand("workbench.extensions.search", `@id:${EXTENSION}`),
            ),
      },
    ],
  );
}

/**
 * @param packages the folder with our Python package
 * @param pythonPath that of the editor
 * @throws ShownError
 */
export function debugConfiguration(
  debugged: Debugged,
  packages: string,
  pythonPath: string | undefined,
): vscode.DebugConfiguration {
  const { name, folder, python, start, environment, parameters, checkpoint } = debugged;
  const paths = [packages, environment.PYTHONPATH ?? pythonPath ?? ""].filter((part) => part !== "");
  const configuration = {
    ...{ type: TYPE, request: "launch", name: plainName(name), cwd: folder, python },
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
  requirePlain(configuration);
  return configuration;
}

/**
 * The editor replaces `${...}` in all of it, and `${command:...}` runs a command. What comes from a pool must not. There is no way
 * to quote it.
 */
function requirePlain(value: unknown): void {
  if (typeof value === "string" && value.includes("${"))
    throw new ShownError(
      "An argument, a path or a variable of it has `${` in it, which the editor's debugger would replace by something else.",
      "Run the script without it, or from a terminal.",
    );
  if (typeof value === "object" && value !== null) Object.values(value).forEach(requirePlain);
}

/** An experiment's name is a person's own. */
function plainName(name: string): string {
  return name.replaceAll("${", "$ {");
}
