/** How curves are drawn: axes, smoothing, which metrics. */
import type { PageState } from "../../contract/messages.ts";
import { button, select, slider, textField } from "../../ui/controls.ts";
import { h, setText } from "../../ui/dom.ts";

export type ChartChoices = Pick<PageState, "xAxis" | "logX" | "logY" | "smoothing" | "filter" | "zoom">;

export class ChartToolbar {
  readonly element: HTMLElement;
  private readonly filterError = h("span", { class: "field-error", role: "alert" });
  private readonly resetZoom: HTMLElement;
  private readonly clearSelection: HTMLElement;
  private readonly filter: HTMLElement;
  private readonly choose: (change: Partial<ChartChoices>) => void;

  /** @param clearSelection undefined: no trials are selected here */
  constructor(
    chosen: ChartChoices,
    choose: (change: Partial<ChartChoices>) => void,
    clearSelection: () => void = () => undefined,
  ) {
    this.choose = choose;
    this.clearSelection = button({ label: "Clear Selection", onPress: clearSelection });
    this.resetZoom = button({ label: "Reset Zoom", onPress: () => choose({ zoom: null }) });
    this.filter = textField({
      label: "Filter metrics by name, text or regular expression",
      placeholder: "Filter metrics, e.g. val|loss",
      value: chosen.filter,
      onInput: (filter) => choose({ filter }),
    });
    this.element = h(
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
        value: chosen.logX ? "logStep" : chosen.xAxis,
        onChange: (value) =>
          choose({ xAxis: value === "time" ? "time" : "step", logX: value === "logStep", zoom: null }),
      }).element,
      select<"linear" | "log">({
        label: "y",
        visibleLabel: true,
        options: [
          { value: "linear", label: "linear" },
          { value: "log", label: "log" },
        ],
        value: chosen.logY ? "log" : "linear",
        onChange: (value) => choose({ logY: value === "log" }),
      }).element,
      slider({
        label: "smooth",
        min: 0,
        max: 0.99,
        step: 0.01,
        value: chosen.smoothing,
        onInput: (smoothing) => choose({ smoothing }),
      }),
      this.filter,
      this.resetZoom,
      this.clearSelection,
      this.filterError,
    );
  }

  update(chosen: ChartChoices, filterError: string | null, selected = 0): void {
    this.clearSelection.hidden = selected === 0;
    setText(this.filterError, filterError ?? "");
    this.resetZoom.hidden = chosen.zoom === null;
  }

  clearFilter(): void {
    (this.filter as HTMLInputElement).value = "";
    this.choose({ filter: "" });
  }
}
