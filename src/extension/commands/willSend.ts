/** What a submit would send, link and leave, and why; each can be changed on the spot. */
import * as vscode from "vscode";
import type { PlanOptions, SnapshotPlan } from "../../cluster/client/snapshot/plan.ts";
import { ShownError } from "../errors.ts";
import { formatBytes, plural } from "../format.ts";
import { loadClient, type Client } from "../pool/client.ts";
import type { Pool } from "../pool/pool.ts";
import type { Pools } from "../pool/pools.ts";
import { withProgress } from "../progress.ts";
import { isSameOrInside } from "../../cluster/client/insideFolder.ts";
import type { ConfigurationProblems } from "./configurationProblems.ts";
import { askPathOnPool } from "./pathOnPool.ts";
import { folderOf, isScript, requireTrust } from "./script.ts";
import type { SubmitMemory } from "./submitMemory.ts";
import { willSendRows, type WillSendAction, type WillSendRow } from "./willSendRows.ts";

const BUTTONS: Readonly<Record<WillSendAction, { tooltip: string; icon: string }>> = {
  leaveOut: { tooltip: "Leave Out", icon: "circle-slash" },
  takeIn: { tooltip: "Send It After All", icon: "add" },
  send: { tooltip: "Send It", icon: "cloud-upload" },
  link: { tooltip: "Link", icon: "link" },
  unlink: { tooltip: "Do Not Link", icon: "debug-disconnect" },
  map: { tooltip: "Use a Path on the Pool...", icon: "remote" },
  unmap: { tooltip: "Do Not Use the Path on the Pool", icon: "debug-disconnect" },
};

interface Button extends vscode.QuickInputButton {
  action: WillSendAction;
}
type Item = vscode.QuickPickItem & { row: WillSendRow | null };

export class WillSend {
  readonly #memory: SubmitMemory;
  readonly #problems: ConfigurationProblems;
  readonly #pools: Pools;
  constructor(memory: SubmitMemory, problems: ConfigurationProblems, pools: Pools) {
    this.#memory = memory;
    this.#problems = problems;
    this.#pools = pools;
  }

  async show(argument: unknown): Promise<void> {
    requireTrust();
    const folder = folderFor(argument);
    const script = scriptFor(argument, folder, this.#memory.recentScripts);
    const pool = this.#pool;
    const client = await loadClient();
    const plan = (): Promise<SnapshotPlan> =>
      withProgress("Looking at the code", async (signal) =>
        client.planSnapshot({
          folder,
          stateFolder: client.defaultStateFolder(),
          ...(script === null ? {} : await this.#dataOf(client, script, pool)),
          pool: pool.id,
          linkable: !pool.place.isRemote,
          signal,
        }),
      );
    const pick = vscode.window.createQuickPick<Item>();
    try {
      let current = await plan();
      show(pick, current, client, pool);
      await new Promise<void>((resolve, reject) => {
        const act = async (row: WillSendRow | null | undefined, action = row?.actions[0]): Promise<void> => {
          if (!row || !action) return;
          pick.busy = true;
          await change(client, current, pool, action, row.path);
          current = await plan();
          show(pick, current, client, pool);
          pick.busy = false;
          pick.show();
        };
        pick.onDidTriggerItemButton(
          ({ item, button }) => void act(item.row, (button as Button).action).catch(reject),
        );
        pick.onDidAccept(() => void act(pick.activeItems[0]?.row).catch(reject));
        pick.onDidHide(() => pick.busy || resolve());
        pick.show();
      });
    } finally {
      pick.dispose();
    }
  }

  /** Where a submit would go. */
  get #pool(): Pool {
    const { pool } = this.#memory;
    return (pool === null ? undefined : this.#pools.get(pool)) ?? this.#pools.local;
  }

  /** What the configuration that a submit would read has under `data:`. */
  async #dataOf(
    client: Client,
    script: string,
    pool: Pool,
  ): Promise<Pick<PlanOptions, "dataPaths" | "dataPlaces">> {
    const { configuration } = this.#memory.optionsOf(script);
    const file = configuration === "auto" ? await client.findConfiguration(script) : configuration?.file;
    if (!file) return {};
    const { value } = await client
      .loadConfiguration(file)
      .catch((error: unknown) => this.#problems.explain(error, "Nothing can be submitted yet."));
    return { dataPaths: client.dataPathsOf(value), dataPlaces: client.dataPlacesOf(value, pool.id) };
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

function show(pick: vscode.QuickPick<Item>, plan: SnapshotPlan, client: Client, pool: Pool): void {
  pick.title = `Will send ${plural(plan.files, "file")}, ${formatBytes(plan.bytes)}, from ${plan.root} to ${pool.name}`;
  pick.placeholder = "What a submit sends, links and leaves; Enter changes a row, Escape closes";
  pick.items = willSendRows(plan, client.largestFolders(plan, 15), pool.name).map((row): Item => {
    if ("section" in row) return { label: row.section, kind: vscode.QuickPickItemKind.Separator, row: null };
    const buttons = row.actions.map((action): Button => {
      const { tooltip, icon } = BUTTONS[action];
      return { action, tooltip, iconPath: new vscode.ThemeIcon(icon) };
    });
    return { label: row.label, description: row.description, buttons, row };
  });
}

async function change(
  client: Client,
  plan: SnapshotPlan,
  pool: Pool,
  action: WillSendAction,
  path: string,
): Promise<void> {
  switch (action) {
    case "leaveOut":
      return client.leaveOut(plan, path);
    case "takeIn":
      return client.takeInAgain(plan, path);
    case "send":
      return client.sendPath(plan, path);
    case "link":
      return client.linkPath(plan, path);
    case "unlink":
      return client.unlinkPath(plan, path);
    case "map": {
      const target = await askPathOnPool(pool, path, "");
      return target === undefined ? undefined : client.mapPath(plan, path, target);
    }
    case "unmap":
      return client.unmapPath(plan, path);
  }
}
