/** Checking a pool's files, repairing and copying them. */
import path from "node:path";
import * as vscode from "vscode";
import type { CheckReport } from "../../cluster/protocol/maintenance.ts";
import { isCancelled, ShownError } from "../errors.ts";
import { formatBytes, plural } from "../format.ts";
import type { Pool } from "../pool/pool.ts";
import type { Pools } from "../pool/pools.ts";
import { withProgress } from "../progress.ts";
import { countsText, repairsText, reportText } from "./maintenanceReport.ts";
import { whichPool } from "./whichPool.ts";

const DEPTHS = [
  {
    label: "What is there",
    detail:
      "The database, and that curves, checkpoints and snapshots are there and as long as they should be",
    full: false,
  },
  {
    label: "All content, too",
    detail: "Also reads every checkpoint, curve and snapshot: takes as long as reading all of them",
    full: true,
  },
];

/** Scheme of the reports, which can be read and not written. */
const SCHEME = "trainyard-check";

export class MaintenanceCommands implements vscode.Disposable {
  readonly #pools: Pools;
  /** By the document's path. */
  readonly #reports = new Map<string, string>();
  readonly #changed = new vscode.EventEmitter<vscode.Uri>();
  readonly #registration: vscode.Disposable;

  constructor(pools: Pools) {
    this.#pools = pools;
    this.#registration = vscode.workspace.registerTextDocumentContentProvider(SCHEME, {
      onDidChange: this.#changed.event,
      provideTextDocumentContent: ({ path }) =>
        this.#reports.get(path) ?? "This report is gone: check the pool again.\n",
    });
  }

  dispose(): void {
    this.#registration.dispose();
    this.#changed.dispose();
  }

  async #show(pool: Pool, report: CheckReport): Promise<void> {
    const uri = vscode.Uri.from({ scheme: SCHEME, path: `/Check of ${pool.name}.md` });
    this.#reports.set(uri.path, reportText(pool.name, report));
    this.#changed.fire(uri);
    await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri), { preview: true });
  }

  async check(argument: unknown): Promise<void> {
    const pool = await this.#which(argument, "Which pool shall be checked?");
    if (pool === undefined) return;
    const depth = await vscode.window.showQuickPick(DEPTHS, { title: `Check ${pool.name}: how much of it?` });
    if (depth === undefined) return;
    const report = await this.#run(pool, depth.full, false);
    if (report === null) return;
    if (report.findings.length === 0) {
      void vscode.window.showInformationMessage(`${pool.name}: all is well (${countsText(report)}).`);
      return;
    }
    await this.#show(pool, report);
    void this.#offerRepair(pool, report);
  }

  async #offerRepair(pool: Pool, report: CheckReport): Promise<void> {
    const repairable = report.findings.filter(({ repair }) => repair !== null);
    const actions = repairable.length > 0 ? ["Repair..."] : [];
    const chosen = await vscode.window.showWarningMessage(
      `${pool.name}: ${plural(report.findings.length, "thing")} found. The report says what, and what can be repaired.`,
      ...actions,
    );
    if (chosen === undefined) return;
    const yes = "Repair";
    const detail = repairsText(repairable);
    if (
      (await vscode.window.showWarningMessage(`Repair ${pool.name}?`, { modal: true, detail }, yes)) !== yes
    )
      return;
    const repaired = await this.#run(pool, report.full, true);
    if (repaired === null) return;
    await this.#show(pool, repaired);
    const left = repaired.findings.length;
    const rest = left === 0 ? "All is well now." : `${plural(left, "thing")} could not be repaired.`;
    void vscode.window.showInformationMessage(
      `${pool.name}: ${plural(repaired.repaired.length, "repair")} done. ${rest}`,
    );
  }

  /** @returns null when the person cancelled */
  async #run(pool: Pool, full: boolean, repair: boolean): Promise<CheckReport | null> {
    try {
      return await withProgress(`${repair ? "Repairing" : "Checking"} ${pool.name}`, (signal, report) =>
        this.#pools.check(pool.id, {
          full,
          repair,
          signal,
          onProgress: (message, fraction) => report({ message, ...(fraction === null ? {} : { fraction }) }),
        }),
      );
    } catch (error) {
      if (isCancelled(error)) return null;
      throw error;
    }
  }

  async backUp(argument: unknown): Promise<void> {
    const pool = await this.#which(argument, "Which pool shall be backed up?");
    const folder = pool && (await askFolder(pool));
    if (pool === undefined || folder === undefined) return;
    const report = await withProgress(`Backing up ${pool.name}`, (signal, tell) =>
      this.#pools.backUp(pool.id, {
        folder,
        signal,
        onProgress: (message, fraction) => tell({ message, ...(fraction === null ? {} : { fraction }) }),
      }),
    ).catch((error: unknown) => {
      if (isCancelled(error)) return null;
      throw error;
    });
    if (report === null) return;
    const copy = "Copy Path";
    const size = `${formatBytes(report.copiedBytes)} copied, ${formatBytes(report.linkedBytes)} shared with the pool, ${formatBytes(report.keptBytes)} there already`;
    void vscode.window
      .showInformationMessage(
        `${pool.name} is backed up and verified (${countsText(report)}; ${size}). To open it: TRAINYARD_HOME=${report.folder} trainyard list`,
        copy,
      )
      .then((chosen) => (chosen === copy ? vscode.env.clipboard.writeText(report.folder) : undefined));
  }

  async #which(argument: unknown, placeHolder: string): Promise<Pool | undefined> {
    return whichPool(this.#pools, argument, {
      placeHolder,
      fits: () => true,
      none: () => new ShownError("There is no pool."),
    });
  }
}

/** Of a remote pool a folder on its host, which can only be typed. */
async function askFolder(pool: Pool): Promise<string | undefined> {
  const title = `Back up ${pool.name}: into which folder?`;
  if (!pool.place.isRemote) {
    const [picked] =
      (await vscode.window.showOpenDialog({
        title,
        openLabel: "Back Up Here",
        canSelectFolders: true,
        canSelectFiles: false,
      })) ?? [];
    return picked?.fsPath;
  }
  const typed = await vscode.window.showInputBox({
    title,
    prompt: "On the pool's host: an empty folder, one that is made, or an earlier backup of this pool",
    placeHolder: path.posix.join("/", "backup", "trainyard"),
    ignoreFocusOut: true,
    validateInput: (value) => (/^(\/|~\/)./.test(value.trim()) ? undefined : "It begins with / or ~/."),
  });
  return typed?.trim();
}
