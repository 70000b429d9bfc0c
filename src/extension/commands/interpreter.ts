/** Python as the editor knows it: our setting, else what the Python extension has selected. */
import * as vscode from "vscode";
import { settings } from "../settings.ts";

const PYTHON_EXTENSION = "ms-python.python";

/** The part of its API that is used here. Every step may be missing in another version. */
interface PythonApi {
  environments?: {
    getActiveEnvironmentPath?: (resource?: vscode.Uri) => { path?: string };
    resolveEnvironment?: (environment: {
      path?: string;
    }) => Promise<{ executable?: { uri?: vscode.Uri } } | undefined>;
  };
}

/** Null when neither says anything: then the client looks for one. */
export async function editorInterpreter(
  script: string,
  log: vscode.LogOutputChannel,
): Promise<string | null> {
  const setting = settings.python();
  if (setting !== null) return setting;
  const extension = vscode.extensions.getExtension<PythonApi>(PYTHON_EXTENSION);
  if (!extension) return null;
  try {
    const { environments } = extension.isActive ? extension.exports : await extension.activate();
    const active = environments?.getActiveEnvironmentPath?.(vscode.Uri.file(script));
    if (!active?.path) return null;
    const resolved = await environments?.resolveEnvironment?.(active);
    return resolved?.executable?.uri?.fsPath ?? null;
  } catch (error) {
    log.warn(`The Python extension does not say which interpreter is selected: ${String(error)}`);
    return null;
  }
}

/** Where there is a Python extension its own choice is the place to change it, else our setting. */
export async function chooseInterpreter(): Promise<void> {
  if (vscode.extensions.getExtension(PYTHON_EXTENSION) && settings.python() === null) {
    await vscode.commands.executeCommand("python.setInterpreter");
    return;
  }
  await vscode.commands.executeCommand("workbench.action.openSettings", "trainyard.python");
}
