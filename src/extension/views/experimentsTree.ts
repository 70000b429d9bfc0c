/** The tree of experiments: rows of nodes.ts, texts of labels.ts, refreshed by element. */
import { setTimeout as sleep } from "node:timers/promises";
import * as vscode from "vscode";
import { startsSentence } from "../../cluster/protocol/queueWords.ts";
import type { MirrorChange, PoolMirror } from "../../cluster/client/mirror.ts";
import { COMMANDS, CONTEXT, VIEWS } from "../commands/commandIds.ts";
import type { Trial } from "../../cluster/protocol/entities.ts";
import { oneLine, plural } from "../format.ts";
import type { Pools } from "../pool/pools.ts";
import { WorkspaceFolders } from "../workspaceFolders.ts";
import { checkpointRow, experimentRow, groupRow, onPool, trialRow, type Row } from "./labels.ts";
import { ExperimentLists, type ListedPool } from "./experimentLists.ts";
import { filterText, moreLabel } from "./filterText.ts";
import {
  childrenOf,
  nodeId,
  PAGE_ROWS,
  parentOf,
  rootsOf,
  type ExperimentsFilter,
  type ExperimentsNode,
  type ListName,
} from "./nodes.ts";
import { countLively } from "./statusText.ts";

/** A burst of events (a search starts, a script reports) is one refresh. */
const REFRESH_MS = 200;
/**
 * A click. Without arguments: those of a row are forgotten with each refresh, and a click on a run that reports many
 * times a second would meet a command that is gone ("Actual command not found"). The selection says which row it was.
 */
const OPEN: vscode.Command = { command: COMMANDS.openRow, title: "Open" };
const SELECTION_MS = 2000;
const SELECTION_POLL_MS = 20;
const SHOW_ALL_KEY = "trainyard.showAll";

export class ExperimentsTree implements vscode.TreeDataProvider<ExperimentsNode>, vscode.Disposable {
  readonly #context: vscode.ExtensionContext;
  readonly #pools: Pools;
  readonly #emitter = new vscode.EventEmitter<ExperimentsNode[] | undefined>();
  /** The editor knows rows by identity, so one object stands for one row as long as it lives. */
  readonly #nodes = new Map<string, ExperimentsNode>();
  readonly #lists = new ExperimentLists((of, list) => this.#onList(of, list));
  #text = "";
  /** `pool/experiment`, as keyOf() makes it. */
  readonly #touched = new Set<string>();
  readonly #subscriptions: vscode.Disposable[] = [];
  readonly #view: vscode.TreeView<ExperimentsNode>;
  #refreshAll = false;
  #timer: NodeJS.Timeout | undefined;
  #roots = "";
  #toReveal: string | null = null;

  readonly onDidChangeTreeData = this.#emitter.event;

