/** Tabs in the editor's own look, over the toolkit's panels. Tabs come and go with what there is to show. */
import { h, setText } from "./dom.ts";

export interface Tab {
  id: string;
  label: string;
  /** A number beside the label, for example of checkpoints. */
  count: number | null;
}
interface Panels extends HTMLElement {
  activeid: string;
  activeindicator: boolean;
}
interface Part {
  tab: HTMLElement;
  label: HTMLElement;
  badge: HTMLElement;
  view: HTMLElement;
}

export class Tabs {
  readonly element: HTMLElement;
  private readonly panels: Panels;
  private readonly parts = new Map<string, Part>();
  private shown: string[] = [];
  private readonly contentOf: (id: string) => HTMLElement;

  constructor(contentOf: (id: string) => HTMLElement, onChange: (id: string) => void) {
    this.contentOf = contentOf;
    this.panels = h("vscode-panels", { class: "tabs" }) as Panels;
    // Its animated underline depends on an event that never comes with reduced motion; ours is a border.
    this.panels.activeindicator = false;
    this.panels.addEventListener("change", (event) => {
      if (event.target !== this.panels) return;
      const id = this.active;
      this.reveal();
      if (id !== null) onChange(id);
    });
    this.element = this.panels;
  }

  get active(): string | null {
    return this.shown.find((id) => `tab-${id}` === this.panels.activeid) ?? null;
  }

  activate(id: string): void {
    if (this.parts.has(id)) this.panels.activeid = `tab-${id}`;
    this.reveal();
  }

  /** Where there is no room for all, the active one is in sight. */
  private reveal(): void {
    const { active } = this;
    if (active !== null) this.parts.get(active)?.tab.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  /** Shows these tabs in this order; the active one stays active while it is among them. */
  set(tabs: readonly Tab[]): void {
    for (const tab of tabs) {
      const part = this.parts.get(tab.id) ?? this.create(tab.id);
      setText(part.label, tab.label);
      setText(part.badge, String(tab.count ?? ""));
      part.badge.hidden = tab.count === null;
    }
    const ids = tabs.map((tab) => tab.id);
    if (ids.join() === this.shown.join()) return;
    this.shown = ids;
    for (const [id, part] of this.parts) {
      if (!ids.includes(id)) {
        part.tab.remove();
        part.view.remove();
      }
    }
    ids.forEach((id, index) => {
      const part = this.parts.get(id);
      if (part === undefined) return;
      this.place(part.tab, "tab", index);
      this.place(part.view, "tabpanel", index);
    });
  }

  private place(element: HTMLElement, slot: string, index: number): void {
    const siblings = [...this.panels.children].filter((child) => child.slot === slot);
    if (siblings[index] !== element) this.panels.insertBefore(element, siblings[index] ?? null);
  }

  private create(id: string): Part {
    const label = h("span");
    const badge = h("span", { class: "badge", hidden: true });
    const part: Part = {
      label,
      badge,
      tab: h("vscode-panel-tab", { id: `tab-${id}`, slot: "tab", role: "tab" }, label, badge),
      view: h(
        "vscode-panel-view",
        { id: `view-${id}`, slot: "tabpanel", role: "tabpanel", class: "tab-view" },
        this.contentOf(id),
      ),
    };
    this.parts.set(id, part);
    return part;
  }
}
