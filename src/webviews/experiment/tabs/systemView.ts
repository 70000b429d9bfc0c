/** The System tab: what the machine did, over the time since the trial began. */
import { button } from "../../ui/controls.ts";
import { h } from "../../ui/dom.ts";
import { ChartBoard } from "../curves/board.ts";
import { systemCharts } from "../curves/charts.ts";
import { NO_FRONT } from "../curves/front.ts";
import { readCurves } from "../readCurves.ts";
import { shownTrial, type PageData } from "../store.ts";
import type { PageContext, View } from "../view.ts";

export class SystemView implements View {
  readonly element: HTMLElement;
  private readonly board: ChartBoard;
  private readonly context: PageContext;
  private readonly toolbar: HTMLElement;
  private zoom: { from: number; to: number } | null = null;
  private data: PageData | null = null;

  constructor(context: PageContext) {
    this.context = context;
    this.board = new ChartBoard({
      read: (reads) => readCurves(context.bridge, reads),
      isConnected: () => this.data?.connection.state === "connected",
      onError: (error) => context.bridge.problem(`A curve could not be read: ${String(error)}`),
      onZoom: (zoom) => {
        this.zoom = zoom;
        if (this.data !== null) this.update(this.data);
      },
    });
    this.toolbar = h(
      "div",
      { class: "toolbar", hidden: true },
      button({
        label: "Reset Zoom",
        onPress: () => {
          this.zoom = null;
          if (this.data !== null) this.update(this.data);
        },
      }),
    );
    this.element = h(
      "div",
      { class: "view" },
      this.toolbar,
      h("div", { class: "view-body" }, this.board.element),
    );
  }

  update(data: PageData): void {
    this.data = data;
    this.toolbar.hidden = this.zoom === null;
    const trial = shownTrial(data, this.context.settings.get().trialId);
    const series = [...data.series.values()].filter((item) => item.trialId === trial?.id);
    this.board.update(systemCharts(series), {
      xAxis: "time",
      logX: false,
      logY: false,
      smoothing: 0,
      zoom: this.zoom,
      front: NO_FRONT,
      originMs: () => trial?.startedAt ?? data.experiment.createdAt,
    });
  }

  themeChanged(): void {
    this.board.themeChanged();
  }
}
