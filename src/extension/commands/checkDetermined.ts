/** Says in a document what of a folder that was made for Determined runs here. */
import path from "node:path";
import * as vscode from "vscode";
import { ShownError } from "../errors.ts";
import { loadClient } from "../pool/client.ts";
import { withProgress } from "../progress.ts";

const SCHEME = "trainyard-determined";

export class DeterminedCommands implements vscode.Disposable {
  readonly #pythonFolder: string;
  /** By folder. */
  readonly #reports = new Map<string, string>();
  readonly #changed = new vscode.EventEmitter<vscode.Uri>();
  readonly #registration: vscode.Disposable;

  constructor(extensionPath: string) {
    this.#pythonFolder = path.join(extensionPath, "dist", "python");
    this.#registration = vscode.workspace.registerTextDocumentContentProvider(SCHEME, {
      onDidChange: this.#changed.event,
      provideTextDocumentContent: ({ query }) =>
        this.#reports.get(query) ?? "This report is gone: check the folder again.\n",
    });
  }

  dispose(): void {
    this.#registration.dispose();
    this.#changed.dispose();
  }

  async check(argument: unknown): Promise<void> {
    const folder = await folderOf(argument);
    if (folder === undefined) return;
    const text = await withProgress(`Reading ${path.basename(folder)}`, async (signal) => {
      const client = await loadClient();
      return client.determinedReportText(await client.checkDetermined(folder, this.#pythonFolder, signal));
    });
    const uri = vscode.Uri.from({
      scheme: SCHEME,
      path: `/Determined in ${path.basename(folder)}.md`,
      query: folder,
    });
    this.#reports.set(folder, text);
    this.#changed.fire(uri);
    await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri), { preview: true });
  }
}

/** The folder that was clicked, or that of the file; else that of the open file, else an open folder. */
async function folderOf(argument: unknown): Promise<string | undefined> {
  const uri = argument instanceof vscode.Uri ? argument : vscode.window.activeTextEditor?.document.uri;
  if (uri?.scheme === "file") {
    const { type } = await vscode.workspace.fs.stat(uri);
    return type & vscode.FileType.Directory ? uri.fsPath : path.dirname(uri.fsPath);
  }
  const folders = vscode.workspace.workspaceFolders ?? [];
  if (folders.length === 0)
    throw new ShownError("No folder is open.", "Open the folder with the experiment's YAML file.");
  if (folders.length === 1) return folders[0]?.uri.fsPath;
  return (await vscode.window.showWorkspaceFolderPick())?.uri.fsPath;
}
