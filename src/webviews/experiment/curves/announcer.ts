/** A live region that speaks at most every ten seconds, and then the newest. */
import { h } from "../../ui/dom.ts";

const INTERVAL_MS = 10_000;

export class Announcer {
  readonly element = h("div", { class: "spoken", role: "status", "aria-live": "polite" });
  private spokenAt = -Infinity;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private next = "";

  say(text: string): void {
    this.next = text;
    if (this.timer !== null) return;
    const waitMs = Math.max(0, this.spokenAt + INTERVAL_MS - performance.now());
    this.timer = setTimeout(() => {
      this.timer = null;
      this.spokenAt = performance.now();
      this.element.textContent = this.next;
    }, waitMs);
  }
}
