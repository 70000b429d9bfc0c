/** The Search tab: how good the search has become, who is where on its rungs, and all its trials. */
import type { SearchState } from "../../../cluster/protocol/search.ts";
import type { SearchTabState } from "../../contract/messages.ts";
import { emptyState } from "../../ui/controls.ts";
import { h } from "../../ui/dom.ts";
import { readPalette } from "../curves/palette.ts";
import { BestChart } from "../search/bestChart.ts";
import { LadderView } from "../search/ladderView.ts";
import { SearchLoader } from "../search/searchLoader.ts";
import { TrialsTable } from "../search/trialsTable.ts";
import type { PageData, Slice } from "../store.ts";
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
  private readonly trials: TrialsTable;
  private readonly nothing = emptyState(
    "Nothing was reported yet: the best value and the rungs appear here with the trials' first values of the search's metric.",
  );
  private readonly figures: HTMLElement;
  private data: PageData | null = null;
  private search: SearchState | null = null;
  private drawnAt = -Infinity;
  private timer: ReturnType<typeof setTimeout> | null = null;

  constructor(context: PageContext) {
    this.context = context;
    const select = (trialId: string) => this.context.showTrial(trialId);
    const palette = readPalette();
    this.best = new BestChart(palette, {
      axes: context.settings.get().searchTab,
      onAxes: (change) => this.choose(change),
      onSelect: select,
    });
    this.ladder = new LadderView(palette, select);
    const { trialFilter, trialSort } = context.settings.get();
    this.trials = new TrialsTable({
      filter: trialFilter,
      sort: trialSort,
      onChoice: ({ filter, sort }) =>
        context.settings.update({
          ...(filter === undefined ? {} : { trialFilter: filter }),
          ...(sort === undefined ? {} : { trialSort: sort }),
        }),
      onSelect: select,
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
    this.figures = h("div", { class: "search-figures" }, this.best.element, this.ladder.element);
    this.element = h(
      "div",
      { class: "view search" },
      h("div", { class: "search-top" }, this.nothing, this.figures),
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
    this.best.themeChanged(palette);
    this.ladder.themeChanged(palette);
  }

  /** Against time the picture grows with it. */
  tick(): void {
    const { against } = this.context.settings.get().searchTab;
    if (against === "time" && this.data?.experiment.endedAt === null) this.showSoon();
  }

  private choose(change: Partial<SearchTabState>): void {
    const { settings } = this.context;
    settings.update({ searchTab: { ...settings.get().searchTab, ...change } });
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
    const selected = this.context.settings.get().trialId;
    const { metric, best, trialsPlanned, createdAt, endedAt } = data.experiment;
    const trials = [...data.trials.values()];
    const hasBest = trials.some((trial) => trial.best !== null);
    const hasRungs =
      search?.brackets?.some(({ rungs }) => rungs.some(({ entries }) => entries.length > 0)) ?? false;
    this.nothing.hidden = hasBest || hasRungs;
    this.figures.hidden = !this.nothing.hidden;
    this.ladder.element.hidden = !hasRungs;
    this.best.update({
      trials,
      metric,
      selected,
      planned: trialsPlanned,
      submittedAt: createdAt,
      endedAt,
      now: this.context.now(),
    });
    if (search !== null && hasRungs) this.ladder.update(search, data, selected);
    this.trials.update(trials, metric, { selected, best: best?.trialId ?? null });
  }
}
