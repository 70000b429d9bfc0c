/** Import Runs: what TensorBoard, W&B, MLflow and CSV logs hold becomes experiments, after it was shown as a list to choose from. */
import path from "node:path";
import * as vscode from "vscode";
import type { FoundRun, ReadRuns } from "../../cluster/client/imports/readRuns.ts";
import type { SentRun } from "../../cluster/client/imports/sendRuns.ts";
import { isCancelled, ShownError } from "../errors.ts";
import { plural } from "../format.ts";
import { loadClient } from "../pool/client.ts";
import type { Pool } from "../pool/pool.ts";
import { withProgress } from "../progress.ts";
import { realPath } from "../workspaceFolders.ts";
import { importRows, type ImportRow } from "./importRows.ts";
import { editorInterpreter } from "./interpreter.ts";
import { requireTrust } from "./script.ts";

const TITLE = "Import Runs";

export interface ImportNeeds {
  /** Folder that holds the Python package `trainyard`. */
  pythonFolder: string;
  log: vscode.LogOutputChannel;
  /** The pool of this workspace, asked for where none was chosen. */
  pool: () => Promise<Pool | undefined>;
  imported: (poolId: string, experimentId: number) => void;
}

interface Place {
  paths: string[];
  /** The open folder that the experiments are to belong to; empty for all. */
  workspace: string;
}

export class ImportCommands {
  readonly #needs: ImportNeeds;
  constructor(needs: ImportNeeds) {
    this.#needs = needs;
  }

  async run(argument: unknown, selected: unknown): Promise<void> {
    requireTrust("Reading runs starts this folder's Python, so it has to be trusted first.");
    const place = placeOf(argument, selected) ?? (await askPlace());
    const pool = place && (await this.#needs.pool());
    if (place === undefined || pool === undefined) return;
    const read = await this.#read(place);
    if (read === null) return;
    try {
      await this.#import(pool, place, read);
    } finally {
      await read.forget();
    }
  }

  /** @returns null when the person cancelled */
  async #read({ paths, workspace }: Place): Promise<ReadRuns | null> {
    const { pythonFolder, log } = this.#needs;
    const client = await loadClient();
    const [first = ""] = paths;
    const cwd = workspace || path.dirname(first);
    return withProgress("Looking for runs", async (signal, report) =>
      client.readRuns({
        paths,
        cwd,
        pythonFolder,
        editorChoice: await editorInterpreter(path.join(cwd, "import"), log),
        onProgress: (done, total) => {
          if (total > 0) report({ message: `read ${done} of ${total}`, fraction: done / total });
        },
        signal,
      }),
    ).catch(nullIfCancelled);
  }

  async #import(pool: Pool, { workspace }: Place, read: ReadRuns): Promise<void> {
    const { log } = this.#needs;
    for (const problem of read.problems) log.warn(problem);
    for (const run of read.runs) for (const problem of run.problems) log.warn(`${run.name}: ${problem}`);
    if (read.runs.length === 0)
      throw new ShownError(
        ["No run was found.", ...read.problems.slice(0, 1)].join(" "),
        "Name a folder that TensorBoard, W&B (wandb) or MLflow (mlruns, mlflow.db) has written to, or a CSV log.",
      );
    const client = await loadClient();
    const known = await withProgress("Asking the pool", async (signal) =>
      client.knownRuns(await pool.connection(signal), read.runs, signal),
    );
    const chosen = await choose(pool, importRows(read.runs, known));
    if (chosen.length === 0) return;
    const sent: SentRun[] = [];
    await withProgress(`Importing ${plural(chosen.length, "run")}`, async (signal, report) => {
      const connection = await pool.connection(signal);
      // One that was sent before the person cancelled is there.
      await client.sendRuns(connection, read, chosen, {
        workspace,
        onSent: (run) => {
          sent.push(run);
          report({
            message: `${sent.length} of ${chosen.length}`,
            fraction: sent.length / chosen.length,
          });
        },
        signal,
      });
    }).catch(nullIfCancelled);
    const [first] = sent;
    if (first === undefined) return;
    this.#needs.imported(pool.id, first.experimentId);
    const some = sent.length < chosen.length ? ` of ${chosen.length}; the others were not sent` : "";
    void vscode.window.showInformationMessage(
      `Imported ${sent.length < chosen.length ? sent.length : plural(sent.length, "run")}${some}.`,
    );
  }
}

