/** Pieces that several tabs are made of. */
import { h, type Child } from "../../ui/dom.ts";

export function section(title: string, ...children: Child[]): HTMLElement {
  return h("section", { class: "section" }, h("h3", null, title), ...children);
}

/** A list of names with what they are. */
export function facts(rows: readonly (readonly [string, Child])[]): HTMLElement {
  return h(
    "dl",
    { class: "facts" },
    ...rows.flatMap(([name, value]) => [h("dt", null, name), h("dd", null, value)]),
  );
}
