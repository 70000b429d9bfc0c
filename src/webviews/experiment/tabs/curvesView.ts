/** The Curves tab: what the script reported, one chart for each name. */
import type { PageState } from "../../contract/messages.ts";
import { button, emptyState, select, slider, textField } from "../../ui/controls.ts";
import { h, replaceChildren, setText } from "../../ui/dom.ts";
import { ChartBoard } from "../curves/board.ts";
import { metricCharts, nameFilter, SYSTEM_GROUP } from "../curves/charts.ts";
import type { ChartSettings } from "../curves/chartCurve.ts";
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
  private readonly filterError = h("span", { class: "field-error", role: "alert" });
  private readonly resetZoom: HTMLElement;
  private readonly toolbar: HTMLElement;
  private readonly body = h("div", { class: "view-body" });
  private readonly nothing = h("div");
  private data: PageData | null = null;

  constructor(context: PageContext) {
    this.context = context;
    this.board = new ChartBoard({
      read: (params) => context.bridge.request("readSeries", params),
      isConnected: () => this.data?.connection.state === "connected",
      onError: (error) => context.bridge.problem(`A curve could not be read: ${String(error)}`),
      onZoom: (zoom) => this.choose({ zoom }),
    });
    const state = context.settings.get();
    this.resetZoom = button({ label: "Reset Zoom", onPress: () => this.choose({ zoom: null }) });
    this.toolbar = h(
      "div",
      { class: "toolbar" },
      select<"step" | "time" | "logStep">({
        label: "x",
        visibleLabel: true,
        options: [
          { value: "step", label: "step" },
          { value: "logStep", label: "log step" },
          { value: "time", label: "time" },
        ],
        value: state.logX ? "logStep" : state.xAxis,
        onChange: (value) =>
          this.choose({ xAxis: value === "time" ? "time" : "step", logX: value === "logStep", zoom: null }),
      }).element,
      select<"linear" | "log">({
        label: "y",
        visibleLabel: true,
        options: [
          { value: "linear", label: "linear" },
          { value: "log", label: "log" },
        ],
        value: state.logY ? "log" : "linear",
        onChange: (value) => this.choose({ logY: value === "log" }),
      }).element,
      slider({
        label: "smooth",
        min: 0,
        max: 0.99,
        step: 0.01,
        value: state.smoothing,
        onInput: (smoothing) => this.choose({ smoothing }),
      }),
      textField({
        label: "Filter metrics by name, text or regular expression",
        placeholder: "Filter metrics, e.g. val|loss",
        value: state.filter,
        onInput: (filter) => this.choose({ filter }),
      }),
      this.resetZoom,
      this.filterError,
    );
    this.element = h("div", { class: "view" }, this.toolbar, this.body);
    this.body.append(this.nothing, this.board.element);
  }

  update(data: PageData): void {
    this.data = data;
    const state = this.context.settings.get();
    const series = [...data.series.values()].filter(
      (item) => state.trialId === null || item.trialId === state.trialId,
    );
    const charts = metricCharts(series, data.trials);
    const filter = nameFilter(state.filter);
    setText(this.filterError, filter.error ?? "");
    const shown = filter.matches === null ? charts : charts.filter((chart) => filter.matches(chart.title));
    this.board.update(shown, chartSettings(data, state));
    this.toolbar.hidden = charts.length === 0;
    this.resetZoom.hidden = state.zoom === null;
    this.explainEmptiness(data, charts.length, shown.length);
  }

  themeChanged(): void {
    this.board.themeChanged();
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
      const clear = button({ label: "Clear the Filter", onPress: () => this.clearFilter() });
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

  private clearFilter(): void {
    const field = this.toolbar.querySelector("vscode-text-field");
    if (field !== null) (field as HTMLInputElement).value = "";
    this.choose({ filter: "" });
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
    originMs: ({ series }) => data.trials.get(series.trialId)?.startedAt ?? data.experiment.createdAt,
  };
}

/** Whether there is anything of the machine to show. */
export function hasSystemSeries(data: PageData): boolean {
  return [...data.series.values()].some((series) => series.group === SYSTEM_GROUP);
}
