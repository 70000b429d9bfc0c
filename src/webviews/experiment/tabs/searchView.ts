/** The Search tab: how good the search has become, who is where on its rungs, what its parameters do, and all its trials. */
import type { SearchState } from "../../../cluster/protocol/search.ts";
import type { Brush, SearchTabState } from "../../contract/messages.ts";
import { choice, emptyState, select, type Select } from "../../ui/controls.ts";
import { h } from "../../ui/dom.ts";
import { readPalette } from "../curves/palette.ts";
import type { Range } from "../curves/scales.ts";
import { metricAxis, parameterAxes } from "../search/axes.ts";
import { BestChart } from "../search/bestChart.ts";
import { isWithin, withBrush } from "../search/brushes.ts";
import { LadderView } from "../search/ladderView.ts";
import { ParallelView } from "../search/parallelView.ts";
import { ScatterView } from "../search/scatterView.ts";
import { SearchLoader } from "../search/searchLoader.ts";
import { parseTrialQuery } from "../search/trialQuery.ts";
import { parameterNames, trialRows, type TrialRow } from "../search/trialRows.ts";
import { searchSummary } from "../search/summary.ts";
import { SummaryView } from "../search/summaryView.ts";
import { TrialsTable } from "../search/trialsTable.ts";
import { type PageData, type Slice, trialCount } from "../store.ts";
import type { PageContext, View } from "../view.ts";

/** A thousand trials report many times a second: more pictures than these nobody sees. */
const REDRAW_MS = 250;
const DEPENDS_ON: readonly Slice[] = ["all", "experiment", "trials"];

export class SearchView implements View {
  readonly element: HTMLElement;
  private readonly context: PageContext;
  private readonly loader: SearchLoader;
  private readonly best: BestChart;
  private readonly ladder: LadderView;
  private readonly parallel: ParallelView;
  private readonly scatter: ScatterView;
  private readonly summary: SummaryView;
  private readonly trials: TrialsTable;
  private readonly nothing = emptyState(
    "Nothing was reported yet: the best value and the rungs appear here with the trials' first values of the search's metric.",
  );
  private readonly toolbar: HTMLElement;
  private readonly metricScale: Select<"linear" | "log">;
  private readonly progress: HTMLElement;
  private readonly parameters: HTMLElement;
  private data: PageData | null = null;
  private search: SearchState | null = null;
  private metricRange: Range | null = null;
  private drawnAt = -Infinity;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private frame = 0;

  constructor(context: PageContext) {
    this.context = context;
    const onSelect = (trialId: string) => this.context.showTrial(trialId);
    const palette = readPalette();
    const { trialFilter, searchTab } = context.settings.get();
    this.summary = new SummaryView(onSelect);
    this.best = new BestChart(palette, {
      axes: searchTab,
      onAxes: (change) => this.choose(change),
      onSelect,
    });
    this.ladder = new LadderView(palette, onSelect);
    this.parallel = new ParallelView(palette, {
      onBrush: (axis, brush) => this.brush(axis, brush),
      onClear: () => this.choose({ brushes: [] }),
      onSelect,
      onFront: (trialId) => this.scatter.setFront(trialId),
    });
    this.scatter = new ScatterView(palette, {
      onX: (scatterX) => this.choose({ scatterX }),
      onSelect,
      onFront: (trialId) => this.parallel.setFront(trialId),
    });
    this.trials = new TrialsTable({
      filter: trialFilter,
      onFilter: (filter) => {
        context.settings.update({ trialFilter: filter });
        this.showInAFrame();
      },
      onMore: (filter, more) => context.bridge.request("moreTrials", { filter, more }),
      onSort: (sort) => {
        context.settings.update({ trialSort: sort });
        this.show();
      },
      onColumns: (hiddenColumns) => this.choose({ hiddenColumns }),
      onChosen: (chosen) => this.choose({ chosen }),
      onStar: (trialId, starred) => context.bridge.act({ action: "star", trialId, starred }),
      onCompare: (trialIds) => context.bridge.compare(trialIds),
      onSelect,
    });
    this.loader = new SearchLoader({
      read: () => context.bridge.request("searchState", {}),
      onState: (state) => {
        this.search = state;
        this.showSoon();
      },
      onError: (error) => {
        if (this.data?.connection.state === "connected")
          context.bridge.problem(`The search could not be read: ${String(error)}`);
      },
    });
    this.metricScale = select<"linear" | "log">({
      label: "metric",
      visibleLabel: true,
      options: [
        { value: "linear", label: "linear" },
        { value: "log", label: "log" },
      ],
      value: searchTab.logY ? "log" : "linear",
      onChange: (value) => this.choose({ logY: value === "log" }),
    });
    this.toolbar = h(
      "div",
      { class: "search-toolbar" },
      choice<SearchTabState["shown"]>({
        label: "Pictures of the search",
        options: [
          { value: "progress", label: "Progress" },
          { value: "parameters", label: "Parameters" },
        ],
        value: searchTab.shown,
        onChange: (shown) => this.choose({ shown }),
      }),
      this.metricScale.element,
    );
    this.progress = h("div", { class: "search-figures" }, this.best.element, this.ladder.element);
    this.parameters = h("div", { class: "search-figures" }, this.parallel.element, this.scatter.element);
    this.element = h(
      "div",
      { class: "view search" },
      h(
        "div",
        { class: "search-top" },
        this.nothing,
        this.summary.element,
        this.toolbar,
        this.progress,
        this.parameters,
      ),
      this.trials.element,
    );
  }

