/** The one tooltip of a board: all values at the crosshair, highest first. */
import { h, replaceChildren } from "../../ui/dom.ts";
import type { Reading } from "./readings.ts";

export interface TooltipRow extends Pick<Reading, "label" | "text"> {
  /** Null: none, the rows are not curves. */
  colour: string | null;
  dash: readonly number[];
  front: boolean;
  /** Where it was reported, if not at the crosshair. */
  at: string | null;
  /** Its last value, where that is another one. */
  last?: string | null;
}

/** More rows than this hide the chart; the one in front is always among them. */
const MOST_ROWS = 16;

export class Tooltip {
  readonly element = h("div", { class: "tooltip", role: "presentation", hidden: true });

  show(heading: string, rows: readonly TooltipRow[], at: { x: number; y: number }): void {
    const shown = rows.filter((row, index) => index < MOST_ROWS || row.front);
    const hidden = rows.length - shown.length;
    replaceChildren(
      this.element,
      h("div", { class: "tooltip-heading" }, heading),
      ...shown.map(rowElement),
      hidden > 0 && h("div", { class: "tooltip-heading" }, `and ${hidden} more`),
    );
    this.element.hidden = false;
    const { offsetWidth: width, offsetHeight: height } = this.element;
    const left = at.x + 16 + width > window.innerWidth ? at.x - 16 - width : at.x + 16;
    const top = Math.min(Math.max(4, at.y - height / 2), window.innerHeight - height - 4);
    this.element.style.transform = `translate(${Math.max(4, Math.round(left))}px, ${Math.round(top)}px)`;
  }

  hide(): void {
    this.element.hidden = true;
  }
}

function rowElement(row: TooltipRow): HTMLElement {
  return h(
    "div",
    { class: row.front ? "tooltip-row is-front" : "tooltip-row" },
    row.colour === null ? null : swatch(row.colour, row.dash.length > 0),
    h("span", { class: "tooltip-label" }, row.label),
    h("span", { class: "tooltip-value" }, row.text),
    row.at === null ? null : h("span", { class: "tooltip-at" }, row.at),
    row.last ? h("span", { class: "tooltip-at" }, `last ${row.last}`) : null,
  );
}

function swatch(colour: string, dashed: boolean): HTMLElement {
  const element = h("span", { class: dashed ? "swatch is-dashed" : "swatch" });
  element.style.color = colour;
  return element;
}
