/** What a submit would send, link and leave, and why; each can be changed on the spot. */
import * as vscode from "vscode";
import type { SnapshotPlan } from "../../cluster/client/snapshot/plan.ts";
import { ShownError } from "../errors.ts";
import { formatBytes, plural } from "../format.ts";
import { loadClient, type Client } from "../pool/client.ts";
import { withProgress } from "../progress.ts";
import { isSameOrInside } from "../workspaceFolders.ts";
import type { ConfigurationProblems } from "./configurationProblems.ts";
import { folderOf, isScript, requireTrust } from "./script.ts";
import type { SubmitMemory } from "./submitMemory.ts";
import { willSendRows, type WillSendRow } from "./willSendRows.ts";

const TOOLTIPS: Readonly<Record<NonNullable<WillSendRow["action"]>, string>> = {
  leaveOut: "Leave Out",
  takeIn: "Send It After All",
  link: "Link",
  unlink: "Do Not Link",
};
const ICONS: Readonly<Record<NonNullable<WillSendRow["action"]>, string>> = {
  leaveOut: "circle-slash",
  takeIn: "add",
  link: "link",
  unlink: "debug-disconnect",
};

type Item = vscode.QuickPickItem & { row: WillSendRow | null };

export class WillSend {
  readonly #memory: SubmitMemory;
  readonly #problems: ConfigurationProblems;
  constructor(memory: SubmitMemory, problems: ConfigurationProblems) {
    this.#memory = memory;
    this.#problems = problems;
  }

  async show(argument: unknown): Promise<void> {
    requireTrust();
    const folder = folderFor(argument);
    const script = scriptFor(argument, folder, this.#memory.recentScripts);
    const client = await loadClient();
    const plan = (): Promise<SnapshotPlan> =>
      withProgress("Looking at the code", async (signal) =>
        client.planSnapshot({
          folder,
          stateFolder: client.defaultStateFolder(),
          dataPaths: script === null ? [] : await this.#dataPaths(client, script),
          signal,
        }),
      );
    const pick = vscode.window.createQuickPick<Item>();
    try {
      let current = await plan();
      show(pick, current, client);
      await new Promise<void>((resolve, reject) => {
        const act = async (row: WillSendRow | null | undefined): Promise<void> => {
          if (!row?.action) return;
          pick.busy = true;
          await change(client, current, row);
          current = await plan();
          show(pick, current, client);
          pick.busy = false;
          pick.show();
        };
        pick.onDidTriggerItemButton(({ item }) => void act(item.row).catch(reject));
        pick.onDidAccept(() => void act(pick.activeItems[0]?.row).catch(reject));
        pick.onDidHide(() => pick.busy || resolve());
        pick.show();
      });
    } finally {
      pick.dispose();
    }
  }

  /** What the configuration that a submit would read has under `data:`: that is linked. */
  async #dataPaths(client: Client, script: string): Promise<string[]> {
    const { configuration } = this.#memory.optionsOf(script);
    const file = configuration === "auto" ? await client.findConfiguration(script) : configuration?.file;
    if (!file) return [];
    const { value } = await client
      .loadConfiguration(file)
      .catch((error: unknown) => this.#problems.explain(error, "Nothing can be submitted yet."));
    return client.dataPathsOf(value);
  }
}

/** Of what a menu gives, else of the open file, else the first open one. */
export function folderFor(argument: unknown): string {
  if (argument instanceof vscode.Uri) return folderOf(argument);
  const open = vscode.window.activeTextEditor?.document.uri;
  if (open?.scheme === "file") return folderOf(open);
  const first = vscode.workspace.workspaceFolders?.[0];
  if (!first) throw new ShownError("No folder is open.", "Open the folder with your training script.");
  return first.uri.fsPath;
}

/** The script that a submit would take: the one that is given or open, else the last one of this folder. */
function scriptFor(argument: unknown, folder: string, recent: readonly string[]): string | null {
  const open = vscode.window.activeTextEditor?.document;
  const candidates = [
    ...(argument instanceof vscode.Uri ? [argument.fsPath] : []),
    ...(open && isScript(open) ? [open.uri.fsPath] : []),
    ...recent,
  ];
  return candidates.find((file) => file !== folder && isSameOrInside(file, folder)) ?? null;
}

function show(pick: vscode.QuickPick<Item>, plan: SnapshotPlan, client: Client): void {
  pick.title = `Will send ${plural(plan.files, "file")}, ${formatBytes(plan.bytes)}, from ${plan.root}`;
  pick.placeholder = "What a submit sends, links and leaves; Enter changes a row, Escape closes";
  pick.items = willSendRows(plan, client.largestFolders(plan, 15)).map((row): Item => {
    if ("section" in row) return { label: row.section, kind: vscode.QuickPickItemKind.Separator, row: null };
    const button = row.action && {
      iconPath: new vscode.ThemeIcon(ICONS[row.action]),
      tooltip: TOOLTIPS[row.action],
    };
    return {
      label: row.label,
      description: row.description,
      ...(button ? { buttons: [button] } : {}),
      row,
    };
  });
}

async function change(client: Client, plan: SnapshotPlan, { action, path }: WillSendRow): Promise<void> {
  switch (action) {
    case "leaveOut":
      return client.leaveOut(plan, path);
    case "takeIn":
      return client.takeInAgain(plan, path);
    case "link":
      return client.linkPath(plan, path);
    case "unlink":
      return client.unlinkPath(plan, path);
    case null:
      return;
  }
}
