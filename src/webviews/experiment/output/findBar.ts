/** Find in the output: the field, its two switches, next and previous, and what is known of the count. */
import { button } from "../../ui/controls.ts";
import { h, setText } from "../../ui/dom.ts";
import type { Found, Query } from "./outputSearch.ts";

/** Typing is over after this: each search may read gigabytes. */
const TYPING_MS = 250;
const LONGEST_QUERY = 1000;

export interface FindActions {
  /** Null: nothing is looked for. */
  search: (query: Query | null) => void;
  next: (direction: "forward" | "backward") => void;
  close: () => void;
}

export class FindBar {
  readonly element: HTMLElement;
  private readonly input: HTMLInputElement;
  private readonly words = h("span", { class: "find-words", role: "status" });
  private readonly excerpt = h("span", { class: "find-excerpt" });
  private readonly matchCase: HTMLButtonElement;
  private readonly expression: HTMLButtonElement;
  private readonly actions: FindActions;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(actions: FindActions) {
    this.actions = actions;
    this.input = h("input", {
      type: "text",
      class: "find-input",
      placeholder: "Find in the output",
      "aria-label": "Find in the output",
      maxlength: LONGEST_QUERY,
      spellcheck: "false",
      on: { input: () => this.changed(TYPING_MS), keydown: (event) => this.onKey(event) },
    });
    this.matchCase = this.switch("case-sensitive", "Match Case");
    this.expression = this.switch("regex", "Use Regular Expression (RE2)");
    const icon = (name: string, label: string, onPress: () => void) =>
      button({ label, icon: name, appearance: "icon", onPress });
    this.element = h(
      "div",
      { class: "find-bar", role: "search", "aria-label": "Find in the output" },
      this.input,
      this.matchCase,
      this.expression,
      icon("arrow-up", "Previous Match (Shift+Enter)", () => actions.next("backward")),
      icon("arrow-down", "Next Match (Enter)", () => actions.next("forward")),
      icon("close", "Close (Escape)", () => this.close()),
      this.words,
      this.excerpt,
    );
    this.element.hidden = true;
  }

  open(): void {
    const wasHidden = this.element.hidden;
    this.element.hidden = false;
    this.input.focus();
    this.input.select();
    if (wasHidden && this.input.value !== "") this.changed(0);
  }

  close(): void {
    clearTimeout(this.timer);
    this.element.hidden = true;
    this.show("", null);
    this.actions.search(null);
    this.actions.close();
  }

  /** @param hidden a match that its line does not show any more, since something was printed over it */
  show(words: string, hidden: Found | null): void {
    setText(this.words, words);
    setText(
      this.excerpt,
      hidden === null ? "" : `printed over since: ${hidden.excerpt.trim().slice(0, 200)}`,
    );
  }

  get query(): Query | null {
    const text = this.input.value;
    if (text === "" || this.element.hidden) return null;
    const isOn = (one: HTMLElement) => one.getAttribute("aria-pressed") === "true";
    return { text, kind: isOn(this.expression) ? "expression" : "text", matchCase: isOn(this.matchCase) };
  }

  private switch(icon: string, label: string): HTMLButtonElement {
    const element = h("button", {
      type: "button",
      class: `find-switch codicon codicon-${icon}`,
      title: label,
      "aria-label": label,
      "aria-pressed": "false",
      on: {
        click: () => {
          element.setAttribute("aria-pressed", String(element.getAttribute("aria-pressed") !== "true"));
          this.changed(0);
        },
      },
    });
    return element;
  }

  private changed(afterMs: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.actions.search(this.query), afterMs);
  }

  private onKey(event: KeyboardEvent): void {
    if (event.key === "Escape") this.close();
    else if (event.key === "Enter") this.actions.next(event.shiftKey ? "backward" : "forward");
    else return;
    event.preventDefault();
  }
}
