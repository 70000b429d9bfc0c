/** One bracket: labels of its rungs, their dots on a canvas, and all of it as a table. */
import { button } from "../../ui/controls.ts";
import { h, replaceIfDifferent, setText } from "../../ui/dom.ts";
import { Table } from "../../ui/table.ts";
import type { Palette } from "../curves/palette.ts";
import type { Range } from "../curves/scales.ts";
import { formatValue } from "../format.ts";
import {
  entrySentence,
  missedText,
  outcomeText,
  rungWords,
  unitsText,
  type LadderEntry,
  type LadderRung,
} from "./ladder.ts";
import { dotAt, layoutLadder, neighbour, type LadderDot, type LadderLayout } from "./ladderLayout.ts";
import { paintLadder } from "./ladderPainter.ts";

export interface BracketContents {
  title: string;
  /** The top rung first. */
  rungs: LadderRung[];
  /** Of the value axis of each rung. */
  ranges: Range[];
  smallerIsBetter: boolean;
  timeMetric: string | null;
  selected: string | null;
}
export interface BracketEvents {
  /** What a dot says, where it is; null: none is pointed at. */
  point: (sentence: string | null, at: { x: number; y: number }) => void;
  say: (sentence: string) => void;
  select: (trialId: string) => void;
}
interface TableRow {
  rung: string;
  entry: LadderEntry;
}

const ARROWS = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"] as const;

export class BracketView {
  readonly element: HTMLElement;
  private readonly title = h("h3", { class: "chart-title" });
  private readonly labels = h("div", { class: "ladder-labels" });
  private readonly canvas = h("canvas", { "aria-hidden": "true" });
  private readonly plot: HTMLElement;
  private readonly summary: HTMLElement;
  private readonly picture: HTMLElement;
  private readonly tableSlot = h("div", { class: "chart-table", hidden: true });
  private readonly events: BracketEvents;
  private table: Table<TableRow> | null = null;
  private contents: BracketContents | null = null;
  private layout: LadderLayout | null = null;
  private front: { trialId: string; rung: number } | null = null;
  private palette: Palette;

  constructor(palette: Palette, events: BracketEvents) {
    this.palette = palette;
    this.events = events;
    const id = `ladder-${Math.random().toString(36).slice(2)}`;
    this.summary = h("p", { id, class: "spoken" });
    this.plot = h(
      "div",
      {
        class: "ladder-plot",
        tabindex: 0,
        role: "application",
        "aria-roledescription": "rung ladder",
        "aria-describedby": id,
        "aria-keyshortcuts": "ArrowLeft ArrowRight ArrowUp ArrowDown Enter",
        on: {
          pointermove: (event) => this.onPointer(event),
          pointerleave: () => this.pointAt(null),
          blur: () => this.pointAt(null),
          click: (event) => this.onClick(event),
          keydown: (event) => this.onKey(event),
        },
      },
      this.canvas,
    );
    this.picture = h("div", { class: "ladder" }, this.labels, this.plot);
    this.element = h(
      "section",
      { class: "bracket" },
      h(
        "header",
        { class: "chart-head" },
        this.title,
        h("span", { class: "chart-note" }),
        button({
          label: "Show this bracket as a table",
          icon: "table",
          appearance: "icon",
          onPress: () => this.toggleTable(),
        }),
      ),
      this.picture,
      this.tableSlot,
      this.summary,
    );
    new ResizeObserver(() => this.draw()).observe(this.plot);
  }

  set(contents: BracketContents): void {
    this.contents = contents;
    setText(this.title, contents.title);
    this.element.setAttribute("aria-label", contents.title);
    this.plot.setAttribute("aria-label", contents.title);
    setText(
      this.summary,
      contents.rungs
        .map(
          (rung, index) => `${unitsText(rung.units, contents.timeMetric)}: ${rungWords(rung, index === 0)}`,
        )
        .join(". "),
    );
    this.draw();
    this.fillTable();
  }

  themeChanged(palette: Palette): void {
    this.palette = palette;
    this.draw();
  }

  private draw(): void {
    const { contents } = this;
    const widthPx = this.plot.clientWidth;
    if (contents === null || widthPx === 0) return;
    const { rungs, ranges, smallerIsBetter } = contents;
    this.layout = layoutLadder(rungs, ranges, widthPx, smallerIsBetter);
    this.drawLabels(contents, this.layout);
    const ratio = window.devicePixelRatio || 1;
    const heightPx = this.layout.height;
    this.canvas.width = Math.round(widthPx * ratio);
    this.canvas.height = Math.round(heightPx * ratio);
    this.canvas.style.height = `${heightPx}px`;
    this.paint();
  }