/** A file or folder of the explorer, perhaps with others. */
function placeOf(argument: unknown, selected: unknown): Place | undefined {
  const given = Array.isArray(selected) && selected.length > 0 ? (selected as unknown[]) : [argument];
  const uris = given.filter((each): each is vscode.Uri => each instanceof vscode.Uri);
  const [first] = uris;
  if (first === undefined) return undefined;
  return { paths: uris.map(({ fsPath }) => fsPath), workspace: workspaceOf(first) };
}

async function askPlace(): Promise<Place | undefined> {
  const folders = vscode.workspace.workspaceFolders ?? [];
  const items = [
    ...folders.map(({ name, uri }) => ({
      label: `$(folder) All of ${name}`,
      description: uri.fsPath,
      place: { paths: [uri.fsPath], workspace: realPath(uri.fsPath) },
    })),
    { label: "$(folder-opened) Another Folder...", description: "", place: "folders" as const },
    { label: "$(file) Files...", description: "mlflow.db, *.wandb, a CSV log", place: "files" as const },
  ];
  const picked = await vscode.window.showQuickPick(items, {
    title: TITLE,
    placeHolder: "Where are the runs of TensorBoard, W&B, MLflow or CSV logs? Nothing there is changed",
  });
  if (picked === undefined || typeof picked.place === "object") return picked?.place;
  const uris = await vscode.window.showOpenDialog({
    title: TITLE,
    openLabel: "Look for Runs",
    canSelectMany: true,
    canSelectFolders: picked.place === "folders",
    canSelectFiles: picked.place === "files",
    ...(folders[0] === undefined ? {} : { defaultUri: folders[0].uri }),
  });
  const [first] = uris ?? [];
  if (first === undefined) return undefined;
  return { paths: (uris ?? []).map(({ fsPath }) => fsPath), workspace: workspaceOf(first) };
}

/** Runs from elsewhere belong to what is open too: it was imported into there. */
function workspaceOf(uri: vscode.Uri): string {
  const folder = vscode.workspace.getWorkspaceFolder(uri) ?? vscode.workspace.workspaceFolders?.[0];
  return folder === undefined ? "" : realPath(folder.uri.fsPath);
}

async function choose(pool: Pool, rows: readonly ImportRow[]): Promise<FoundRun[]> {
  const separator = (label: string) => ({ label, kind: vscode.QuickPickItemKind.Separator, run: null });
  const items = rows.map(({ run, experimentId, ...row }) => ({
    ...row,
    run,
    isKnown: experimentId !== null,
  }));
  const known = items.filter(({ isKnown }) => isKnown);
  const fresh = items.filter(({ isKnown }) => !isKnown);
  if (fresh.length === 0) {
    void vscode.window.showInformationMessage(
      `Nothing new: ${rows.length === 1 ? "the run" : `all ${rows.length} runs`} found there ${rows.length === 1 ? "is" : "are"} in ${pool.name} already.`,
    );
    return [];
  }
  const picked = await vscode.window.showQuickPick(
    [
      ...fresh.map((item) => ({ ...item, picked: true })),
      ...(known.length > 0 ? [separator("already imported: left out"), ...known] : []),
    ],
    {
      title: `${TITLE} into ${pool.name}`,
      placeHolder: "Which of them shall become experiments?",
      canPickMany: true,
      matchOnDescription: true,
      matchOnDetail: true,
      ignoreFocusOut: true,
    },
  );
  return (picked ?? []).flatMap((item) => ("isKnown" in item && !item.isKnown ? [item.run] : []));
}

function nullIfCancelled(error: unknown): null {
  if (isCancelled(error)) return null;
  throw error;
}
