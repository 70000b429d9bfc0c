/** The tree of experiments: rows of nodes.ts, texts of labels.ts, refreshed by element. */
import { setTimeout as sleep } from "node:timers/promises";
import * as vscode from "vscode";
import type { MirrorChange } from "../../cluster/client/mirror.ts";
import { COMMANDS, CONTEXT, VIEWS } from "../commands/commandIds.ts";
import { plural } from "../format.ts";
import type { Pool } from "../pool/pool.ts";
import { WorkspaceFolders } from "../workspaceFolders.ts";
import { checkpointRow, experimentRow, groupRow, trialRow, type Row } from "./labels.ts";
import {
  childrenOf,
  nodeId,
  PAGE_OF_TRIALS,
  parentOf,
  rootsOf,
  type ExperimentsFilter,
  type ExperimentsNode,
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
  readonly #pool: Pool;
  readonly #emitter = new vscode.EventEmitter<ExperimentsNode[] | undefined>();
  /** The editor knows rows by identity, so one object stands for one row as long as it lives. */
  readonly #nodes = new Map<string, ExperimentsNode>();
  readonly #shown = new Map<string, number>();
  readonly #touched = new Set<number>();
  readonly #subscriptions: vscode.Disposable[] = [];
  readonly #view: vscode.TreeView<ExperimentsNode>;
  #refreshAll = false;
  #timer: NodeJS.Timeout | undefined;
  #roots = "";
  #toReveal: number | null = null;

  readonly onDidChangeTreeData = this.#emitter.event;

  constructor(context: vscode.ExtensionContext, pool: Pool) {
    this.#context = context;
    this.#pool = pool;
    this.#view = vscode.window.createTreeView(VIEWS.experiments, {
      treeDataProvider: this,
      showCollapseAll: true,
    });
    this.#subscriptions.push(
      this.#view,
      this.#emitter,
      pool.onDidChange((change) => this.#onChange(change)),
      pool.onDidChangeStatus(() => this.#update(true)),
      vscode.workspace.onDidChangeWorkspaceFolders(() => this.#update(true)),
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.#update(true)),
    );
    this.#setContext();
  }

  dispose(): void {
    clearTimeout(this.#timer);
    vscode.Disposable.from(...this.#subscriptions).dispose();
  }

  get filter(): ExperimentsFilter {
    return {
      folders: new WorkspaceFolders(vscode.workspace.workspaceFolders),
      showAll: this.#context.workspaceState.get(SHOW_ALL_KEY, false),
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
    this.#update(true);
  }

  showMore(node: ExperimentsNode): void {
    if (node.kind !== "more") return;
    const key = `${node.experimentId}/${node.group}`;
    this.#shown.set(key, (this.#shown.get(key) ?? PAGE_OF_TRIALS) + PAGE_OF_TRIALS);
    this.#emitter.fire([this.#same({ kind: "group", experimentId: node.experimentId, group: node.group })]);
  }

  /** Selects an experiment's row in the open tree, as soon as it is there. */
  reveal(experimentId: number): void {
    this.#toReveal = experimentId;
    this.#update(false);
  }

  getChildren(node?: ExperimentsNode): ExperimentsNode[] {
    this.#pool.wake();
    const mirror = this.#pool.mirror;
    if (!mirror) return [];
    const children = node
      ? childrenOf(mirror, node, (id, group) => this.#shown.get(`${id}/${group}`) ?? PAGE_OF_TRIALS)
      : rootsOf(mirror, this.filter);
    return children.map((child) => this.#same(child));
  }

  getParent(node: ExperimentsNode): ExperimentsNode | undefined {
    const mirror = this.#pool.mirror;
    const parent = mirror ? parentOf(mirror, node) : undefined;
    return parent && this.#same(parent);
  }

  getTreeItem(node: ExperimentsNode): vscode.TreeItem {
    if (node.kind === "more") {
      const item = new vscode.TreeItem(
        `Show ${Math.min(node.hidden, PAGE_OF_TRIALS)} more of ${node.hidden}`,
      );
      item.id = nodeId(node);
      item.command = OPEN;
      return item;
    }
    const row = this.rowOf(node);
    const item = new vscode.TreeItem(row?.label ?? "", this.#collapsible(node));
    item.id = nodeId(node);
    if (!row) return item;
    item.description = row.description;
    item.contextValue = row.contextValue;
    item.accessibilityInformation = { label: row.spoken };
    if (row.look) item.iconPath = new vscode.ThemeIcon(row.look.icon, themeColor(row.look.color));
    if (row.tooltip.length > 0) item.tooltip = plainTooltip(row.tooltip);
    if (node.kind !== "group") item.command = OPEN;
    return item;
  }

  /** What a row shows now. */
  rowOf(node: ExperimentsNode): Row | undefined {
    const mirror = this.#pool.mirror;
    const experiment = mirror?.experiments.get(node.experimentId);
    if (!mirror || !experiment) return undefined;
    const nowMs = Date.now();
    switch (node.kind) {
      case "experiment":
        return experimentRow(experiment, mirror.trialsOf(node.experimentId), nowMs);
      case "group":
        return groupRow(node.group, mirror.trialsOf(node.experimentId));
      case "single":
      case "trial": {
        const trial = mirror.trials.get(node.trialId);
        const checkpoints = mirror.checkpointsOf(node.trialId).length;
        return trial && trialRow(experiment, trial, checkpoints, nowMs, node.kind === "single");
      }
      case "checkpoint": {
        const checkpoint = mirror.checkpoints.get(node.uuid);
        return checkpoint && checkpointRow(checkpoint, experiment.metric, nowMs);
      }
      case "more":
        return undefined;
    }
  }

  #collapsible(node: ExperimentsNode): vscode.TreeItemCollapsibleState {
    const { None, Collapsed, Expanded } = vscode.TreeItemCollapsibleState;
    switch (node.kind) {
      case "experiment":
        return Collapsed;
      case "group":
        return node.group === "running" || node.group === "waiting" ? Expanded : Collapsed;
      case "single":
      case "trial":
        return (this.#pool.mirror?.checkpointsOf(node.trialId).length ?? 0) > 0 ? Collapsed : None;
      case "checkpoint":
      case "more":
        return None;
    }
  }

  #onChange(change: MirrorChange): void {
    if (change.experiments.size === 0 && !change.everything) return;
    for (const id of change.experiments) this.#touched.add(id);
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
    const mirror = this.#pool.mirror;
    const changed = new Set(this.#touched);
    this.#touched.clear();
    this.#setContext();
    const roots = mirror ? rootsOf(mirror, this.filter) : [];
    const key = roots.map((node) => `${node.kind} ${node.experimentId}`).join();
    const all = this.#refreshAll || key !== this.#roots;
    this.#refreshAll = false;
    this.#roots = key;
    for (const [id, node] of this.#nodes)
      if (!mirror?.experiments.has(node.experimentId)) this.#nodes.delete(id);
    const rows = roots.filter((node) => changed.has(node.experimentId)).map((node) => this.#same(node));
    if (all) this.#emitter.fire(undefined);
    else if (rows.length > 0) this.#emitter.fire(rows);
    const revealed = roots.find((node) => node.experimentId === this.#toReveal);
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

  #setContext(): void {
    const set = (key: string, value: unknown): void =>
      void vscode.commands.executeCommand("setContext", key, value);
    const { filter } = this;
    const { status, mirror } = this.#pool;
    const experiments = [...(mirror?.experiments.values() ?? [])];
    set(CONTEXT.connection, status.state);
    set(CONTEXT.showAll, filter.showAll);
    set(
      CONTEXT.otherExperiments,
      experiments.some((experiment) => !filter.folders.has(experiment)),
    );
    const { running } = countLively(mirror?.trials.values() ?? []);
    this.#view.badge =
      running > 0 ? { value: running, tooltip: `${plural(running, "run")} in progress` } : undefined;
    this.#view.description = !filter.folders.isEmpty && filter.showAll ? "all folders" : "";
    this.#view.message =
      status.state === "disconnected" && experiments.length > 0
        ? `Not connected; what is shown may be old. ${status.detail ?? ""}`
        : undefined;
  }
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
