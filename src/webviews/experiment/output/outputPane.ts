/** The rows of an output on the page: of the window's thousands only some screens, with their line numbers. */
import { h, setText } from "../../ui/dom.ts";
import { formatBytes } from "../format.ts";
import { ByteBar } from "./byteBar.ts";
import { rowElement, type RowActions } from "./outputRows.ts";
import type { OutputWindow } from "./outputWindow.ts";
import type { Row } from "./terminal.ts";

/** Elements at a time, and how many come and go at once. */
const SHOWN_ROWS = 400;
const STEP_ROWS = 150;
const AT_END_PX = 24;

export interface PaneActions extends RowActions {
  /** The place or the following has changed. */
  moved: () => void;
  failed: (error: unknown) => void;
}

export class OutputPane {
  readonly element: HTMLElement;
  readonly scroller: HTMLElement;
  /** Stays at the end; until a person scrolls up. */
  following = true;
  private readonly lines = h("div", { class: "lines" });
  private readonly notice = h("p", { class: "output-notice" });
  private readonly bar: ByteBar;
  private readonly actions: PaneActions;
  private window: OutputWindow | null = null;
  /** Number of the line that the window calls 0; null while it is not known. */
  private lineZero: number | null = null;
  private rows: readonly Row[] = [];
  /** Position in `rows` of the first one on the page. */
  private first = 0;
  private readonly elements = new Map<number, { row: Row; element: HTMLElement }>();
  private marked: number | null = null;
  private growing = false;
  private lastTop = 0;
  private wantedOffset: number | null = null;
  private seeking = false;

  constructor(actions: PaneActions) {
    this.actions = actions;
    this.scroller = h(
      "div",
      { class: "output", id: "output", tabindex: 0, role: "log", "aria-label": "Output", "aria-live": "off" },
      this.notice,
      this.lines,
    );
    this.bar = new ByteBar((offset) => this.seek(offset), "output");
    this.element = h("div", { class: "output-pane" }, this.scroller, this.bar.element);
    this.scroller.addEventListener("scroll", () => this.onScroll());
    this.scroller.addEventListener("keydown", (event) => this.onKey(event));
    // In the next frame: what it changes would be observed again.
    const resized = new ResizeObserver(() => requestAnimationFrame(() => this.settle()));
    resized.observe(this.scroller);
    resized.observe(this.lines);
    this.notice.hidden = true;
  }

  /** Shows another output, from its end on. */
  open(window: OutputWindow): void {
    this.window = window;
    this.following = true;
    this.lineZero = null;
    this.marked = null;
    this.rows = [];
    this.elements.clear();
    this.lines.replaceChildren();
  }

  setLineZero(line: number | null): void {
    this.lineZero = line;
    for (const { row, element } of this.elements.values()) this.number(row, element);
  }

  /** The window has other rows than before. */
  refresh(): void {
    const { window } = this;
    if (window === null) return;
    const top = this.topRow();
    const firstId = this.firstId();
    this.rows = window.rows;
    if (this.following && window.isAttached) this.first = Math.max(0, this.rows.length - SHOWN_ROWS);
    else this.first = Math.max(0, indexOf(this.rows, firstId));
    this.paint(top);
  }

  /** Shows a row in the middle, marked. */
  reveal(row: Row): void {
    this.following = false;
    this.marked = row.id;
    this.show(row, 0.4);
  }
  unmark(): void {
    this.marked = null;
    for (const { element } of this.elements.values()) element.classList.remove("is-found");
  }

  /** Byte at the top of the screen, and after its bottom. */
  get visible(): { first: number; last: number } {
    const { top, bottom } = this.scroller.getBoundingClientRect();
    let first: number | null = null;
    let last = this.window?.start ?? 0;
    for (const { row, element } of this.shownElements()) {
      const box = element.getBoundingClientRect();
      if (box.bottom <= top + 1) continue;
      if (box.top >= bottom) return { first: first ?? row.offset, last: row.offset };
      first ??= row.offset;
      last = row.offset;
    }
    const isLast = this.first + this.lines.childElementCount >= this.rows.length;
    return { first: first ?? 0, last: isLast ? (this.window?.end ?? last) : last };
  }

  async toEnd(): Promise<void> {
    this.following = true;
    if (this.window?.isAttached === false) await this.window.toEnd();
    this.refresh();
  }
  async toStart(): Promise<void> {
    await this.moveTo(this.window?.dropped ?? 0);
  }
  /** The row at a byte comes to the top. */
  async moveTo(offset: number): Promise<Row | null> {
    this.following = false;
    const { window } = this;
    const row = (await window?.moveTo(offset)) ?? null;
    if (row !== null && window === this.window) this.show(row, 0);
    return row;
  }

  private show(row: Row, share: number): void {
    if (this.window === null) return;
    this.rows = this.window.rows;
    const index = Math.max(0, indexOf(this.rows, row.id));
    this.first = Math.max(0, Math.min(index - SHOWN_ROWS / 2, this.rows.length - SHOWN_ROWS));
    this.paint(null);
    const element = this.elements.get(row.id)?.element;
    if (element === undefined) return;
    const offset = element.getBoundingClientRect().top - this.scroller.getBoundingClientRect().top;
    this.scroller.scrollTop += offset - share * this.scroller.clientHeight;
    this.settle();
  }

  /** The latest place that was asked for; those in between are left out. */
  private seek(offset: number): void {
    this.wantedOffset = offset;
    if (this.seeking) return;
    this.seeking = true;
    void (async () => {
      try {
        while (this.wantedOffset !== null) {
          const next = this.wantedOffset;
          this.wantedOffset = null;
          await this.moveTo(next);
        }
      } catch (error) {
        this.actions.failed(error);
      } finally {
        this.seeking = false;
      }
    })();
  }