  update(data: PageData, changed: ReadonlySet<Slice>): void {
    const wasAway = this.data?.connection.state !== "connected";
    this.data = data;
    const isConnected = data.connection.state === "connected";
    const isOther = DEPENDS_ON.some((slice) => changed.has(slice));
    if (isConnected && (isOther || wasAway)) this.loader.want();
    if (changed.has("all")) this.show();
    else if (isOther) this.showSoon();
  }

  themeChanged(): void {
    const palette = readPalette();
    for (const picture of [this.best, this.ladder, this.parallel, this.scatter])
      picture.themeChanged(palette);
  }

  /** Against time the picture grows with it. */
  tick(): void {
    const { against } = this.context.settings.get().searchTab;
    if (against === "time" && this.data?.experiment.endedAt === null) this.showSoon();
  }

  private choose(change: Partial<SearchTabState>): void {
    const { settings } = this.context;
    settings.update({ searchTab: { ...settings.get().searchTab, ...change } });
    if (change.logY !== undefined) this.metricRange = null;
    this.showInAFrame();
  }

  /** A drag says something new many times between two frames. */
  private showInAFrame(): void {
    if (this.frame === 0)
      this.frame = requestAnimationFrame(() => {
        this.frame = 0;
        this.show();
      });
  }

  private brush(axis: string, brush: Brush | null): void {
    const { brushes } = this.context.settings.get().searchTab;
    this.choose({ brushes: withBrush(brushes, axis, brush) });
  }

  /** At once, unless it was drawn a moment ago. */
  private showSoon(): void {
    this.timer ??= setTimeout(() => this.show(), Math.max(0, this.drawnAt + REDRAW_MS - performance.now()));
  }

  private show(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.drawnAt = performance.now();
    const { data, search } = this;
    if (data === null) return;
    const { trialId: selected, searchTab, trialFilter, trialSort } = this.context.settings.get();
    const { metric, best } = data.experiment;
    const rows = trialRows(data.trials.values());
    const hasBest = rows.some(({ trial }) => trial.best !== null);
    const hasRungs =
      search?.brackets?.some(({ rungs }) => rungs.some(({ entries }) => entries.length > 0)) ?? false;
    const parameters = parameterAxes(rows, search?.space ?? []);
    const hasPictures = hasBest || hasRungs;
    const isProgress = searchTab.shown === "progress" || parameters.length === 0;
    this.nothing.hidden = hasPictures;
    this.toolbar.hidden = !hasPictures || parameters.length === 0;
    this.metricScale.element.hidden = isProgress;
    this.metricScale.set(searchTab.logY ? "log" : "linear");
    this.progress.hidden = !hasPictures || !isProgress;
    this.parameters.hidden = !hasPictures || isProgress;
    this.ladder.element.hidden = !hasRungs;
    const metricOfRows = metricAxis(rows, metric, searchTab.logY, this.metricRange);
    if (metricOfRows.scale.kind !== "category") this.metricRange = metricOfRows.scale.range;
    const axes = [...parameters, metricOfRows];
    const query = parseTrialQuery(trialFilter, {
      metric: metric?.name ?? null,
      parameters: parameterNames(rows),
    });
    const isMatched = query.matches ?? (() => true);
    const within = new Set(rows.filter((row) => isMatched(row) && isWithin(row, axes, searchTab.brushes)));
    const isShown = (row: TrialRow) => within.has(row);
    const hasEnded = data.experiment.endedAt !== null && search !== null;
    this.summary.set(hasEnded ? searchSummary(rows, search, metric) : null);
    if (isProgress) this.showProgress(data, selected, hasRungs);
    else {
      const smallerIsBetter = metric?.smallerIsBetter ?? true;
      const shared = {
        rows,
        smallerIsBetter,
        isWithin: isShown,
        selected: new Set([...searchTab.chosen, ...(selected === null ? [] : [selected])]),
      };
      this.parallel.set({ ...shared, axes, brushes: searchTab.brushes });
      const x = parameters.find(({ title }) => title === searchTab.scatterX) ?? parameters[0];
      const names = parameters.map(({ title }) => title);
      if (x !== undefined) this.scatter.set({ ...shared, x, y: metricOfRows, parameters: names });
    }
    this.trials.set({
      rows,
      total: trialCount(data.experiment),
      filter: trialFilter,
      isWithin: isShown,
      error: query.error,
      metric,
      sort: trialSort,
      hiddenColumns: searchTab.hiddenColumns,
      chosen: searchTab.chosen,
      selected,
      best: best?.trialId ?? null,
    });
  }

  private showProgress(data: PageData, selected: string | null, hasRungs: boolean): void {
    const { metric, trialsPlanned: planned, createdAt: submittedAt, endedAt } = data.experiment;
    this.best.update({
      trials: data.trials.values(),
      metric,
      axes: this.context.settings.get().searchTab,
      selected,
      planned,
      submittedAt,
      endedAt,
      now: this.context.now(),
    });
    if (this.search !== null && hasRungs) this.ladder.update(this.search, data, selected);
  }
}
