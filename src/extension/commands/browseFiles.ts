/** Goes through the folders of a run or a checkpoint where they lie, and opens a file. */
import path from "node:path";
import * as vscode from "vscode";
import { type PoolFiles, poolUri } from "../editor/poolFiles.ts";
import { textColumn } from "../editor/source.ts";
import { ShownError } from "../errors.ts";
import { formatBytes, plural } from "../format.ts";
import { experimentTitle } from "../views/labels.ts";
import type { Targets } from "./targets.ts";

/** A list of more is no help to a person. */
const MOST_ROWS = 5_000;

interface FileItem extends vscode.QuickPickItem {
  uri: vscode.Uri | null;
  isFolder: boolean;
}

export class BrowseCommands {
  readonly #targets: Targets;
  readonly #files: PoolFiles;
  constructor(targets: Targets, files: PoolFiles) {
    this.#targets = targets;
    this.#files = files;
  }

  /** @param argument the row of a run or of a checkpoint, or a checkpoint's UUID within its pool */
  async browse(argument: unknown): Promise<vscode.Uri | undefined> {
    if (typeof argument === "object" && argument !== null && "uuid" in argument) {
      const { pool, checkpoint } = await this.#targets.checkpoint(argument);
      const root = poolUri(pool.id, { kind: "checkpoint", uuid: checkpoint.uuid });
      return this.#go(root, `Checkpoint of step ${checkpoint.step} of ${checkpoint.trialId}`);
    }
    const target = await this.#targets.trial(argument, "Whose files?");
    if (!target) return undefined;
    const { pool, experiment, trial } = target;
    const runId = trial.currentRun ?? pool.mirror?.runsOf(trial.id).at(-1)?.id;
    if (runId === undefined)
      throw new ShownError(`${experimentTitle(experiment)} has not run yet: it has no files.`);
    return this.#go(poolUri(pool.id, { kind: "run", runId }), `What run ${runId} left or changed`);
  }

  /** @returns what was opened */
  async #go(root: vscode.Uri, title: string): Promise<vscode.Uri | undefined> {
    for (let folder = root; ;) {
      const picked = await vscode.window.showQuickPick(this.#items(root, folder), {
        title,
        placeHolder: folder.path.slice(root.path.length + 1) || "Files open read-only; nothing is pulled",
        matchOnDescription: true,
      });
      if (!picked) return undefined;
      if (picked.uri === null) continue;
      if (picked.isFolder) folder = picked.uri;
      else {
        await openFile(picked.uri);
        return picked.uri;
      }
    }
  }

  async #items(root: vscode.Uri, folder: vscode.Uri): Promise<FileItem[]> {
    const { entries, isCut } = await this.#files.list(folder);
    const sorted = [...entries].sort(
      (a, b) =>
        Number(b.isFolder) - Number(a.isFolder) || a.name.localeCompare(b.name, "en", { numeric: true }),
    );
    const items = sorted.slice(0, MOST_ROWS).map(({ name, isFolder, bytes }): FileItem => ({
      label: `$(${isFolder ? "folder" : "file"}) ${name}`,
      description: isFolder ? "" : formatBytes(bytes),
      uri: vscode.Uri.joinPath(folder, name),
      isFolder,
    }));
    const hidden = sorted.length - items.length;
    const note = (label: string): FileItem => ({ label, uri: null, isFolder: false });
    return [
      ...(folder.path === root.path
        ? []
        : [
            {
              label: "$(arrow-up) ..",
              uri: folder.with({ path: path.posix.dirname(folder.path) }),
              isFolder: true,
            },
          ]),
      ...items,
      ...(items.length === 0 ? [note("No files")] : []),
      ...(hidden > 0 ? [note(`and ${plural(hidden, "more file")}`)] : []),
      ...(isCut ? [note("The pool has more files than it lists")] : []),
    ];
  }
}

/** With whatever editor is made for it: pictures as pictures. */
export async function openFile(uri: vscode.Uri): Promise<void> {
  await vscode.commands.executeCommand("vscode.open", uri, { viewColumn: textColumn(), preview: true });
}
