/**
 * The open folders, and which of them an experiment belongs to. A pool knows a workspace by its real path; the editor
 * knows a folder by the path that it was opened by, which may lead through links. Pure but for reading links.
 */
import { realpathSync } from "node:fs";
import path from "node:path";
import type * as vscode from "vscode";
import { isSameOrInside } from "../cluster/client/insideFolder.ts";
import type { Experiment } from "../cluster/protocol/entities.ts";

type Folder = Pick<vscode.WorkspaceFolder, "uri">;

export class WorkspaceFolders {
  readonly #folders: readonly { uri: vscode.Uri; real: string }[];

  /** @param folders as `vscode.workspace.workspaceFolders` has them now */
  constructor(folders: readonly Folder[] | undefined) {
    this.#folders = (folders ?? []).map(({ uri }) => ({ uri, real: realPath(uri.fsPath) }));
  }

  get isEmpty(): boolean {
    return this.#folders.length === 0;
  }

  /** As a submit resolves them. */
  get paths(): string[] {
    return this.#folders.map(({ real }) => real);
  }

  /** The open folder that an experiment was submitted from, or from somewhere inside of; the innermost of several. */
  folderOf({ workspace }: Pick<Experiment, "workspace">): vscode.Uri | undefined {
    return this.#around(workspace)?.uri;
  }

  /** One whose folder is not known (it was rebuilt from its runs' files) may belong to any of them. */
  has(experiment: Pick<Experiment, "workspace">): boolean {
    return experiment.workspace === "" || this.folderOf(experiment) !== undefined;
  }

  /** A real path as the editor names the same file: by the open folder that it is in. */
  asOpened(file: string): string {
    const folder = this.#around(file);
    return folder ? path.join(folder.uri.fsPath, path.relative(folder.real, file)) : file;
  }

  #around(place: string): { uri: vscode.Uri; real: string } | undefined {
    return this.#folders
      .filter(({ real }) => path.isAbsolute(place) && isSameOrInside(place, real))
      .sort((a, b) => b.real.length - a.real.length)[0];
  }
}

/** As a submit resolves it; as it stands where there is nothing. */
export function realPath(place: string): string {
  try {
    return realpathSync.native(place);
  } catch {
    return place;
  }
}
