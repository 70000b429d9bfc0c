/** The header's line of what a person wrote on it: labels, and the first line of the notes. Absent without either. */
import { firstLineOf } from "../contract/notes.ts";
import { linkButton } from "../ui/controls.ts";
import { h, icon, replaceChildren, type Child } from "../ui/dom.ts";
import type { PageData } from "./store.ts";
import type { PageContext } from "./view.ts";

export class WrittenLine {
  readonly element = h("div", { class: "written" });
  private readonly context: PageContext;
  private shown = "";

  constructor(context: PageContext) {
    this.context = context;
    this.element.hidden = true;
  }

  /** Of the trial that was chosen, else of the experiment. */
  update(data: PageData): void {
    const { trialId } = this.context.settings.get();
    const trial = trialId === null ? undefined : data.trials.get(trialId);
    const { labels, notes } = trial ?? data.experiment;
    const name = trial?.name ?? null;
    const key = JSON.stringify([trialId, name, trial?.starred, labels, notes]);
    if (key === this.shown) return;
    this.shown = key;
    const parts: Child[] = [];
    const { bridge } = this.context;
    if (name !== null) parts.push(h("span", { class: "written-name", title: name }, name));
    if (trial?.starred === true)
      parts.push(h("span", { class: "written-part" }, icon("star-full"), "starred"));
    if (labels.length > 0) {
      const edit = linkButton("Edit", () => bridge.act({ action: "editLabels", trialId }), "Edit Labels");
      const words = labels.map((label) => h("span", { class: "written-label" }, label));
      parts.push(h("span", { class: "written-part" }, icon("tag"), ...words, edit));
    }
    const line = firstLineOf(notes);
    if (line !== "") {
      const edit = linkButton("Edit", () => bridge.act({ action: "editNotes", trialId }), "Edit Notes");
      const words = h("span", { class: "written-notes", title: line }, line);
      parts.push(h("span", { class: "written-part is-notes" }, icon("note"), words, edit));
    }
    this.element.hidden = parts.length === 0;
    replaceChildren(this.element, ...parts);
  }
}
