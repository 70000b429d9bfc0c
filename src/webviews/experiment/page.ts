/** The page: header, tabs, and the flow of state into what is on screen. */
import type { PageState, ToPage } from "../contract/messages.ts";
import { emptyState } from "../ui/controls.ts";
import { h, replaceChildren } from "../ui/dom.ts";
import { Tabs, type Tab } from "../ui/tabs.ts";
import type { Bridge } from "./bridge.ts";
import { Header } from "./header.ts";
import { LazyView } from "./lazyView.ts";
import { OutputView } from "./output/outputView.ts";
import { applyChange, fromSnapshot, type PageData, type Slice } from "./store.ts";
import { CheckpointsView } from "./tabs/checkpointsView.ts";
import { CodeView } from "./tabs/codeView.ts";
import { ConfigurationView } from "./tabs/configurationView.ts";
import { CurvesView, hasSystemSeries } from "./tabs/curvesView.ts";
import { FilesView } from "./tabs/filesView.ts";
import { ProvenanceView } from "./tabs/provenanceView.ts";
import { SystemView } from "./tabs/systemView.ts";
import type { PageContext, View } from "./view.ts";

const VIEWS: Record<string, (context: PageContext) => View> = {
  search: (context) =>
    new LazyView(
      async () => new (await import("./tabs/searchView.ts")).SearchView(context),
      (error) => context.bridge.problem(`The Search tab could not be loaded: ${String(error)}`),
    ),
  curves: (context) => new CurvesView(context),
  output: (context) => new OutputView(context),
  system: (context) => new SystemView(context),
  checkpoints: (context) => new CheckpointsView(context),
  files: (context) => new FilesView(context),
  code: (context) => new CodeView(context),
  configuration: (context) => new ConfigurationView(context),
  provenance: (context) => new ProvenanceView(context),
};
const CLOCK_MS = 1000;

export class Page {
  readonly element: HTMLElement;
  private readonly bridge: Bridge;
  private readonly context: PageContext;
  private readonly header: Header;
  private readonly tabs: Tabs;
  private readonly views = new Map<string, View>();
  /** What changed since a view was last on screen. */
  private readonly pending = new Map<string, Set<Slice>>();
  private data: PageData | null = null;
  private state: PageState;
  private frame = 0;
  /** A snapshot was asked for and has not come. */
  private asking = false;

  constructor(bridge: Bridge, state: PageState) {
    this.bridge = bridge;
    this.state = state;
    this.context = {
      bridge,
      settings: { get: () => this.state, update: (change) => this.changeSettings(change) },
      showTrial: (trialId) => this.showTrial(trialId),
      now: () => Date.now(),
    };
    this.header = new Header(this.context);
    this.tabs = new Tabs(
      (id) => this.view(id).element,
      (tab) => {
        this.changeSettings({ tab });
        this.schedule();
      },
    );
    this.element = h("div", { class: "page is-waiting" }, this.header.element, this.tabs.element);
    setInterval(() => this.tick(), CLOCK_MS);
  }

  start(): void {
    // Also a page that nobody touched comes back after a reload: by this the extension knows whose it is.
    this.bridge.saveState(this.state);
    this.askAgain();
  }

  receive(message: Exclude<ToPage, { type: "answer" }>): void {
    switch (message.type) {
      case "snapshot":
        this.asking = false;
        this.data = fromSnapshot(message.snapshot);
        this.element.classList.remove("is-waiting");
        this.noteChange(new Set(["all"]));
        break;
      case "change":
        this.onChange(message);
        break;
      case "theme":
        this.themeChanged();
        break;
      case "show":
        this.changeSettings({ tab: message.tab });
        if (message.trialId !== null && message.trialId !== this.state.trialId)
          this.showTrial(message.trialId);
        this.schedule();
        break;
      case "gone":
        replaceChildren(this.element, emptyState("This experiment was deleted. Its panel can be closed."));
        this.data = null;
        break;
    }
  }

  themeChanged(): void {
    for (const view of this.views.values()) view.themeChanged?.();
  }

  /** Asks for a new snapshot: at the start, after a gap, and when the page was hidden. */
  askAgain(): void {
    this.asking = true;
    this.bridge.ready(this.state);
  }

  /** Its curves are in the next snapshot. */
  private showTrial(trialId: string | null): void {
    this.changeSettings({ trialId, zoom: null });
    this.askAgain();
  }

  private tick(): void {
    if (this.data === null) return;
    this.header.update(this.data);
    const { active } = this.tabs;
    if (active !== null) this.view(active).tick?.();
  }

  private onChange(message: Extract<ToPage, { type: "change" }>): void {
    if (this.data === null || this.asking) return;
    const applied = applyChange(this.data, message);
    if (applied.kind === "gap") this.askAgain();
    if (applied.kind !== "applied") return;
    this.data = applied.data;
    this.noteChange(applied.changed);
  }

  private noteChange(changed: ReadonlySet<Slice>): void {
    for (const id of Object.keys(VIEWS)) {
      const waiting = this.pending.get(id) ?? new Set<Slice>();
      for (const slice of changed) waiting.add(slice);
      this.pending.set(id, waiting);
    }
    this.schedule();
  }

  private schedule(): void {
    if (this.frame === 0) this.frame = requestAnimationFrame(() => this.render());
  }

  private render(): void {
    this.frame = 0;
    const { data } = this;
    if (data === null) return;
    const tabs = visibleTabs(data);
    this.header.update(data);
    this.tabs.set(tabs);
    const active = tabs.some((tab) => tab.id === this.state.tab) ? this.state.tab : (tabs[0]?.id ?? "curves");
    if (this.tabs.active !== active) this.tabs.activate(active);
    const changed = this.pending.get(active);
    this.pending.delete(active);
    this.view(active).update(data, changed ?? new Set());
  }

  private view(id: string): View {
    let view = this.views.get(id);
    if (view === undefined) {
      const create = VIEWS[id];
      if (create === undefined) throw new Error(`there is no tab ${id}`);
      view = create(this.context);
      this.views.set(id, view);
    }
    return view;
  }

  private changeSettings(change: Partial<PageState>): void {
    this.state = { ...this.state, ...change };
    this.bridge.saveState(this.state);
  }
}

/** Only tabs that have something to show. */
function visibleTabs(data: PageData): Tab[] {
  const ranHere = data.experiment.imported === undefined;
  const hasRun = data.runs.size > 0 && ranHere;
  const tabs: (Tab | false)[] = [
    data.experiment.searcher !== "single" && { id: "search", label: "Search", count: null },
    { id: "curves", label: "Curves", count: null },
    hasRun && { id: "output", label: "Output", count: null },
    hasSystemSeries(data) && { id: "system", label: "System", count: null },
    data.checkpoints.size > 0 && { id: "checkpoints", label: "Checkpoints", count: data.checkpoints.size },
    hasRun && { id: "files", label: "Files", count: null },
    ranHere && { id: "code", label: "Code", count: null },
    { id: "configuration", label: "Configuration", count: null },
    hasRun && { id: "provenance", label: "Provenance", count: null },
  ];
  return tabs.filter((tab) => tab !== false);
}
