/**
 * A table with fixed row height that only holds the rows in view. Rows are reached by arrow keys (roving focus) when
 * they can be opened.
 */
import { h, replaceChildren, type Child } from "./dom.ts";

export interface Column<R> {
  title: string;
  /** Right-aligned, in tabular figures. */
  numeric?: boolean;
  className?: string;
  cell: (row: R) => Child | Child[];
}
export interface TableOptions<R> {
  label: string;
  columns: readonly Column<R>[];
  /** Stable over updates: keeps the focus where it was. */
  key: (row: R) => string;
  /** Enter or double click on a row. */
  onOpen?: (row: R) => void;
  rowClass?: (row: R) => string;
}

const ROW_HEIGHT = 24;
const OVERSCAN = 12;

export class Table<R> {
  readonly element: HTMLElement;
  private readonly body = h("tbody");
  private readonly options: TableOptions<R>;
  private rows: readonly R[] = [];
  private focused: string | null = null;
  private range = { from: -1, to: -1 };
  private readonly table: HTMLTableElement;

  constructor(options: TableOptions<R>) {
    this.options = options;
    this.table = h(
      "table",
      { class: "table", "aria-label": options.label },
      h(
        "thead",
        null,
        h(
          "tr",
          null,
          ...options.columns.map((column) => h("th", { scope: "col", class: classOf(column) }, column.title)),
        ),
      ),
      this.body,
    );
    this.element = h("div", {
      class: "table-scroll",
      tabindex: options.onOpen === undefined ? 0 : null,
      role: "region",
      "aria-label": options.label,
      on: { scroll: () => this.render(false), keydown: (event) => this.onKey(event) },
    });
    this.element.append(this.table);
    new ResizeObserver(() => this.render(false)).observe(this.element);
  }

  set(rows: readonly R[]): void {
    this.rows = rows;
    this.table.setAttribute("aria-rowcount", String(rows.length + 1));
    this.render(true);
  }

  private render(force: boolean): void {
    const first = Math.max(0, Math.floor(this.element.scrollTop / ROW_HEIGHT) - OVERSCAN);
    const height = this.element.clientHeight === 0 ? 600 : this.element.clientHeight;
    const last = Math.min(this.rows.length, first + Math.ceil(height / ROW_HEIGHT) + 2 * OVERSCAN);
    if (!force && this.range.from === first && this.range.to === last) return;
    this.range = { from: first, to: last };
    const hadFocus =
      this.body.contains(document.activeElement) && document.activeElement instanceof HTMLTableRowElement;
    replaceChildren(
      this.body,
      spacer(first, this.options.columns.length),
      ...this.rows.slice(first, last).map((row, index) => this.row(row, first + index)),
      spacer(this.rows.length - last, this.options.columns.length),
    );
    if (hadFocus) this.focusedRow()?.focus();
  }

  private row(row: R, index: number): HTMLElement {
    const { columns, key, onOpen, rowClass } = this.options;
    const id = key(row);
    const isStop = this.focused === null ? index === 0 : this.focused === id;
    return h(
      "tr",
      {
        "data-key": id,
        "aria-rowindex": index + 2,
        class: rowClass?.(row),
        tabindex: onOpen === undefined ? null : isStop ? 0 : -1,
        on: {
          focus: () => (this.focused = id),
          dblclick: () => onOpen?.(row),
        },
      },
      ...columns.map((column) => {
        const content = column.cell(row);
        return h("td", { class: classOf(column) }, ...(Array.isArray(content) ? content : [content]));
      }),
    );
  }

  private focusedRow(): HTMLElement | null {
    return [...this.body.children].find(
      (row) => (row as HTMLElement).dataset.key === this.focused,
    ) as HTMLElement | null;
  }

  private onKey(event: KeyboardEvent): void {
    const { key, onOpen } = this.options;
    if (onOpen === undefined || !(event.target instanceof HTMLTableRowElement)) return;
    const at = this.rows.findIndex((row) => key(row) === this.focused);
    const page = Math.max(1, Math.floor(this.element.clientHeight / ROW_HEIGHT) - 2);
    const target = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      PageDown: at + page,
      PageUp: at - page,
      Home: 0,
      End: this.rows.length - 1,
    }[event.key];
    if (target !== undefined) {
      event.preventDefault();
      this.focusRow(Math.min(this.rows.length - 1, Math.max(0, target)));
    } else if (event.key === "Enter") {
      const row = this.rows[at];
      if (row !== undefined) onOpen(row);
    }
  }

  private focusRow(index: number): void {
    const row = this.rows[index];
    if (row === undefined) return;
    this.focused = this.options.key(row);
    const top = index * ROW_HEIGHT;
    const view = this.element.clientHeight - 2 * ROW_HEIGHT;
    if (top < this.element.scrollTop) this.element.scrollTop = top;
    else if (top > this.element.scrollTop + view) this.element.scrollTop = top - view;
    this.render(true);
    this.focusedRow()?.focus({ preventScroll: true });
  }
}

function classOf<R>(column: Column<R>): string | undefined {
  const names = [column.numeric === true ? "numeric" : "", column.className ?? ""].filter(
    (name) => name !== "",
  );
  return names.length === 0 ? undefined : names.join(" ");
}

/** Empty room in place of rows out of view. Its height is set on the element, which the CSP allows. */
function spacer(rows: number, columns: number): HTMLElement | null {
  if (rows <= 0) return null;
  const cell = h("td", { colspan: columns });
  cell.style.height = `${rows * ROW_HEIGHT}px`;
  return h("tr", { class: "spacer", "aria-hidden": "true" }, cell);
}
