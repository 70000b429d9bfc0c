/**
 * A table with fixed row height that only holds the rows in view. Rows are reached by arrow keys (roving focus) when
 * they can be opened. A row stays the same element over updates: a table of a live run is set many times a second, and
 * a button that were made anew between press and release would lose the click, and the focus.
 */
import { h, icon, replaceChildren, setText, type Child } from "./dom.ts";

interface ColumnHead<R> {
  title: string;
  /** Right-aligned, in tabular figures. */
  numeric?: boolean;
  className?: string;
  /** Its head sorts by this name. */
  sortKey?: string;
  /** Shown by the pointer over the cell. */
  hint?: (row: R) => string;
}
interface TextColumn<R> extends ColumnHead<R> {
  text: (row: R) => string;
}
interface ElementColumn<R> extends ColumnHead<R> {
  cell: (row: R) => Child[];
  /** What the cell shows: it is made anew when this differs, and never otherwise. */
  dependsOn: (row: R) => string;
}
export type Column<R> = TextColumn<R> | ElementColumn<R>;
export interface TableOptions<R> {
  label: string;
  columns: readonly Column<R>[];
  /** Stable over updates: by it a row keeps its element. */
  key: (row: R) => string;
  /** Enter or double click on a row. */
  onOpen?: (row: R) => void;
  /** One click opens it: where opening is choosing. */
  opensOnClick?: boolean;
  /** The head of a column with a `sortKey` was pressed. Who owns the rows sorts them, and says so with `markSort`. */
  onSort?: (sortKey: string) => void;
  rowClass?: (row: R) => string;
  /** Rows can be chosen: Space, Shift with arrows or a click, Ctrl with a click, Ctrl+A. Who owns the rows keeps which. */
  choosing?: {
    isChosen: (row: R) => boolean;
    onChoose: (rows: readonly R[], isChosen: boolean) => void;
    /** For screen readers. */
    labelOf: (row: R) => string;
  };
  /** Other keys on a row; true: it was one. */
  onRowKey?: (key: string, row: R) => boolean;
}

const ROW_HEIGHT = 24;
const OVERSCAN = 12;

interface ShownRow<R> {
  element: HTMLTableRowElement;
  row: R;
  cells: { element: HTMLTableCellElement; madeFrom: string | null }[];
  /** Null where rows cannot be chosen. */
  box: HTMLInputElement | null;
}

