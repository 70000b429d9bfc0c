/** The Provenance tab: what the result depends on, as it was seen. What was not seen says so. */
import type { Json, JsonObject } from "../../../cluster/protocol/base.ts";
import { button, emptyState } from "../../ui/controls.ts";
import { h, replaceChildren } from "../../ui/dom.ts";
import { formatBytes, formatTime, plural } from "../format.ts";
import { valueText } from "../parameters.ts";
import { latestRun, shownTrial, type PageData, type Slice } from "../store.ts";
import type { PageContext, View } from "../view.ts";
import { section } from "./parts.ts";

export class ProvenanceView implements View {
  readonly element: HTMLElement;
  private readonly context: PageContext;
  private readonly body = h("div", { class: "view-body" });
  private runId: string | null = null;

  constructor(context: PageContext) {
    this.context = context;
    this.element = h("div", { class: "view" }, this.body);
  }

  update(data: PageData, changed: ReadonlySet<Slice>): void {
    const trial = shownTrial(data, this.context.settings.get().trialId);
    const runId = trial === null ? null : (latestRun(data, trial)?.id ?? null);
    const isOther = runId !== this.runId;
    this.runId = runId;
    if (runId === null || !(isOther || changed.has("all") || changed.has("runs"))) return;
    this.context.bridge.request("provenance", { runId }).then(
      ({ provenance }) => {
        if (this.runId === runId) this.show(provenance);
      },
      (error: unknown) => {
        replaceChildren(
          this.body,
          h("p", { class: "error" }, error instanceof Error ? error.message : String(error)),
        );
      },
    );
  }

  private show(provenance: JsonObject | null): void {
    if (provenance === null || Object.keys(provenance).length === 0) {
      replaceChildren(
        this.body,
        emptyState("Nothing is recorded yet: the harness writes it when the script starts and ends."),
      );
      return;
    }
    const copy = button({
      label: "Copy as JSON",
      icon: "copy",
      onPress: () =>
        this.context.bridge.act({
          action: "copy",
          text: JSON.stringify(provenance, null, 2).slice(0, 100_000),
        }),
    });
    replaceChildren(this.body, h("div", { class: "toolbar" }, copy), ...sections(provenance));
  }
}

const MOST_ENTRIES = 1000;
/** A longer list is folded. */
const MOST_OPEN = 12;

/** What each of supervisor, harness and pool saw is a section; single values at the top come before them. */
function sections(provenance: JsonObject): HTMLElement[] {
  const isSection = (value: Json) => typeof value === "object" && value !== null && !Array.isArray(value);
  const entries = Object.entries(provenance);
  const plain = Object.fromEntries(entries.filter(([, value]) => !isSection(value)));
  const parts = entries.filter(([, value]) => isSection(value));
  return [tree(plain), ...parts.map(([name, value]) => section(name, tree(value as JsonObject)))];
}

function tree(object: JsonObject): HTMLElement {
  const entries = Object.entries(object);
  return h(
    "dl",
    { class: "facts" },
    ...entries
      .slice(0, MOST_ENTRIES)
      .flatMap(([name, value]) => [h("dt", null, name), h("dd", null, valueElement(name, value))]),
    entries.length > MOST_ENTRIES ? h("dt", null, `and ${entries.length - MOST_ENTRIES} more`) : null,
  );
}

function valueElement(name: string, value: Json): HTMLElement {
  if (value === null || value === "not seen") return h("span", { class: "quiet" }, "not seen");
  if (Array.isArray(value)) return listElement(name, value);
  if (typeof value === "object") {
    const count = Object.keys(value).length;
    if (count === 0) return h("span", { class: "quiet" }, "none");
    return count <= MOST_OPEN ? tree(value) : folded(count, tree(value));
  }
  if (typeof value === "number") return h("code", { title: String(value) }, numberText(name, value));
  return h("code", null, String(value));
}

/** Times are seconds in files and milliseconds in the protocol. */
function numberText(name: string, value: number): string {
  if (name.endsWith("At")) return formatTime(value > 1e11 ? value : value * 1000);
  return /bytes$/i.test(name) ? formatBytes(value) : valueText(value);
}

function listElement(name: string, values: readonly Json[]): HTMLElement {
  if (values.length === 0) return h("span", { class: "quiet" }, "none");
  const items = values.slice(0, MOST_ENTRIES).map((value) => h("li", null, valueElement(name, value)));
  const list = h("ul", { class: "plain-list" }, ...items);
  return values.length <= MOST_OPEN ? list : folded(values.length, list);
}

function folded(count: number, content: HTMLElement): HTMLElement {
  return h("details", null, h("summary", null, plural(count, "entry", "entries")), content);
}
