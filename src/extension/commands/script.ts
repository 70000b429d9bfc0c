/** Which script is submitted, from which folder, and that what is on disk is what is on screen. */
import path from "node:path";
import * as vscode from "vscode";
import { isSameOrInside } from "../../cluster/client/insideFolder.ts";
import { ShownError } from "../errors.ts";
import { loadClient } from "../pool/client.ts";
import { realPath } from "../workspaceFolders.ts";

export interface Script {
  /** Absolute path of the file, and of the folder that is its workspace. */
  file: string;
  folder: string;
}

/** Running code needs the person's trust in the folder. Throws with the way to give it. */
export function requireTrust(
  why = "Submitting runs the script and what its configuration names, so this folder has to be trusted first.",
): void {
  if (vscode.workspace.isTrusted) return;
  throw new ShownError(why, null, [
    {
      title: "Manage Workspace Trust",
      run: () => vscode.commands.executeCommand("workbench.trust.manage"),
    },
  ]);
}

/**
 * @param argument what a menu gives (a file), a path, or nothing: then the open script, else one that is picked.
 * Undefined when nothing was picked.
 */
export async function findScript(argument: unknown, recent: readonly string[]): Promise<Script | undefined> {
  const given =
    argument instanceof vscode.Uri
      ? argument
      : typeof argument === "string"
        ? vscode.Uri.file(argument)
        : null;
  const open = vscode.window.activeTextEditor?.document;
  const uri = given ?? (open && isScript(open) ? open.uri : await pickScript(recent));
  if (!uri) return undefined;
  if (uri.scheme === "untitled")
    throw new ShownError("This script has no file yet.", "Save it in a folder of your workspace first.");
  if (uri.scheme !== "file")
    throw new ShownError(
      `${uri.path} is not on the disk of this machine.`,
      "Submit a file of the open folder.",
    );
  return { file: uri.fsPath, folder: folderOf(uri) };
}

/** The workspace folder, else the script's own. */
export function folderOf(uri: vscode.Uri): string {
  return vscode.workspace.getWorkspaceFolder(uri)?.uri.fsPath ?? path.dirname(uri.fsPath);
}

/** The git top level, else the folder itself. */
async function snapshotRoot(folder: string): Promise<string> {
  const client = await loadClient();
  const { repository } = await client.findRepository(folder);
  return realPath(repository?.root ?? folder);
}

export function isScript(document: vscode.TextDocument): boolean {
  return document.languageId === "python" && ["file", "untitled"].includes(document.uri.scheme);
}

async function pickScript(recent: readonly string[]): Promise<vscode.Uri | undefined> {
  const found = await vscode.workspace.findFiles(
    "**/*.py",
    "**/{.venv,venv,site-packages,node_modules,__pycache__,.git}/**",
    500,
  );
  if (found.length === 0)
    throw new ShownError(
      "There is no Python script in this folder.",
      "Open a training script, then submit it.",
    );
  const rank = (uri: vscode.Uri): number => {
    const at = recent.indexOf(uri.fsPath);
    return at < 0 ? recent.length : at;
  };
  const items = found
    .sort((a, b) => rank(a) - rank(b) || a.fsPath.localeCompare(b.fsPath))
    .map((uri) => ({
      label: path.basename(uri.fsPath),
      description: vscode.workspace.asRelativePath(path.dirname(uri.fsPath)),
      iconPath: vscode.ThemeIcon.File,
      resourceUri: uri,
      uri,
    }));
  const picked = await vscode.window.showQuickPick(items, {
    placeHolder: "Which script shall be submitted?",
    matchOnDescription: true,
  });
  return picked?.uri;
}

/**
 * The code that is sent is the code on disk: unsaved files of the snapshot's root are saved, and the configuration that
 * was chosen, which may lie elsewhere. @returns false when the person says no
 */
export async function saveEditors(script: Script, configuration: string | null): Promise<boolean> {
  const unsaved = vscode.workspace.textDocuments.filter(
    ({ isDirty, uri }) => isDirty && uri.scheme === "file",
  );
  if (unsaved.length === 0) return true;
  const root = await snapshotRoot(script.folder);
  const read = [script.file, ...(configuration === null ? [] : [configuration])].map(realPath);
  const failed: string[] = [];
  for (const document of unsaved) {
    const file = realPath(document.uri.fsPath);
    if (!read.includes(file) && !isSameOrInside(file, root)) continue;
    const saved = await document.save().then(Boolean, () => false);
    if (!saved) failed.push(vscode.workspace.asRelativePath(document.uri));
  }
  if (failed.length === 0) return true;
  const submit = "Submit What Is on Disk";
  const answer = await vscode.window.showWarningMessage(
    `${failed.join(", ")} could not be saved.`,
    { modal: true, detail: "The snapshot holds what is on disk, without the unsaved changes." },
    submit,
  );
  return answer === submit;
}
