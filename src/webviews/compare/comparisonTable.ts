/** The table of what tells the compared apart. */
import {
  LEAST_SUBJECTS,
  type CompareColumn,
  type CompareSnapshot,
  type Subject,
} from "../contract/compare.ts";
import { readPalette } from "../experiment/curves/palette.ts";
import { stateLook } from "../experiment/states.ts";
import { button, checkbox, linkButton } from "../ui/controls.ts";
import { h, icon, replaceChildren } from "../ui/dom.ts";
import { coloursOf } from "./columns.ts";
import { codeOf, shownRows, type ShownCell, type ShownRow } from "./tableRows.ts";

export interface TableActions {
  open(subject: Subject): void;
  compareCode(before: Subject, after: Subject): void;
  putFirst(column: number): void;
  remove(column: number): void;
  showAll(showAll: boolean): void;
}

export class ComparisonTable {
  readonly element: HTMLElement;
  private readonly actions: TableActions;
  private readonly head = h("thead");
  private readonly rows = h("div", { class: "compare-scroll", tabindex: 0, role: "region" });
  private readonly alike = h("p", { class: "quiet" });
  private shownHead = "";
  private shownBody = "";

  constructor(showAll: boolean, actions: TableActions) {
    this.actions = actions;
    this.rows.setAttribute("aria-label", "What differs");
    this.element = h(
      "section",
      { class: "section" },
      h(
        "div",
        { class: "compare-head" },
        h("h3", null, "What differs"),
        checkbox({ label: "Show all", value: showAll, onChange: (value) => actions.showAll(value) }),
      ),
      this.rows,
      this.alike,
    );
    this.rows.append(h("table", { class: "table compare-table" }, this.head));
  }

  update(snapshot: CompareSnapshot, showAll: boolean): void {
    this.updateHead(snapshot.columns);
    const rows = shownRows(snapshot.rows, showAll);
    const key = JSON.stringify(rows);
    if (key === this.shownBody) return;
    this.shownBody = key;
    const table = this.head.parentElement;
    for (const body of [...(table?.querySelectorAll("tbody") ?? [])]) body.remove();
    table?.append(...sectionsOf(rows).map((section) => bodyOf(section, snapshot.columns.length)));
    this.alike.hidden = rows.length > 0;
    this.alike.textContent = "They do not differ in anything that is known of them.";
  }

  /** Swatches have their colours from the theme. */
  themeChanged(columns: readonly CompareColumn[]): void {
    this.shownHead = "";
    this.updateHead(columns);
  }

  /** Made again only when it would differ, so that focus stays where it is. */
  private updateHead(columns: readonly CompareColumn[]): void {
    const colours = coloursOf(columns);
    const key = JSON.stringify([columns, colours]);
    if (key === this.shownHead) return;
    this.shownHead = key;
    replaceChildren(
      this.head,
      h(
        "tr",
        null,
        h("td"),
        ...columns.map((column, index) => this.columnHead(columns, column, index, colours[index] ?? 0)),
      ),
    );
  }

  private columnHead(
    columns: readonly CompareColumn[],
    column: CompareColumn,
    index: number,
    colour: number,
  ): HTMLElement {
    const swatch = h("span", { class: "swatch" });
    swatch.style.color = readPalette().series[colour] ?? "";
    const { trial, label, name, subject } = column;
    const look = trial && stateLook(trial.state);
    return h(
      "th",
      { scope: "col" },
      h(
        "div",
        { class: "compare-column" },
        h(
          "div",
          { class: "compare-column-line" },
          swatch,
          linkButton(label, () => this.actions.open(subject), `Open the panel of ${label}`),
          index > 0 &&
            button({
              label: `Put ${label} first, as the baseline`,
              icon: "arrow-left",
              appearance: "icon",
              onPress: () => this.actions.putFirst(index),
            }),
          columns.length > LEAST_SUBJECTS &&
            button({
              label: `Take ${label} out`,
              icon: "close",
              appearance: "icon",
              onPress: () => this.actions.remove(index),
            }),
        ),
        h("div", { class: "compare-name", title: name }, name),
        look &&
          h("div", { class: `header-state tone-${look.tone}` }, icon(look.icon), h("span", null, look.word)),
        this.codeLine(columns, index),
      ),
    );
  }

  private codeLine(columns: readonly CompareColumn[], index: number): HTMLElement | null {
    const [first] = columns;
    const column = columns[index];
    if (!first || !column) return null;
    switch (codeOf(columns, index)) {
      case "first":
        return h("div", { class: "quiet" }, "baseline");
      case "same":
        return h("div", { class: "quiet" }, "same code");
      case "other": {
        const compare = (): void => this.actions.compareCode(first.subject, column.subject);
        return h(
          "div",
          null,
          linkButton("Compare Code", compare, `Code of ${first.label} and ${column.label}`),
        );
      }
      case "none":
        return null;
    }
  }
}

function sectionsOf(rows: readonly ShownRow[]): ShownRow[][] {
  const names = [...new Set(rows.map(({ section }) => section))];
  return names.map((name) => rows.filter(({ section }) => section === name));
}

function bodyOf(rows: readonly ShownRow[], columns: number): HTMLElement {
  return h(
    "tbody",
    null,
    h(
      "tr",
      { class: "compare-section" },
      h("th", { scope: "rowgroup", colspan: columns + 1 }, rows[0]?.section),
    ),
    ...rows.map((row) =>
      h(
        "tr",
        null,
        h("th", { scope: "row", title: row.name }, h("span", { class: "compare-row-name" }, row.name)),
        ...row.cells.map((cell) => cellOf(cell, row.isNumeric)),
      ),
    ),
  );
}

function cellOf({ text, delta, isBest, isMissing }: ShownCell, isNumeric: boolean): HTMLElement {
  const classes = [isNumeric ? "numeric" : "", isBest ? "is-best-cell" : "", isMissing ? "quiet" : ""];
  return h(
    "td",
    { class: classes.filter((name) => name !== "").join(" "), title: text },
    text,
    isBest && icon("star-full"),
    isBest && h("span", { class: "spoken" }, " best"),
    delta !== null && h("span", { class: "quiet" }, ` (${delta})`),
  );
}