export class Table<R> {
  readonly element: HTMLElement;
  private readonly body = h("tbody");
  private readonly options: TableOptions<R>;
  private rows: readonly R[] = [];
  private shown = new Map<string, ShownRow<R>>();
  private readonly before = spacer();
  private readonly after = spacer();
  private focused: string | null = null;
  /** Where a range of chosen rows begins. */
  private anchor: string | null = null;
  private range = { from: -1, to: -1 };
  private readonly table: HTMLTableElement;
  private readonly sorters = new Map<string, { head: HTMLElement; arrow: HTMLElement }>();

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
          options.choosing && h("th", { scope: "col" }, h("span", { class: "spoken" }, "Chosen")),
          ...options.columns.map((column) => this.head(column)),
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
    // Without its row, the first one is where the keyboard comes in.
    if (!rows.some((row) => this.options.key(row) === this.focused)) this.focused = null;
    this.table.setAttribute("aria-rowcount", String(rows.length + 1));
    this.render(true);
  }

  /** By which column, and which way, the rows that are set are sorted. */
  markSort(sortKey: string, ascending: boolean): void {
    for (const [key, { head, arrow }] of this.sorters) {
      setAttribute(head, "aria-sort", key !== sortKey ? "none" : ascending ? "ascending" : "descending");
      const name = key !== sortKey ? "blank" : ascending ? "arrow-up" : "arrow-down";
      arrow.className = `codicon codicon-${name}`;
    }
  }

  private head(column: Column<R>): HTMLElement {
    const { sortKey, title } = column;
    if (sortKey === undefined) return h("th", { scope: "col", class: classOf(column) }, title);
    const arrow = icon("blank");
    const sort = () => this.options.onSort?.(sortKey);
    const head = h(
      "th",
      { scope: "col", class: classOf(column) },
      h(
        "button",
        { type: "button", class: "th-sort", title, on: { click: sort } },
        h("span", null, title),
        arrow,
      ),
    );
    this.sorters.set(sortKey, { head, arrow });
    return head;
  }

  /** Says anew what depends on more than the rows: ages. */
  refresh(): void {
    this.render(true);
  }

  private render(force: boolean): void {
    const first = Math.max(0, Math.floor(this.element.scrollTop / ROW_HEIGHT) - OVERSCAN);
    const height = this.element.clientHeight === 0 ? 600 : this.element.clientHeight;
    const last = Math.min(this.rows.length, first + Math.ceil(height / ROW_HEIGHT) + 2 * OVERSCAN);
    if (!force && this.range.from === first && this.range.to === last) return;
    this.range = { from: first, to: last };
    const shown = new Map<string, ShownRow<R>>();
    this.rows.slice(first, last).forEach((row, index) => {
      const id = this.options.key(row);
      const one = this.shown.get(id) ?? this.create(row, id);
      this.fill(one, row, first + index);
      shown.set(id, one);
    });
    this.shown = shown;
    const below = this.rows.length - last;
    const columns = this.options.columns.length + (this.options.choosing === undefined ? 0 : 1);
    setRoom(this.before, first, columns);
    setRoom(this.after, below, columns);
    this.place([
      ...(first > 0 ? [this.before] : []),
      ...[...shown.values()].map((one) => one.element),
      ...(below > 0 ? [this.after] : []),
    ]);
  }

  /** Takes away what is gone and inserts what is new; what stays is touched only where the order changed. */
  private place(elements: readonly HTMLElement[]): void {
    const focused = this.body.contains(document.activeElement) ? document.activeElement : null;
    const wanted = new Set<Element>(elements);
    for (const child of [...this.body.children]) if (!wanted.has(child)) child.remove();
    elements.forEach((element, index) => {
      const there = this.body.children[index] ?? null;
      if (there !== element) this.body.insertBefore(element, there);
    });
    // An element that was moved has lost it.
    if (focused !== document.activeElement) (focused as HTMLElement | null)?.focus({ preventScroll: true });
  }

  private create(row: R, id: string): ShownRow<R> {
    const cells: ShownRow<R>["cells"] = this.options.columns.map((column) => ({
      element: h("td", { class: classOf(column) }),
      madeFrom: null,
    }));
    const box =
      this.options.choosing === undefined
        ? null
        : // By keys a row is chosen as a whole.
          h("input", { type: "checkbox", tabindex: -1, class: "row-box" });
    const opens = this.options.opensOnClick === true ? "click" : "dblclick";
    const element = h(
      "tr",
      {
        "data-key": id,
        on: {
          focus: () => (this.focused = id),
          [opens]: (event: MouseEvent) => this.onClick(event, one),
        },
      },
      box && h("td", { class: "row-choice" }, box),
      ...cells.map((cell) => cell.element),
    );
    const one: ShownRow<R> = { element, row, cells, box };
    return one;
  }

  private onClick(event: MouseEvent, { row, box }: ShownRow<R>): void {
    const { choosing, onOpen } = this.options;
    const isOnBox = event.composedPath().some((part) => part === box?.parentElement);
    if (choosing === undefined || !(isOnBox || event.shiftKey || event.ctrlKey || event.metaKey))
      onOpen?.(row);
    else this.choose(row, event.shiftKey);
  }

  /** @param isRange all from where choosing began to here; else this one is turned round */
  private choose(row: R, isRange: boolean): void {
    const { choosing, key } = this.options;
    if (choosing === undefined) return;
    const from = isRange ? this.rows.findIndex((one) => key(one) === this.anchor) : -1;
    const to = this.rows.findIndex((one) => key(one) === key(row));
    if (from >= 0) choosing.onChoose(this.rows.slice(Math.min(from, to), Math.max(from, to) + 1), true);
    else {
      this.anchor = key(row);
      choosing.onChoose([row], !choosing.isChosen(row));
    }
    this.render(true);
  }

  private fill(one: ShownRow<R>, row: R, index: number): void {
    const { columns, onOpen, rowClass, key, choosing } = this.options;
    one.row = row;
    if (one.box !== null && choosing !== undefined) {
      one.box.checked = choosing.isChosen(row);
      setAttribute(one.box, "aria-label", `Choose ${choosing.labelOf(row)}`);
    }
    setAttribute(one.element, "aria-rowindex", String(index + 2));
    one.element.className = rowClass?.(row) ?? "";
    const isStop = this.focused === null ? index === 0 : this.focused === key(row);
    if (onOpen !== undefined) one.element.tabIndex = isStop ? 0 : -1;
    columns.forEach((column, at) => {
      const cell = one.cells[at];
      if (cell === undefined) return;
      if (column.hint !== undefined) setAttribute(cell.element, "title", column.hint(row));
      if ("text" in column) {
        setText(cell.element, column.text(row));
        return;
      }
      const madeFrom = column.dependsOn(row);
      if (madeFrom === cell.madeFrom) return;
      cell.madeFrom = madeFrom;
      replaceKeepingFocus(cell.element, column.cell(row));
    });
  }

  private focusedRow(): HTMLElement | null {
    return this.focused === null ? null : (this.shown.get(this.focused)?.element ?? null);
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
    const row = this.rows[at];
    if (target !== undefined) {
      event.preventDefault();
      const to = Math.min(this.rows.length - 1, Math.max(0, target));
      if (event.shiftKey && row !== undefined) this.chooseTo(row, to);
      this.focusRow(to);
    } else if (row === undefined) return;
    else if (event.key === "Enter") onOpen(row);
    else if (this.onChoosingKey(event, row) || this.options.onRowKey?.(event.key, row) === true)
      event.preventDefault();
  }

  /** Shift with an arrow: from where that began, or from here. */
  private chooseTo(row: R, to: number): void {
    const { choosing, key } = this.options;
    if (choosing === undefined) return;
    if (!choosing.isChosen(row) || this.anchor === null) this.anchor = key(row);
    const target = this.rows[to];
    if (target !== undefined) this.choose(target, true);
  }

  private onChoosingKey(event: KeyboardEvent, row: R): boolean {
    const { choosing } = this.options;
    if (choosing === undefined) return false;
    if (event.key === " ") this.choose(row, event.shiftKey);
    else if (event.key.toLowerCase() === "a" && (event.ctrlKey || event.metaKey)) {
      choosing.onChoose(this.rows, true);
      this.render(true);
    } else return false;
    return true;
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

/** Empty room in place of rows out of view. */
function spacer(): HTMLTableRowElement {
  return h("tr", { class: "spacer", "aria-hidden": "true" }, h("td"));
}
/** The height is set on the element, which the CSP allows. */
function setRoom(spacer: HTMLTableRowElement, rows: number, columns: number): void {
  const cell = spacer.cells[0];
  if (cell === undefined) return;
  cell.colSpan = columns;
  cell.style.height = `${rows * ROW_HEIGHT}px`;
}

function setAttribute(element: HTMLElement, name: string, value: string): void {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/** A button that takes the place of the one in focus has the focus. */
function replaceKeepingFocus(cell: HTMLElement, content: readonly Child[]): void {
  const focused = [...cell.children].findIndex((child) => child.contains(document.activeElement));
  replaceChildren(cell, ...content);
  if (focused >= 0) (cell.children[focused] as HTMLElement | undefined)?.focus({ preventScroll: true });
}
