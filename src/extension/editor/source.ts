/** Jumps to a line of the person's own file, or, where that has changed since, of the version that ran. */
import path from "node:path";
import * as vscode from "vscode";
import type { Experiment } from "../../cluster/protocol/entities.ts";
import type { Pool } from "../pool/pool.ts";
import { WorkspaceFolders } from "../workspaceFolders.ts";
import { snapshotUri } from "./poolFiles.ts";

export async function openSource(
  pool: Pool,
  experiment: Experiment,
  file: string,
  line: number,
): Promise<void> {
  const folders = new WorkspaceFolders(vscode.workspace.workspaceFolders);
  const own = vscode.Uri.file(folders.asOpened(path.join(experiment.snapshot.root, file)));
  if (await isAsItRan(pool, experiment, file, own)) {
    await openAt(own, line);
    return;
  }
  const ran = snapshotUri(pool.id, experiment.id, file);
  await openAt(ran, line);
  const compare = "Compare with Current";
  void vscode.window
    .showInformationMessage(
      `${file} has changed since experiment ${experiment.id}: this is the version that ran.`,
      compare,
    )
    .then((answer) => {
      if (answer === compare) void compareWithRun(pool, experiment, file, own);
    });
}

/** Beside each other: what ran, and the person's own file. */
export async function compareWithRun(
  pool: Pool,
  experiment: Experiment,
  file: string,
  own: vscode.Uri,
): Promise<void> {
  const ran = snapshotUri(pool.id, experiment.id, file);
  await vscode.commands.executeCommand("vscode.diff", ran, own, `${file} (#${experiment.id} and now)`);
}

/** In the group of the other text editors, not in place of a panel. */
async function openAt(uri: vscode.Uri, line: number): Promise<void> {
  const document = await vscode.workspace.openTextDocument(uri);
  const at = document.lineAt(Math.min(Math.max(line, 1), document.lineCount) - 1).range;
  const editor = await vscode.window.showTextDocument(document, {
    selection: new vscode.Range(at.start, at.start),
    viewColumn: textColumn(),
  });
  editor.revealRange(at, vscode.TextEditorRevealType.InCenterIfOutsideViewport);
}

export function textColumn(): vscode.ViewColumn {
  const active = vscode.window.tabGroups.activeTabGroup;
  if (!(active.activeTab?.input instanceof vscode.TabInputWebview)) return active.viewColumn;
  return vscode.window.visibleTextEditors[0]?.viewColumn ?? vscode.ViewColumn.One;
}

/** The person's own file is what ran, as far as the pool can say. @param file relative to the snapshot's root */
export async function isAsItRan(
  pool: Pool,
  experiment: Experiment,
  file: string,
  own: vscode.Uri,
): Promise<boolean> {
  const open = vscode.workspace.textDocuments.find((document) => document.uri.toString() === own.toString());
  if (open?.isDirty) return false;
  try {
    const [here, { bytes }] = await Promise.all([
      vscode.workspace.fs.readFile(own),
      pool.call("snapshot/file", { experimentId: experiment.id, path: file }),
    ]);
    return Buffer.compare(here, bytes) === 0;
  } catch {
    // The file is gone, or the pool cannot say: then the person's own file is opened where there is one.
    return vscode.workspace.fs.stat(own).then(
      () => pool.status.state !== "connected",
      () => false,
    );
  }
}
