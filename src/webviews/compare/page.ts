/** The page that compares trials: their curves over one another, and a table of what tells them apart. */
import {
  LEAST_SUBJECTS,
  type CompareSnapshot,
  type CompareState,
  type ToComparePage,
} from "../contract/compare.ts";
import type { Answer } from "../contract/messages.ts";
import { ChartBoard } from "../experiment/curves/board.ts";
import { nameFilter } from "../experiment/curves/charts.ts";
import { NO_FRONT } from "../experiment/curves/front.ts";
import { ChartToolbar } from "../experiment/curves/chartToolbar.ts";
import type { ReadSeries, SeriesAnswer, SeriesRead } from "../experiment/curves/seriesLoader.ts";
import { emptyState } from "../ui/controls.ts";
import { h, icon, replaceChildren, setText } from "../ui/dom.ts";
import type { CompareBridge } from "./bridge.ts";
import { columnOfCurve, compareCharts } from "./columns.ts";
import { ComparisonTable } from "./comparisonTable.ts";

export class ComparePage {
  readonly element: HTMLElement;
  private readonly bridge: CompareBridge;
  private readonly title = h("h1", { class: "header-name" });
  private readonly notices = h("div", { class: "notices" });
  private readonly toolbar: ChartToolbar;
  private readonly board: ChartBoard;
  private readonly nothing = h("div");
  private readonly table: ComparisonTable;
  private state: CompareState;
  private snapshot: CompareSnapshot | null = null;
  private frame = 0;

  constructor(bridge: CompareBridge, state: CompareState) {
    this.bridge = bridge;
    this.state = state;
    this.toolbar = new ChartToolbar(state, (change) => this.choose(change));
    this.board = new ChartBoard({
      read: (reads) => this.readAll(reads),
      isConnected: () => true,
      onError: (error) => bridge.problem(`A curve could not be read: ${String(error)}`),
      onZoom: (zoom) => this.choose({ zoom }),
    });
    this.table = new ComparisonTable(state.showAll, {
      open: (subject) => bridge.act({ action: "open", subject }),
      compareCode: (before, after) => bridge.act({ action: "compareCode", before, after }),
      putFirst: (column) => this.putFirst(column),
      remove: (column) => this.remove(column),
      showAll: (showAll) => this.choose({ showAll }),
    });
    this.element = h(
      "div",
      { class: "page is-waiting" },
      h("header", { class: "header" }, h("div", { class: "header-line" }, this.title), this.notices),
      this.toolbar.element,
      h("div", { class: "view-body" }, this.nothing, this.board.element, this.table.element),
    );
  }

  start(): void {
    // Also a page that nobody touched comes back after a reload: by this the extension knows whom it compares.
    this.bridge.saveState(this.state);
    this.askAgain();
  }

  askAgain(): void {
    this.bridge.ready(this.state);
  }

  receive(message: Exclude<ToComparePage, Answer>): void {
    switch (message.type) {
      case "snapshot":
        this.snapshot = message.snapshot;
        this.element.classList.remove("is-waiting");
        this.schedule();
        return;
      case "theme":
        this.themeChanged();
        return;
    }
  }

  themeChanged(): void {
    this.board.themeChanged();
    if (this.snapshot !== null) this.table.themeChanged(this.snapshot.columns);
  }

  private schedule(): void {
    if (this.frame === 0) this.frame = requestAnimationFrame(() => this.render());
  }

  private render(): void {
    this.frame = 0;
    const { snapshot, state } = this;
    if (snapshot === null) return;
    setText(this.title, titleOf(snapshot));
    this.updateNotices(snapshot);
    const charts = compareCharts(snapshot);
    const filter = nameFilter(state.filter);
    const shown = filter.matches === null ? charts : charts.filter(({ title }) => filter.matches(title));
    this.board.update(shown, {
      xAxis: state.xAxis,
      logX: state.logX,
      logY: state.logY,
      smoothing: state.smoothing,
      zoom: state.zoom,
      front: NO_FRONT,
      originMs: ({ series }) => snapshot.columns[columnOfCurve(series)]?.trial?.startedAt ?? 0,
    });
    this.board.element.hidden = shown.length === 0;
    this.toolbar.element.hidden = charts.length === 0;
    this.toolbar.update(state, filter.error);
    const words =
      charts.length === 0 ? "None of them has reported a value yet." : "No metric has a name like that.";
    replaceChildren(this.nothing, shown.length === 0 && emptyState(words));
    this.table.update(snapshot, state.showAll);
  }

  private updateNotices({ columns }: CompareSnapshot): void {
    const said = columns.flatMap(({ label, problem }) => (problem === null ? [] : [`${label}: ${problem}`]));
    if (this.notices.dataset.said === said.join("\n")) return;
    this.notices.dataset.said = said.join("\n");
    replaceChildren(
      this.notices,
      ...said.map((words) =>
        h("p", { class: "notice tone-warn" }, icon("warning"), h("span", { class: "notice-text" }, words)),
      ),
    );
  }

  /** Each from its own pool, so that what one cannot answer holds up no other. */
  private async readAll(reads: readonly SeriesRead[]): ReturnType<ReadSeries> {
    const answers = await Promise.allSettled(reads.map((read) => this.read(read)));
    return answers.map((answer) =>
      answer.status === "fulfilled" ? answer.value : new Error(String(answer.reason)),
    );
  }

  private async read({ trialId, ...part }: SeriesRead): Promise<SeriesAnswer> {
    const column = this.snapshot?.columns[columnOfCurve({ trialId })];
    if (!column?.trial) throw new Error("this column has no trial");
    const { subject, trial } = column;
    return this.bridge.request("readSeries", { ...part, subject, trialId: trial.id });
  }

  private choose(change: Partial<CompareState>): void {
    this.state = { ...this.state, ...change };
    this.bridge.saveState(this.state);
    this.schedule();
  }

  /** The others are measured against it. */
  private putFirst(column: number): void {
    const { subjects } = this.state;
    const first = subjects[column];
    if (first !== undefined) this.compareOthers([first, ...subjects.filter((one) => one !== first)]);
  }

  private remove(column: number): void {
    const subjects = this.state.subjects.filter((_, index) => index !== column);
    if (subjects.length >= LEAST_SUBJECTS) this.compareOthers(subjects);
  }

  private compareOthers(subjects: CompareState["subjects"]): void {
    this.choose({ subjects });
    this.askAgain();
  }
}

/** Their names, while there is room for them. */
function titleOf({ columns }: CompareSnapshot): string {
  const labels = columns.map(({ label }) => label);
  return labels.length > 3 ? `Comparing ${labels.length} trials` : `Comparing ${labels.join(", ")}`;
}