  private onKey(event: KeyboardEvent): void {
    if (event.altKey || event.shiftKey) return;
    const go = event.key === "Home" ? () => this.toStart() : event.key === "End" ? () => this.toEnd() : null;
    if (go === null) return;
    event.preventDefault();
    go().catch(this.actions.failed);
  }

  private onScroll(): void {
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    if (clientHeight === 0) return;
    // A scroll event comes late: only one that went up means that a person wants to stay there.
    const isAtEnd = scrollHeight - scrollTop - clientHeight < AT_END_PX && this.isLastShown();
    if (isAtEnd) this.following = this.window?.isAttached === true;
    else if (scrollTop < this.lastTop) this.following = false;
    this.lastTop = scrollTop;
    if (scrollTop < clientHeight) void this.goOn("before");
    else if (scrollHeight - scrollTop - clientHeight < clientHeight) void this.goOn("after");
    this.settle();
  }

  private isLastShown(): boolean {
    return this.window?.isAttached === true && this.first + SHOWN_ROWS >= this.rows.length;
  }

  /** Rows near the edge: from the window, or from the pool where the window ends. */
  private async goOn(where: "before" | "after"): Promise<void> {
    const { window } = this;
    if (window === null || this.growing) return;
    this.growing = true;
    try {
      const top = this.topRow();
      const last = this.first + SHOWN_ROWS >= this.rows.length;
      if (where === "before" && this.first === 0) {
        if (window.isAtStart) return;
        await window.growBefore();
      } else if (where === "after" && last) {
        if (window.isAttached) return;
        await window.growAfter();
      }
      if (window !== this.window) return;
      const shown = indexOf(this.rows, this.firstId());
      const step = where === "before" ? -STEP_ROWS : STEP_ROWS;
      this.first = Math.max(0, Math.min(shown + step, this.rows.length - SHOWN_ROWS));
      this.paint(top);
    } catch (error) {
      this.actions.failed(error);
    } finally {
      this.growing = false;
    }
  }

  private paint(anchor: { id: number; top: number } | null): void {
    const wanted = this.rows.slice(this.first, this.first + SHOWN_ROWS);
    const ids = new Set(wanted.map(({ id }) => id));
    for (const id of this.elements.keys()) if (!ids.has(id)) this.elements.delete(id);
    const elements = wanted.map((row) => {
      const known = this.elements.get(row.id);
      if (known?.row === row) return known.element;
      const element = rowElement(row, this.actions);
      element.classList.toggle("is-found", row.id === this.marked);
      this.elements.set(row.id, { row, element });
      this.number(row, element);
      return element;
    });
    reconcile(this.lines, elements);
    const dropped = this.window?.dropped ?? 0;
    this.notice.hidden = !(this.first === 0 && dropped > 0 && this.window?.isAtStart === true);
    if (!this.notice.hidden)
      setText(this.notice, `The first ${formatBytes(dropped)} were dropped at the limit of the output.`);
    if (anchor !== null && !this.following) {
      const element = this.elements.get(anchor.id)?.element;
      if (element !== undefined)
        this.scroller.scrollTop +=
          element.getBoundingClientRect().top - this.scroller.getBoundingClientRect().top - anchor.top;
    }
    for (const { row, element } of this.elements.values())
      element.classList.toggle("is-found", row.id === this.marked);
    this.settle();
  }

  private number(row: Row, element: HTMLElement): void {
    if (this.lineZero === null || row.folded) delete element.dataset.line;
    else element.dataset.line = String(this.lineZero + row.line);
  }

  /** The end stays the end, and the bar shows where that is. */
  private settle(): void {
    if (this.following && this.isLastShown()) {
      this.scroller.scrollTop = this.scroller.scrollHeight;
      this.lastTop = this.scroller.scrollTop;
    }
    const { window } = this;
    if (window !== null) {
      const isEnd = this.following && window.isAttached;
      const { first, last } = this.visible;
      this.bar.show({ first, last: isEnd ? window.size : last, size: window.size, dropped: window.dropped });
      if (this.lineZero !== null) {
        const digits = String(this.lineZero + (this.rows.at(-1)?.line ?? 0)).length;
        this.lines.style.setProperty("--digits", String(Math.max(3, digits)));
      }
    }
    this.actions.moved();
  }

  private shownElements(): { row: Row; element: HTMLElement }[] {
    return this.rows
      .slice(this.first, this.first + SHOWN_ROWS)
      .flatMap((row) => this.elements.get(row.id) ?? []);
  }
  private firstId(): number {
    return this.rows[this.first]?.id ?? -1;
  }
  /** The row at the top of the screen, and how far it is from it. */
  private topRow(): { id: number; top: number } | null {
    const { top } = this.scroller.getBoundingClientRect();
    for (const { row, element } of this.shownElements()) {
      const box = element.getBoundingClientRect();
      if (box.bottom > top) return { id: row.id, top: box.top - top };
    }
    return null;
  }
}

function indexOf(rows: readonly Row[], id: number): number {
  return rows.findIndex((row) => row.id === id);
}

/** Only what differs is moved, so that a selection and the focus stay. */
function reconcile(parent: HTMLElement, elements: readonly HTMLElement[]): void {
  const wanted = new Set(elements);
  for (const child of [...parent.children]) if (!wanted.has(child as HTMLElement)) child.remove();
  let next = parent.firstElementChild;
  for (const element of elements) {
    if (element === next) next = next.nextElementSibling;
    else parent.insertBefore(element, next);
  }
}
