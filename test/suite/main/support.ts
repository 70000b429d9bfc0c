/** What the tests of this suite share: the extension's internals, and waiting for what it shows. */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import path from "node:path";
import * as vscode from "vscode";
import type { InternalApi } from "../../../src/extension/main.ts";
import type { ExperimentsNode } from "../../../src/extension/views/nodes.ts";

const WAIT_MS = 45_000;

export async function activate(): Promise<InternalApi> {
  const extension = vscode.extensions.getExtension<InternalApi>("trainyard.trainyard");
  assert.ok(extension, "VS Code does not know trainyard.trainyard");
  return extension.activate();
}

export function inWorkspace(...parts: string[]): string {
  const folder = vscode.workspace.workspaceFolders?.[0];
  assert.ok(folder, "no folder is open");
  return path.join(folder.uri.fsPath, ...parts);
}

/** The first value that is not undefined. */
export async function until<T>(what: string, look: () => T | undefined | Promise<T | undefined>): Promise<T> {
  const end = Date.now() + WAIT_MS;
  for (;;) {
    const value = await look();
    if (value !== undefined) return value;
    if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
    await sleep(50);
  }
}

export function submit(...parts: string[]): Promise<number> {
  return submitFile(inWorkspace(...parts));
}

/** Submits as the menu does. The first submit of a workspace asks where to: the preselected row is accepted. */
export async function submitFile(file: string): Promise<number> {
  const submitting = vscode.commands.executeCommand<number | undefined>(
    "trainyard.submit",
    vscode.Uri.file(file),
  );
  const id = await withPicksAccepted(submitting);
  assert.equal(typeof id, "number", "nothing was submitted");
  return id as number;
}

/** Presses Enter in every list that opens until `work` is done. */
export async function withPicksAccepted<T>(work: Thenable<T>): Promise<T> {
  let done = false;
  const result = Promise.resolve(work).finally(() => (done = true));
  result.catch(() => undefined);
  await sleep(500);
  while (!done) {
    await vscode.commands.executeCommand("workbench.action.acceptSelectedQuickOpenItem");
    await sleep(200);
  }
  return result;
}

/** The row of an experiment in the tree, once it says `words`. */
export function rowThatSays(api: InternalApi, experimentId: number, words: RegExp): Promise<ExperimentsNode> {
  return until(`experiment ${experimentId} to say ${String(words)}`, () => {
    const node = api.experiments.getChildren().find((one) => one.experimentId === experimentId);
    const item = node && api.experiments.getTreeItem(node);
    return words.test(String(item?.description)) ? node : undefined;
  });
}
