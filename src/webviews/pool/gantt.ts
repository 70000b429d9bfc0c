/** Who had which slot when, painted: a lane for each slot, a bar for each run, in its experiment's colour. */
import type { Slot } from "../../cluster/protocol/entities.ts";
import { slotLabel } from "../../cluster/protocol/slotWords.ts";
import type { PoolSnapshot } from "../contract/pool.ts";
import { colourOfTrial } from "../experiment/curves/charts.ts";
import { readPalette } from "../experiment/curves/palette.ts";
import { h, setText } from "../ui/dom.ts";
import { barAt, barsOf, lanesOf, type Bar } from "./ganttLayout.ts";

const LANE_PX = 24;
const GAP_PX = 3;
/** A bar that is wide enough says whose it is. */
const LABELLED_PX = 36;
const HOUR_MS = 3_600_000;
const AXIS_PX = 20;

export class Gantt {
  readonly element: HTMLElement;
  private readonly canvas = h("canvas", { "aria-hidden": "true" });
  private readonly names = h("div", { class: "gantt-names", "aria-hidden": "true" });
  private readonly plot: HTMLElement;
  private readonly onOpen: (trialId: string) => void;
  private snapshot: PoolSnapshot | null = null;
  private hours = 6;
  private bars: Bar[] = [];

  constructor(onOpen: (trialId: string) => void) {
    this.onOpen = onOpen;
    this.plot = h(
      "div",
      {
        class: "gantt-plot",
        role: "img",
        on: {
          pointermove: (event) => this.pointAt(event),
          click: (event) => {
            const bar = this.at(event);
            if (bar !== null) this.onOpen(bar.span.trialId);
          },
        },
      },
      this.canvas,
    );
    this.element = h(
      "div",
      { class: "gantt", tabindex: 0, role: "region", "aria-label": "Slots over time" },
      this.names,
      this.plot,
    );
    new ResizeObserver(() => this.draw()).observe(this.plot);
  }

  update(snapshot: PoolSnapshot, hours: number): void {
    this.snapshot = snapshot;
    this.hours = hours;
    this.draw();
  }

  themeChanged(): void {
    this.draw();
  }

  private draw(): void {
    const { snapshot, canvas } = this;
    const width = this.plot.clientWidth;
    if (snapshot === null || width === 0) return;
    const { at, slots, spans } = snapshot;
    const lanes = lanesOf(
      slots.map(({ id }) => id),
      spans,
    );
    const window = { fromMs: at - this.hours * HOUR_MS, toMs: at };
    this.bars = barsOf(lanes, spans, window, width);
    setText(this.names, "");
    this.names.append(
      ...lanes.map((id) =>
        h(
          "div",
          { class: "gantt-name", title: id },
          nameOf(
            slots.find((one) => one.id === id),
            id,
          ),
        ),
      ),
    );
    this.plot.setAttribute("aria-label", this.summary(lanes.length));
    const height = lanes.length * LANE_PX + AXIS_PX;
    const ratio = devicePixelRatio;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    canvas.style.height = `${height}px`;
    const paint = canvas.getContext("2d");
    if (paint === null) return;
    paint.scale(ratio, ratio);
    this.paint(paint, lanes.length, width);
  }

  private paint(paint: CanvasRenderingContext2D, lanes: number, width: number): void {
    const palette = readPalette();
    paint.font = `${palette.sizePx}px ${palette.monospace}`;
    paint.textBaseline = "middle";
    paint.fillStyle = palette.grid;
    for (let lane = 1; lane <= lanes; lane++) paint.fillRect(0, lane * LANE_PX - 1, width, 1);
    for (const { span, lane, x, width: wide } of this.bars) {
      const top = lane * LANE_PX + GAP_PX;
      const tall = LANE_PX - 2 * GAP_PX;
      paint.fillStyle = palette.series[colourOfTrial(span.experimentId)] ?? palette.foreground;
      paint.fillRect(x, top, wide, tall);
      if (wide < LABELLED_PX) continue;
      paint.save();
      paint.beginPath();
      paint.rect(x, top, wide - 4, tall);
      paint.clip();
      paint.fillStyle = palette.background;
      paint.fillText(`#${span.experimentId}`, x + 4, top + tall / 2);
      paint.restore();
    }
    const middle = lanes * LANE_PX + AXIS_PX / 2;
    paint.fillStyle = palette.quiet;
    paint.fillText(`${this.hours} h ago`, 0, middle);
    paint.textAlign = "right";
    paint.fillText("now", width, middle);
    paint.fillStyle = palette.focus;
    paint.fillRect(width - 1, 0, 1, lanes * LANE_PX);
  }

  private summary(lanes: number): string {
    const held = this.bars.filter(({ span }) => span.to === null).length;
    return `Slots over the last ${this.hours} h: ${lanes} slots, ${held} held now, ${this.bars.length} runs. The table below says the same.`;
  }

  private at(event: MouseEvent): Bar | null {
    const box = this.plot.getBoundingClientRect();
    return barAt(this.bars, Math.floor((event.clientY - box.top) / LANE_PX), event.clientX - box.left);
  }

  private pointAt(event: PointerEvent): void {
    const bar = this.at(event);
    this.plot.classList.toggle("is-over", bar !== null);
    const title = bar === null ? "" : spanText(bar.span, this.snapshot);
    if (this.plot.title !== title) this.plot.title = title;
  }
}

function spanText({ trialId, experimentId, from, to }: Bar["span"], snapshot: PoolSnapshot | null): string {
  const name = snapshot?.names[String(experimentId)] ?? "";
  return `${trialId} ${name}: ${timeText(from)} to ${to === null ? "now" : timeText(to)}`;
}

export function timeText(ms: number): string {
  return new Date(ms).toLocaleString(undefined, { dateStyle: "short", timeStyle: "short" });
}

/** Eight GPUs of one kind are told apart by their number. */
function nameOf(slot: Slot | undefined, id: string): string {
  if (slot === undefined) return id;
  return slot.kind === "cpu" ? slot.name : slotLabel(slot);
}