  private drawLabels({ rungs, timeMetric }: BracketContents, { rows }: LadderLayout): void {
    const content = h(
      "div",
      null,
      ...rungs.map((rung, index) =>
        h(
          "div",
          { class: "rung-label" },
          h("span", { class: "rung-units numeric" }, unitsText(rung.units, timeMetric)),
          h("span", { class: "quiet" }, rungWords(rung, index === 0)),
        ),
      ),
    );
    replaceIfDifferent(this.labels, content);
    [...(this.labels.firstElementChild?.children ?? [])].forEach((label, index) => {
      (label as HTMLElement).style.height = `${rows[index]?.height ?? 0}px`;
    });
  }

  private paint(): void {
    const { contents, layout, palette } = this;
    const context = this.canvas.getContext("2d");
    if (contents === null || layout === null || context === null) return;
    const ratio = window.devicePixelRatio || 1;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const front = [contents.selected, this.front?.trialId ?? null].filter((id) => id !== null);
    paintLadder(context, {
      layout,
      cuts: contents.rungs.map(({ cut }) => cut),
      widthPx: this.plot.clientWidth,
      palette,
      front: new Set(front),
    });
  }

  private dotOf(event: MouseEvent): LadderDot | null {
    const box = this.plot.getBoundingClientRect();
    return this.layout && dotAt(this.layout, event.clientX - box.left, event.clientY - box.top);
  }
  private onPointer(event: PointerEvent): void {
    this.pointAt(this.dotOf(event));
  }
  private onClick(event: MouseEvent): void {
    const dot = this.dotOf(event);
    if (dot !== null) this.events.select(dot.entry.trialId);
  }
  private onKey(event: KeyboardEvent): void {
    const { layout, front } = this;
    if (layout === null) return;
    const arrow = ARROWS.find((key) => key === event.key);
    if (event.key === "Enter" && front !== null) this.events.select(front.trialId);
    else if (event.key === "Escape") this.pointAt(null);
    else if (arrow !== undefined) {
      const dot = neighbour(layout, this.frontDot(layout), arrow);
      this.pointAt(dot);
      if (dot !== null) this.events.say(this.sentence(dot));
    } else return;
    event.preventDefault();
  }

  private frontDot({ dots }: LadderLayout): LadderDot | null {
    const { front } = this;
    if (front === null) return null;
    return dots.find(({ entry, rung }) => entry.trialId === front.trialId && rung === front.rung) ?? null;
  }

  private pointAt(dot: LadderDot | null): void {
    const before = this.front;
    this.front = dot === null ? null : { trialId: dot.entry.trialId, rung: dot.rung };
    if (before?.trialId !== this.front?.trialId) this.paint();
    const box = this.plot.getBoundingClientRect();
    const at = { x: box.left + (dot?.x ?? 0), y: box.top + (dot?.y ?? 0) };
    this.events.point(dot && this.sentence(dot), at);
  }

  private sentence({ entry, rung }: LadderDot): string {
    return entrySentence(entry, this.unitsOf(rung));
  }
  private unitsOf(rung: number): string {
    return unitsText(this.contents?.rungs[rung]?.units ?? 0, this.contents?.timeMetric ?? null);
  }

  private toggleTable(): void {
    const isTable = this.tableSlot.hidden;
    this.tableSlot.hidden = !isTable;
    this.picture.hidden = isTable;
    this.table = isTable ? this.createTable() : null;
    this.tableSlot.replaceChildren(...(this.table === null ? [] : [this.table.element]));
    this.fillTable();
  }

  private createTable(): Table<TableRow> {
    return new Table<TableRow>({
      label: `${this.contents?.title ?? ""} as a table`,
      key: ({ rung, entry }) => `${rung} ${entry.trialId}`,
      onOpen: ({ entry }) => this.events.select(entry.trialId),
      columns: [
        { title: "Rung", text: ({ rung }) => rung },
        { title: "Trial", numeric: true, text: ({ entry }) => String(entry.number) },
        {
          title: "Value",
          numeric: true,
          text: ({ entry }) => (entry.value === null ? "none" : formatValue(entry.value)),
        },
        { title: "Outcome", text: ({ entry }) => outcomeText(entry.outcome) },
        { title: "By the cut", text: ({ entry }) => missedText(entry) },
      ],
    });
  }

  private fillTable(): void {
    this.table?.set(
      (this.contents?.rungs ?? []).flatMap(({ entries }, rung) =>
        entries.map((entry) => ({ rung: this.unitsOf(rung), entry })),
      ),
    );
  }
}
