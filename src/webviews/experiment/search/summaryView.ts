/** The summary of a search that has ended, at the top of its tab. */
import { linkButton } from "../../ui/controls.ts";
import { h, replaceChildren } from "../../ui/dom.ts";
import type { SearchSummary } from "./summary.ts";

export class SummaryView {
  readonly element = h("section", { class: "search-summary", "aria-label": "Summary", hidden: true });
  private readonly onSelect: (trialId: string) => void;
  private shown = "";

  constructor(onSelect: (trialId: string) => void) {
    this.onSelect = onSelect;
  }

  /** Made anew only when it would differ, so that focus stays where it is. */
  set(summary: SearchSummary | null): void {
    this.element.hidden = summary === null;
    const shown = JSON.stringify(summary);
    if (summary === null || shown === this.shown) return;
    this.shown = shown;
    const { best, work, edges } = summary;
    replaceChildren(
      this.element,
      h(
        "dl",
        { class: "facts" },
        h("dt", null, "Best"),
        h(
          "dd",
          null,
          linkButton(best.words, () => this.onSelect(best.trialId), "Show this trial"),
          h(
            "span",
            { class: "summary-parameters numeric" },
            ...best.parameters.map(({ label, text }) => h("span", null, `${label} ${text}`)),
          ),
        ),
        work !== null && h("dt", null, "Work"),
        work !== null && h("dd", null, work),
        edges.length > 0 && h("dt", null, "Try next"),
        edges.length > 0 &&
          h("dd", null, h("ul", { class: "plain-list" }, ...edges.map((edge) => h("li", null, edge)))),
      ),
    );
  }
}
