/** The Curves tab: what the script reported, one chart for each name. */
import type { PageState } from "../../contract/messages.ts";
import { button, emptyState } from "../../ui/controls.ts";
import { h, replaceChildren } from "../../ui/dom.ts";
import { BASELINE_TRIAL, withBaseline } from "../baseline.ts";
import { ChartBoard } from "../curves/board.ts";
import { metricCharts, nameFilter, SYSTEM_GROUP } from "../curves/charts.ts";
import type { ChartSettings } from "../curves/chartCurve.ts";
import { ChartToolbar } from "../curves/chartToolbar.ts";
import { readCurves } from "../readCurves.ts";
import type { PageData } from "../store.ts";
import type { PageContext, View } from "../view.ts";

const EXAMPLE = `import trainyard

run = trainyard.init()
for step in range(1000):
    loss = train_one_step()
    run.report(step, {"loss": loss})
`;

export class CurvesView implements View {
  readonly element: HTMLElement;
  private readonly board: ChartBoard;
  private readonly context: PageContext;
  private readonly toolbar: ChartToolbar;
  private readonly body = h("div", { class: "view-body" });
  private readonly nothing = h("div");
  private data: PageData | null = null;

  constructor(context: PageContext) {
    this.context = context;
    this.board = new ChartBoard({
      read: (reads) => readCurves(context.bridge, reads),
      isConnected: () => this.data?.connection.state === "connected",
      onError: (error) => context.bridge.problem(`A curve could not be read: ${String(error)}`),
      onZoom: (zoom) => this.zoomTo(zoom),
      onChoose: (trialId) => this.toggle(trialId),
    });
    this.toolbar = new ChartToolbar(
      context.settings.get(),
      (change) => this.choose(change),
      () => this.select([]),
    );
    this.element = h("div", { class: "view" }, this.toolbar.element, this.body);
    this.body.append(this.nothing, this.board.element);
  }

  update(data: PageData): void {
    this.data = data;
    const state = this.context.settings.get();
    const series = [...data.series.values()].filter(
      (item) => state.trialId === null || item.trialId === state.trialId,
    );
    const charts = withBaseline(metricCharts(series, data.trials), data.baseline);
    const filter = nameFilter(state.filter);
    const shown = filter.matches === null ? charts : charts.filter((chart) => filter.matches(chart.title));
    this.board.update(shown, chartSettings(data, state));
    this.toolbar.element.hidden = charts.length === 0;
    this.toolbar.update(state, filter.error, state.searchTab.chosen.length);
    this.explainEmptiness(data, charts.length, shown.length);
  }

  themeChanged(): void {
    this.board.themeChanged();
  }

  /** With every frame of a movement: nothing else is looked at. */
  private zoomTo(zoom: PageState["zoom"]): void {
    this.context.settings.update({ zoom });
    this.board.setZoom(zoom);
    const state = this.context.settings.get();
    this.toolbar.update(state, nameFilter(state.filter).error, state.searchTab.chosen.length);
  }

  private toggle(trialId: string): void {
    if (trialId === BASELINE_TRIAL) return;
    const { chosen } = this.context.settings.get().searchTab;
    const others = chosen.filter((id) => id !== trialId);
    this.select(others.length < chosen.length ? others : [...others, trialId]);
  }

  /** The trials that the Search tab's table has ticked, too. */
  private select(chosen: string[]): void {
    this.choose({ searchTab: { ...this.context.settings.get().searchTab, chosen } });
  }

  private choose(change: Partial<PageState>): void {
    this.context.settings.update(change);
    if (this.data !== null) this.update(this.data);
  }

  private explainEmptiness(data: PageData, charts: number, shown: number): void {
    this.board.element.hidden = shown === 0;
    const kind = shown > 0 ? "" : charts > 0 ? "filter" : data.experiment.state;
    if (this.nothing.dataset.kind === kind) return;
    this.nothing.dataset.kind = kind;
    if (kind === "") replaceChildren(this.nothing);
    else if (kind === "filter") {
      const clear = button({ label: "Clear the Filter", onPress: () => this.toolbar.clearFilter() });
      replaceChildren(this.nothing, emptyState("No metric has a name like that.", clear));
    } else {
      const copy = button({
        label: "Copy an Example",
        icon: "copy",
        onPress: () => this.context.bridge.act({ action: "copy", text: EXAMPLE }),
      });
      replaceChildren(this.nothing, emptyState(sentenceFor(data), copy));
    }
  }
}

function sentenceFor(data: PageData): string {
  switch (data.experiment.state) {
    case "waiting":
      return "Curves appear here as soon as the script runs and reports its first value.";
    case "running":
      return 'No value was reported yet: call run.report(step, {"loss": loss}), or print lines such as "step=10 loss=0.25".';
    default:
      return 'This script reported no values: call run.report(step, {"loss": loss}), or print lines such as "step=10 loss=0.25".';
  }
}

function chartSettings(data: PageData, state: PageState): ChartSettings {
  return {
    xAxis: state.xAxis,
    logX: state.logX,
    logY: state.logY,
    smoothing: state.smoothing,
    zoom: state.zoom,
    front: { best: data.experiment.best?.trialId ?? null, selected: state.searchTab.chosen },
    originMs: ({ series: { trialId } }) => {
      const trial = trialId === BASELINE_TRIAL ? data.baseline : data.trials.get(trialId);
      return trial?.startedAt ?? data.experiment.createdAt;
    },
  };
}

/** Whether there is anything of the machine to show. */
export function hasSystemSeries(data: PageData): boolean {
  return [...data.series.values()].some((series) => series.group === SYSTEM_GROUP);
}