  constructor(context: vscode.ExtensionContext, pools: Pools) {
    this.#context = context;
    this.#pools = pools;
    this.#view = vscode.window.createTreeView(VIEWS.experiments, {
      treeDataProvider: this,
      showCollapseAll: true,
      canSelectMany: true,
    });
    this.#subscriptions.push(
      this.#view,
      this.#emitter,
      pools.onDidChange(({ pool, change }) => this.#onChange(pool.id, change)),
      pools.onDidChangeStatus(() => {
        this.#lists.retryAll();
        this.#update(true);
      }),
      pools.onDidChangeList(() => this.#update(true)),
      vscode.workspace.onDidChangeWorkspaceFolders(() => this.#updateFilter()),
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.#update(true)),
    );
    this.#setContext([]);
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#lists.clear();
    vscode.Disposable.from(...this.#subscriptions).dispose();
  }

  get filter(): ExperimentsFilter {
    return {
      folders: new WorkspaceFolders(vscode.workspace.workspaceFolders),
      showAll: this.#context.workspaceState.get(SHOW_ALL_KEY, false),
      text: this.#text,
    };
  }

  /** The row that was clicked last. While the editor reads the tree anew it knows none for a moment. */
  async clicked(): Promise<ExperimentsNode | undefined> {
    const end = Date.now() + SELECTION_MS;
    while (this.#view.selection.length === 0 && Date.now() < end) await sleep(SELECTION_POLL_MS);
    return this.#view.selection[0];
  }

  async setShowAll(showAll: boolean): Promise<void> {
    await this.#context.workspaceState.update(SHOW_ALL_KEY, showAll);
    this.#updateFilter();
  }

  /** Only what passes; empty: everything. */
  setText(text: string): void {
    if (text.trim() === this.#text) return;
    this.#text = text.trim();
    this.#updateFilter();
  }

  #updateFilter(): void {
    this.#lists.clear();
    this.#update(true);
  }

  showMore(node: ExperimentsNode): void {
    if (node.kind !== "more") return;
    this.#lists.more(node, node.list);
    this.#onList(node, node.list);
  }

  retry(node: ExperimentsNode): void {
    if (node.kind !== "problem") return;
    this.#lists.retry(node, node.list);
    this.#onList(node, node.list);
  }

  /** Selects an experiment's row in the open tree, as soon as it is there. */
  reveal(poolId: string, experimentId: number): void {
    this.#toReveal = keyOf(poolId, experimentId);
    this.#update(false);
  }

  getChildren(node?: ExperimentsNode): ExperimentsNode[] {
    this.#pools.wake();
    if (!node) return this.#rootNodes().map((root) => this.#same(root));
    const mirror = this.#mirrorOf(node);
    if (!mirror) return [];
    const pool = this.#listed(node.poolId);
    return childrenOf(
      mirror,
      node,
      (of, list) => this.#lists.under(pool, of, list, this.#text),
      this.#text !== "",
    ).map((child) => this.#same(child));
  }

  getParent(node: ExperimentsNode): ExperimentsNode | undefined {
    const mirror = this.#mirrorOf(node);
    const parent = mirror ? parentOf(mirror, node) : undefined;
    return parent && this.#same(parent);
  }

  getTreeItem(node: ExperimentsNode): vscode.TreeItem {
    if (node.kind === "more" || node.kind === "busy" || node.kind === "problem") return endItem(node);
    const row = this.rowOf(node);
    const item = new vscode.TreeItem(row?.label ?? "", this.#collapsible(node));
    item.id = nodeId(node);
    if (!row) return item;
    item.description = row.description;
    item.contextValue = row.contextValue;
    item.accessibilityInformation = { label: row.spoken };
    if (row.look) item.iconPath = new vscode.ThemeIcon(row.look.icon, themeColor(row.look.color));
    // Without one the editor asks for it where the pointer rests.
    if (row.tooltip.length > 0 && !this.#isWaiting(node)) item.tooltip = plainTooltip(row.tooltip);
    if (node.kind !== "group") item.command = OPEN;
    return item;
  }

  /** For who waits: when it starts, as it is known when the pointer rests on its row. */
  async resolveTreeItem(
    item: vscode.TreeItem,
    node: ExperimentsNode,
    token: vscode.CancellationToken,
  ): Promise<vscode.TreeItem> {
    const row = this.rowOf(node);
    if (!row) return item;
    const when =
      "trialId" in node && this.#isWaiting(node)
        ? await this.#whenStarts(node.poolId, node.trialId, token)
        : "";
    item.tooltip = plainTooltip(
      when === "" ? row.tooltip : [...row.tooltip.slice(0, 2), when, ...row.tooltip.slice(2)],
    );
    return item;
  }

  #isWaiting(node: ExperimentsNode): boolean {
    return "trialId" in node && this.#mirrorOf(node)?.trials.get(node.trialId)?.state === "waiting";
  }

  async #whenStarts(poolId: string, trialId: string, token: vscode.CancellationToken): Promise<string> {
    const pool = this.#pools.get(poolId);
    if (pool?.status.state !== "connected") return "";
    const given = new AbortController();
    const subscription = token.onCancellationRequested(() => given.abort());
    try {
      const { waiting } = await pool.call("queue/state", {}, given.signal);
      return startsSentence(waiting.find((one) => one.trialId === trialId)?.startsIn ?? null);
    } catch {
      return ""; // the reason is in the row
    } finally {
      subscription.dispose();
    }
  }

  /** What a row shows now. */
  rowOf(node: ExperimentsNode): Row | undefined {
    const mirror = this.#mirrorOf(node);
    const experiment = mirror?.experiments.get(node.experimentId);
    if (!mirror || !experiment) return undefined;
    const nowMs = Date.now();
    switch (node.kind) {
      case "experiment":
        return onPool(
          experimentRow(experiment, mirror.holdingOf(node.experimentId), nowMs),
          this.#remoteName(node),
        );
      case "group":
        return groupRow(node.group, experiment);
      case "single":
      case "trial": {
        const trial = mirror.trials.get(node.trialId);
        if (!trial) return undefined;
        const checkpoints = checkpointCount(mirror, trial);
        const row = trialRow(experiment, trial, checkpoints, nowMs, node.kind === "single");
        return node.kind === "single" ? onPool(row, this.#remoteName(node)) : row;
      }
      case "checkpoint": {
        const checkpoint = mirror.checkpoints.get(node.uuid);
        return checkpoint && checkpointRow(checkpoint, experiment.metric, nowMs);
      }
      case "more":
      case "busy":
      case "problem":
        return undefined;
    }
  }

  #remoteName({ poolId }: ExperimentsNode): string | null {
    return poolId === this.#pools.local.id ? null : (this.#pools.get(poolId)?.name ?? poolId);
  }

  #collapsible(node: ExperimentsNode): vscode.TreeItemCollapsibleState {
    const { None, Collapsed, Expanded } = vscode.TreeItemCollapsibleState;
    switch (node.kind) {
      case "experiment":
        return Collapsed;
      case "group":
        return node.group === "running" || node.group === "waiting" ? Expanded : Collapsed;
      case "single":
      case "trial": {
        const mirror = this.#mirrorOf(node);
        const trial = mirror?.trials.get(node.trialId);
        return mirror && trial && checkpointCount(mirror, trial) !== 0 ? Collapsed : None;
      }
      case "checkpoint":
      case "more":
      case "busy":
      case "problem":
        return None;
    }
  }

  #mirrorOf({ poolId }: ExperimentsNode): PoolMirror | null {
    return this.#pools.get(poolId)?.mirror ?? null;
  }

  #rootNodes(): ExperimentsNode[] {
    const { filter } = this;
    const pools = this.#pools.all.flatMap(({ id, mirror }) =>
      mirror ? [{ id, mirror, experiments: this.#lists.experiments(this.#listed(id), filter) }] : [],
    );
    return rootsOf(pools, filter);
  }

  #listed(poolId: string): ListedPool {
    const pool = this.#pools.must(poolId);
    return {
      id: poolId,
      mirror: pool.mirror,
      reader: () => pool.reader(),
      whyNot: () => (pool.status.state === "connected" ? null : `Not connected to ${pool.name}.`),
    };
  }

  /** What was read is shown at once. */
  #onList({ poolId, experimentId }: { poolId: string; experimentId: number }, list: ListName): void {
    const of = { poolId, experimentId };
    const mirror = this.#mirrorOf({ kind: "experiment", ...of });
    const parent = mirror ? parentOf(mirror, { kind: "busy", ...of, list }) : undefined;
    if (parent) this.#emitter.fire([this.#same(parent)]);
    else this.#update(true);
  }

  #onChange(poolId: string, change: MirrorChange): void {
    this.#lists.outdate(poolId, change, this.#text !== "");
    if (change.experiments.size === 0 && !change.everything) return;
    for (const id of change.experiments) this.#touched.add(keyOf(poolId, id));
    this.#update(change.everything);
  }

  #update(all: boolean): void {
    this.#refreshAll ||= all;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#refresh();
    }, REFRESH_MS);
  }

  #refresh(): void {
    const changed = new Set(this.#touched);
    this.#touched.clear();
    const roots = this.#rootNodes();
    this.#setContext(roots);
    const keyOfNode = (node: ExperimentsNode): string => keyOf(node.poolId, node.experimentId);
    const key = roots.map((node) => nodeId(node)).join();
    const all = this.#refreshAll || key !== this.#roots;
    this.#refreshAll = false;
    this.#roots = key;
    for (const [id, node] of this.#nodes)
      if (!this.#mirrorOf(node)?.experiments.has(node.experimentId)) this.#nodes.delete(id);
    const rows = roots.filter((node) => changed.has(keyOfNode(node))).map((node) => this.#same(node));
    if (all) this.#emitter.fire(undefined);
    else if (rows.length > 0) this.#emitter.fire(rows);
    const revealed = roots.find((node) => keyOfNode(node) === this.#toReveal);
    if (!revealed || !this.#view.visible) return;
    this.#toReveal = null;
    // The row may be gone again by then.
    this.#view.reveal(this.#same(revealed), { select: true, focus: false }).then(undefined, () => undefined);
  }

  /** The same object for the same row, with what it says now. */
  #same(node: ExperimentsNode): ExperimentsNode {
    const id = nodeId(node);
    const known = this.#nodes.get(id);
    if (known?.kind === node.kind) return Object.assign(known, node);
    this.#nodes.set(id, node);
    return node;
  }

  #setContext(roots: readonly ExperimentsNode[]): void {
    const set = (key: string, value: unknown): void =>
      void vscode.commands.executeCommand("setContext", key, value);
    const { filter } = this;
    const pools = this.#pools.all;
    const experiments = pools.flatMap(({ mirror }) => [...(mirror?.experiments.values() ?? [])]);
    set(CONTEXT.connection, this.#pools.local.status.state);
    set(CONTEXT.showAll, filter.showAll);
    set(CONTEXT.filtered, filter.text !== "");
    set(
      CONTEXT.otherExperiments,
      // Of old ones nobody knows where they are from before they have been shown.
      experiments.some((experiment) => !filter.folders.has(experiment)) ||
        pools.some(({ mirror }) => mirror !== null && mirror.total > mirror.experiments.size),
    );
    const { running } = countLively(experiments);
    this.#view.badge =
      running > 0 ? { value: running, tooltip: `${plural(running, "run")} in progress` } : undefined;
    this.#view.description = !filter.folders.isEmpty && filter.showAll ? "all folders" : "";
    const away = pools.filter(
      ({ status, mirror }) => status.state === "disconnected" && (mirror?.experiments.size ?? 0) > 0,
    );
    const connection =
      away.length > 0
        ? `Not connected to ${away.map(({ name }) => name).join(", ")}; what is shown of it may be old. ${away[0]?.status.detail ?? ""}`
        : null;
    const filtering = filterText(filter, roots);
    this.#view.message = [connection, filtering].filter((line) => line !== null).join(" ") || undefined;
  }
}

/** Null: some, and nobody has asked how many. */
function checkpointCount(mirror: PoolMirror, trial: Trial): number | null {
  if (mirror.isWholeTrial(trial.id)) return mirror.checkpointsOf(trial.id).length;
  return trial.latestCheckpoint === null ? 0 : null;
}

/** The end of a list that is not all there. */
function endItem(node: Extract<ExperimentsNode, { kind: "more" | "busy" | "problem" }>): vscode.TreeItem {
  const item = new vscode.TreeItem(
    node.kind === "more"
      ? moreLabel(node.hidden, PAGE_ROWS)
      : node.kind === "busy"
        ? "Loading..."
        : oneLine(node.message, 200),
  );
  item.id = nodeId(node);
  if (node.kind === "busy") item.iconPath = new vscode.ThemeIcon("loading~spin");
  if (node.kind !== "problem") {
    if (node.kind === "more") item.command = OPEN;
    return item;
  }
  item.iconPath = new vscode.ThemeIcon("warning", new vscode.ThemeColor("problemsWarningIcon.foreground"));
  item.description = "Retry";
  item.command = OPEN;
  item.tooltip = plainTooltip([node.message, "A click tries again."]);
  item.accessibilityInformation = { label: `${node.message} Press Enter to try again.` };
  return item;
}

function keyOf(poolId: string, experimentId: number): string {
  return `${poolId}/${experimentId}`;
}

function themeColor(id: string | null): vscode.ThemeColor | undefined {
  return id === null ? undefined : new vscode.ThemeColor(id);
}

/** Names and messages are data: nothing in them becomes a link or markup. */
function plainTooltip(lines: readonly string[]): vscode.MarkdownString {
  const tooltip = new vscode.MarkdownString();
  lines.forEach((line, index) => {
    if (index > 0) tooltip.appendMarkdown("\n\n");
    tooltip.appendText(line);
  });
  return tooltip;
}
