/** The tree of pools: each with its slots and who holds them, or what to do when it does not answer. */
import * as vscode from "vscode";
import type { Slot } from "../../cluster/protocol/entities.ts";
import { slotTitle } from "../../cluster/protocol/slotWords.ts";
import { COMMANDS, VIEWS } from "../commands/commandIds.ts";
import type { Pool, PoolStatus } from "../pool/pool.ts";
import type { Pools } from "../pool/pools.ts";
import type { Forwarding, Forwardings } from "../ports/forwardings.ts";
import { poolDescription, portRow, slotRow } from "./poolLabels.ts";

export type PoolsNode =
  | { kind: "pool"; poolId: string }
  | { kind: "slot"; poolId: string; slotId: string }
  | { kind: "port"; poolId: string; localPort: number }
  | { kind: "reconnect"; poolId: string };

const ICONS: Readonly<Record<PoolStatus["state"], string>> = {
  idle: "vm-outline",
  connecting: "loading~spin",
  connected: "vm-active",
  disconnected: "vm-outline",
};

const REMOTE_ICONS: Readonly<Record<PoolStatus["state"], string>> = {
  idle: "remote",
  connecting: "loading~spin",
  connected: "remote",
  disconnected: "debug-disconnect",
};

export class PoolsTree implements vscode.TreeDataProvider<PoolsNode>, vscode.Disposable {
  readonly #pools: Pools;
  readonly #forwardings: Forwardings;
  readonly #emitter = new vscode.EventEmitter<PoolsNode | undefined>();
  /** The editor knows rows by identity. */
  readonly #roots = new Map<string, PoolsNode>();
  readonly #subscriptions: vscode.Disposable[] = [];
  readonly onDidChangeTreeData = this.#emitter.event;

  constructor(pools: Pools, forwardings: Forwardings) {
    this.#pools = pools;
    this.#forwardings = forwardings;
    this.#subscriptions.push(
      this.#emitter,
      vscode.window.createTreeView(VIEWS.pools, { treeDataProvider: this }),
      pools.onDidChangeList(() => this.#emitter.fire(undefined)),
      pools.onDidChangeStatus((pool) => this.#emitter.fire(this.#root(pool))),
      pools.onDidChange(({ pool, change }) => {
        if (change.slots || change.everything) this.#emitter.fire(this.#root(pool));
      }),
      forwardings.onDidChange((poolId) => {
        const pool = pools.get(poolId);
        if (pool) this.#emitter.fire(this.#root(pool));
      }),
    );
  }

  dispose(): void {
    vscode.Disposable.from(...this.#subscriptions).dispose();
  }

  getChildren(node?: PoolsNode): PoolsNode[] {
    this.#pools.wake();
    if (!node) return this.#pools.all.map((pool) => this.#root(pool));
    const pool = this.#pools.get(node.poolId);
    if (node.kind !== "pool" || !pool) return [];
    const { poolId } = node;
    const ports = this.#forwardings
      .of(poolId)
      .map(({ localPort }): PoolsNode => ({ kind: "port", poolId, localPort }));
    if (pool.status.state === "disconnected") return [{ kind: "reconnect", poolId }, ...ports];
    return [...slotsOf(pool).map(({ id }): PoolsNode => ({ kind: "slot", poolId, slotId: id })), ...ports];
  }

  getTreeItem(node: PoolsNode): vscode.TreeItem {
    const pool = this.#pools.get(node.poolId);
    if (!pool) return new vscode.TreeItem(node.poolId);
    switch (node.kind) {
      case "pool":
        return poolItem(pool);
      case "slot":
        return slotItem(pool, node.slotId);
      case "port":
        return portItem(this.#forwardings.of(pool.id).find(({ localPort }) => localPort === node.localPort));
      case "reconnect":
        return reconnectItem(pool);
    }
  }

  #root({ id }: Pool): PoolsNode {
    const root = this.#roots.get(id) ?? { kind: "pool", poolId: id };
    this.#roots.set(id, root);
    return root;
  }
}

function poolItem(pool: Pool): vscode.TreeItem {
  const { state, detail, remedy } = pool.status;
  const item = new vscode.TreeItem(pool.name, vscode.TreeItemCollapsibleState.Expanded);
  const disk = state === "connected" ? (pool.mirror?.disk ?? null) : null;
  const description = poolDescription(state, slotsOf(pool), detail, disk);
  item.id = `pool/${pool.id}`;
  item.description = description;
  const isTroubled = disk !== null && disk.state !== "ok";
  item.iconPath = isTroubled
    ? new vscode.ThemeIcon("warning", new vscode.ThemeColor("list.warningForeground"))
    : new vscode.ThemeIcon((pool.place.isRemote ? REMOTE_ICONS : ICONS)[state]);
  item.contextValue = `pool.${state}${pool.place.isRemote ? ".remote" : ""}${pool.id === "local" ? "" : ".added"}`;
  const { info } = pool;
  const about = info ? [`${info.account} on ${info.host}`, info.folder, `Server ${info.serverVersion}`] : [];
  item.tooltip = [pool.name, detail, remedy, disk?.message ?? null, ...about]
    .filter((line) => line !== null)
    .join("\n");
  item.accessibilityInformation = { label: `Pool ${pool.name}, ${description}` };
  return item;
}

/** What stands in the way may have a remedy; trying again is the step after it. */
function reconnectItem(pool: Pool): vscode.TreeItem {
  const { remedy } = pool.status;
  const item = new vscode.TreeItem("Reconnect");
  item.id = `pool/${pool.id}/reconnect`;
  item.description = remedy ?? "";
  item.tooltip = remedy ?? "";
  item.iconPath = new vscode.ThemeIcon("refresh");
  item.command = { command: COMMANDS.reconnect, title: "Reconnect", arguments: [pool.id] };
  item.accessibilityInformation = { label: `Reconnect ${pool.name}. ${remedy ?? ""}`, role: "button" };
  return item;
}

function portItem(forwarding: Forwarding | undefined): vscode.TreeItem {
  if (!forwarding) return new vscode.TreeItem("Port");
  const { poolId, localPort } = forwarding;
  const { label, description } = portRow(forwarding);
  const item = new vscode.TreeItem(label);
  item.id = `port/${poolId}/${localPort}`;
  item.contextValue = "port";
  item.description = description;
  item.tooltip = "Open, copy or close it with the buttons of this row. It is closed with its run.";
  item.iconPath = new vscode.ThemeIcon("plug");
  item.accessibilityInformation = { label: `${label}, ${description}` };
  return item;
}

function slotItem(pool: Pool, id: string): vscode.TreeItem {
  const slot = slotsOf(pool).find((one) => one.id === id);
  const item = new vscode.TreeItem(slot ? slotTitle(slot) : id);
  item.id = `slot/${pool.id}/${id}`;
  item.contextValue = "slot";
  if (!slot) return item;
  const experimentId = Number(slot.trialId?.split(".")[0]);
  const row = slotRow(slot, pool.mirror?.experiments.get(experimentId) ?? null);
  item.description = row.description;
  item.tooltip = row.tooltip;
  item.iconPath = new vscode.ThemeIcon(
    row.icon,
    row.color === null ? undefined : new vscode.ThemeColor(row.color),
  );
  item.accessibilityInformation = { label: `Slot ${slotTitle(slot)}, ${row.description}` };
  return item;
}

function slotsOf(pool: Pool): readonly Slot[] {
  return pool.status.state === "connected" ? (pool.mirror?.slots ?? []) : [];
}
