/** A scroll bar over the bytes of a file, of which only a window is on the page. */
import { h } from "../../ui/dom.ts";

const LEAST_THUMB_PX = 24;

export interface Position {
  /** Bytes. */
  first: number;
  last: number;
  size: number;
  dropped: number;
}

export class ByteBar {
  readonly element: HTMLElement;
  private readonly thumb = h("div", { class: "byte-thumb" });
  private readonly seek: (offset: number) => void;
  private position: Position = { first: 0, last: 0, size: 0, dropped: 0 };
  /** Where in the thumb it is held; null while it is not. */
  private heldAt: number | null = null;

  /** @param seek the byte that shall be at the top */
  constructor(seek: (offset: number) => void, controls: string) {
    this.seek = seek;
    this.element = h(
      "div",
      {
        class: "byte-bar",
        role: "scrollbar",
        "aria-label": "Place in the output",
        "aria-orientation": "vertical",
        "aria-controls": controls,
        "aria-valuemin": 0,
        "aria-valuemax": 100,
      },
      this.thumb,
    );
    this.element.addEventListener("pointerdown", (event) => this.press(event));
    this.element.addEventListener("pointermove", (event) => {
      if (this.heldAt !== null) this.drag(event.clientY - this.heldAt);
    });
    for (const end of ["pointerup", "pointercancel"] as const)
      this.element.addEventListener(end, () => {
        this.heldAt = null;
        this.element.classList.remove("is-held");
      });
  }

  show(position: Position): void {
    this.position = position;
    const { first, last, size, dropped } = position;
    const total = size - dropped;
    // Its room stays, so that nothing beside it moves.
    this.element.classList.toggle("is-idle", total <= 0 || (first <= dropped && last >= size));
    const hidden = total - (last - first);
    const share = hidden <= 0 ? 0 : Math.min(1, Math.max(0, (first - dropped) / hidden));
    this.element.setAttribute("aria-valuenow", String(Math.round(share * 100)));
    if (this.heldAt !== null) return;
    const room = this.element.clientHeight;
    const thumb = Math.min(room, Math.max(LEAST_THUMB_PX, total <= 0 ? 0 : ((last - first) / total) * room));
    this.place(thumb, share * (room - thumb));
  }

  private place(height: number, top: number): void {
    this.thumb.style.height = `${height}px`;
    this.thumb.style.transform = `translateY(${top}px)`;
  }

  private press(event: PointerEvent): void {
    if (event.button !== 0) return;
    event.preventDefault();
    this.element.setPointerCapture(event.pointerId);
    this.element.classList.add("is-held");
    const thumb = this.thumb.getBoundingClientRect();
    const isOnThumb = event.clientY >= thumb.top && event.clientY <= thumb.bottom;
    this.heldAt = isOnThumb ? event.clientY - thumb.top : thumb.height / 2;
    if (!isOnThumb) this.drag(event.clientY - this.heldAt);
  }

  private drag(top: number): void {
    const bar = this.element.getBoundingClientRect();
    const thumb = this.thumb.offsetHeight;
    const room = Math.max(1, bar.height - thumb);
    const at = Math.min(room, Math.max(0, top - bar.top));
    this.place(thumb, at);
    const { size, dropped, first, last } = this.position;
    this.seek(dropped + (at / room) * Math.max(0, size - dropped - (last - first)));
  }
}
