/** The debugger that another extension has: there, or offered to be installed. */
import * as vscode from "vscode";
import { ShownError } from "../errors.ts";
import { DEBUGGER } from "./debugConfiguration.ts";

/** The one that usually has it. */
const EXTENSION = "ms-python.debugpy";

/** @throws ShownError where no extension has a debugger for Python */
export function requireDebugger(): void {
  const hasIt = vscode.extensions.all.some(({ packageJSON }) => {
    const { contributes } = packageJSON as { contributes?: { debuggers?: { type?: unknown }[] } };
    return contributes?.debuggers?.some(({ type }) => type === DEBUGGER) ?? false;
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
