/** The tree of pools: this machine, and its slots with who holds them, or what to do when it does not answer. */
import * as vscode from "vscode";
import type { Slot } from "../../cluster/protocol/entities.ts";
import { COMMANDS, VIEWS } from "../commands/commandIds.ts";
import { POOL_NAME, type Pool, type PoolStatus } from "../pool/pool.ts";
import { poolDescription, slotRow } from "./poolLabels.ts";

export type PoolsNode = { kind: "pool" } | { kind: "slot"; id: string } | { kind: "reconnect" };

const ICONS: Readonly<Record<PoolStatus["state"], string>> = {
  idle: "vm-outline",
  connecting: "loading~spin",
  connected: "vm-active",
  disconnected: "vm-outline",
};

export class PoolsTree implements vscode.TreeDataProvider<PoolsNode>, vscode.Disposable {
  readonly #pool: Pool;
  readonly #emitter = new vscode.EventEmitter<PoolsNode | undefined>();
  readonly #root: PoolsNode = { kind: "pool" };
  readonly #subscriptions: vscode.Disposable[] = [];
  readonly onDidChangeTreeData = this.#emitter.event;

  constructor(pool: Pool) {
    this.#pool = pool;
    this.#subscriptions.push(
      this.#emitter,
      vscode.window.createTreeView(VIEWS.pools, { treeDataProvider: this }),
      pool.onDidChangeStatus(() => this.#emitter.fire(undefined)),
      pool.onDidChange((change) => {
        if (change.slots || change.everything) this.#emitter.fire(this.#root);
      }),
    );
  }

  dispose(): void {
    vscode.Disposable.from(...this.#subscriptions).dispose();
  }

  getChildren(node?: PoolsNode): PoolsNode[] {
    this.#pool.wake();
    if (!node) return [this.#root];
    if (node.kind !== "pool") return [];
    if (this.#pool.status.state === "disconnected") return [{ kind: "reconnect" }];
    return this.#slots().map(({ id }) => ({ kind: "slot", id }));
  }

  getTreeItem(node: PoolsNode): vscode.TreeItem {
    switch (node.kind) {
      case "pool":
        return this.#poolItem();
      case "slot":
        return this.#slotItem(node.id);
      case "reconnect":
        return this.#reconnectItem();
    }
  }

  #poolItem(): vscode.TreeItem {
    const { state, detail, remedy } = this.#pool.status;
    const item = new vscode.TreeItem(POOL_NAME, vscode.TreeItemCollapsibleState.Expanded);
    const description = poolDescription(state, this.#slots(), detail);
    item.id = "pool/local";
    item.description = description;
    item.iconPath = new vscode.ThemeIcon(ICONS[state]);
    item.contextValue = `pool.${state}`;
    const { info } = this.#pool;
    const about = info
      ? [`${info.account} on ${info.host}`, info.folder, `Server ${info.serverVersion}`]
      : [];
    item.tooltip = [POOL_NAME, detail, remedy, ...about].filter((line) => line !== null).join("\n");
    item.accessibilityInformation = { label: `Pool ${POOL_NAME}, ${description}` };
    return item;
  }

  /** What stands in the way may have a remedy; trying again is the step after it. */
  #reconnectItem(): vscode.TreeItem {
    const { remedy } = this.#pool.status;
    const item = new vscode.TreeItem("Reconnect");
    item.id = "pool/local/reconnect";
    item.description = remedy ?? "";
    item.tooltip = remedy ?? "";
    item.iconPath = new vscode.ThemeIcon("refresh");
    item.command = { command: COMMANDS.reconnect, title: "Reconnect" };
    item.accessibilityInformation = { label: `Reconnect. ${remedy ?? ""}`, role: "button" };
    return item;
  }

  #slotItem(id: string): vscode.TreeItem {
    const slot = this.#slots().find((one) => one.id === id);
    const item = new vscode.TreeItem(slot?.name ?? id);
    item.id = `slot/${id}`;
    item.contextValue = "slot";
    if (!slot) return item;
    const experimentId = Number(slot.trialId?.split(".")[0]);
    const row = slotRow(slot, this.#pool.mirror?.experiments.get(experimentId) ?? null);
    item.description = row.description;
    item.tooltip = row.tooltip;
    item.iconPath = new vscode.ThemeIcon(
      row.icon,
      row.color === null ? undefined : new vscode.ThemeColor(row.color),
    );
    item.accessibilityInformation = { label: `Slot ${slot.name}, ${row.description}` };
    return item;
  }

  #slots(): readonly Slot[] {
    return this.#pool.status.state === "connected" ? (this.#pool.mirror?.slots ?? []) : [];
  }
}
