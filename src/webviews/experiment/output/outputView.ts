/** The Output tab: what the script printed, following its end unless a person has scrolled up. */
import type { Run } from "../../../cluster/protocol/entities.ts";
import { button, emptyState, select, type Select } from "../../ui/controls.ts";
import { h, setText } from "../../ui/dom.ts";
import { latestRun, runsOf, shownTrial, type PageData, type Slice } from "../store.ts";
import { outcomeWord } from "../states.ts";
import type { PageContext, View } from "../view.ts";
import { FindBar } from "./findBar.ts";
import { LineCount } from "./lineCount.ts";
import { snapshotPath } from "./links.ts";
import { OutputPane } from "./outputPane.ts";
import { OutputSearch, searchWords, type Found, type Query } from "./outputSearch.ts";
import { OutputWindow } from "./outputWindow.ts";
import { streamLabel, streamToShow, type StreamName, type StreamSizes } from "./streams.ts";

const STREAMS = ["stdout", "stderr"] as const satisfies StreamName[];

export class OutputView implements View {
  readonly element: HTMLElement;
  private readonly context: PageContext;
  private readonly pane: OutputPane;
  private readonly find: FindBar;
  private readonly problem = h("span", { class: "error" });
  private readonly counting = h("span", { class: "faint" });
  private readonly endButton: HTMLElement;
  private readonly empty = emptyState("Nothing was printed here yet.");
  private readonly runSelect: Select<string>;
  private readonly streamSelect: Select<StreamName>;
  private runId: string | null = null;
  private stream: StreamName = "stdout";
  /** By the person: then it stays. */
  private streamChosen = false;
  private runs: readonly Run[] = [];
  private window: OutputWindow | null = null;
  private lineCount: LineCount | null = null;
  private search: OutputSearch | null = null;
  private directory = ".";

  constructor(context: PageContext) {
    this.context = context;
    this.runSelect = select({
      label: "Attempt",
      options: [],
      value: "",
      onChange: (run) => this.openRun(run),
    });
    this.streamSelect = select<StreamName>({
      label: "Stream",
      options: streamOptions(null),
      value: "stdout",
      onChange: (stream) => {
        this.streamChosen = true;
        if (this.runId !== null) this.open(this.runId, stream);
      },
    });
    this.endButton = button({
      label: "Jump to the End",
      icon: "arrow-down",
      onPress: () => void this.pane.toEnd().catch(this.onError),
    });
    this.pane = new OutputPane({
      resolve: (file) => (this.runId === null ? null : snapshotPath(file, this.runId, this.directory)),
      open: (file, line) => this.context.bridge.act({ action: "openSource", file, line }),
      moved: () => this.updateWords(),
      failed: this.onError,
    });
    this.pane.scroller.append(this.empty);
    this.find = new FindBar({
      search: (query) => this.startSearch(query),
      next: (direction) => void this.showNext(direction),
      close: () => this.pane.scroller.focus(),
    });
    const tool = (label: string, icon: string, onPress: () => void) =>
      button({ label, icon, appearance: "icon", onPress });
    this.element = h(
      "div",
      { class: "view output-view" },
      h(
        "div",
        { class: "toolbar" },
        this.runSelect.element,
        this.streamSelect.element,
        tool("Find (Ctrl+F)", "search", () => this.find.open()),
        tool("Open Output as Document", "go-to-file", () => this.act("openOutput")),
        tool("Follow Output in a Terminal", "terminal", () => this.act("followOutput")),
        this.problem,
        this.counting,
        this.endButton,
      ),
      this.find.element,
      this.pane.element,
    );
    this.element.addEventListener("keydown", (event) => {
      if (event.key !== "f" || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey) return;
      event.preventDefault();
      event.stopPropagation();
      this.find.open();
    });
    this.endButton.hidden = true;
  }

  update(data: PageData, changed: ReadonlySet<Slice>): void {
    const trial = shownTrial(data, this.context.settings.get().trialId);
    if (trial === null) return;
    this.directory = startDirectory(data);
    const runs = runsOf(data, trial.id);
    this.runSelect.setOptions(
      runs.map((run) => ({ value: run.id, label: `Attempt ${run.attempt}: ${outcomeWord(run.outcome)}` })),
    );
    this.runSelect.element.hidden = runs.length < 2;
    this.runs = runs;
    const newest = latestRun(data, trial);
    const isOtherTrial = this.runId !== null && !runs.some((run) => run.id === this.runId);
    const wasNewest = changed.has("runs") && this.runId !== null && runs.at(-2)?.id === this.runId;
    if (newest !== null && (this.runId === null || isOtherTrial || wasNewest)) this.openRun(newest.id);
    else if (this.runId !== null) this.goOn(this.runId, data, changed);
    if (this.runId !== null) this.runSelect.set(this.runId);
  }

  /** What was announced is read; what ended or was out of sight is looked at anew. */
  private goOn(runId: string, data: PageData, changed: ReadonlySet<Slice>): void {
    const sizes = data.output.get(runId);
    const lookAnew = changed.has("runs") || changed.has("all");
    void this.window?.follow(lookAnew ? Infinity : (sizes?.[this.stream] ?? 0)).catch(this.onError);
    if (lookAnew) void this.readSizes(runId);
    else if (sizes !== undefined && changed.has("output")) this.noteSizes(sizes);
  }

  private openRun(runId: string): void {
    this.noteSizes(null);
    this.open(runId, this.streamChosen ? this.stream : this.hasFailed(runId) ? "stderr" : "stdout");
    void this.readSizes(runId);
  }

  private async readSizes(runId: string): Promise<void> {
    const sizeOf = async (stream: StreamName) =>
      (await this.context.bridge.request("readOutput", { runId, stream, offset: -1, limit: 1 })).size;
    try {
      const [stdout, stderr] = await Promise.all(STREAMS.map(sizeOf));
      if (this.runId === runId) this.noteSizes({ stdout: stdout ?? 0, stderr: stderr ?? 0 });
    } catch (error) {
      this.onError(error);
    }
  }

  /** @param sizes null until both were read */
  private noteSizes(sizes: StreamSizes | null): void {
    this.streamSelect.setOptions(streamOptions(sizes));
    if (sizes === null || this.runId === null || this.streamChosen || !this.pane.following) return;
    const stream = streamToShow(this.stream, sizes, this.hasFailed(this.runId));
    if (stream !== this.stream) this.open(this.runId, stream);
  }

  private hasFailed(runId: string): boolean {
    return this.runs.find((run) => run.id === runId)?.outcome === "failed";
  }

  private open(runId: string, stream: StreamName): void {
    this.runId = runId;
    this.stream = stream;
    this.streamSelect.set(stream);
    this.lineCount?.cancel();
    const { bridge } = this.context;
    const window = new OutputWindow(
      (offset, limit) => bridge.request("readOutput", { runId, stream, offset, limit }),
      () => {
        if (this.window === window) this.onWindow(window);
      },
    );
    this.window = window;
    this.lineCount = new LineCount(
      (offset) => bridge.request("outputLines", { runId, stream, offsets: [offset] }),
      (lineZero, counted) => {
        this.pane.setLineZero(lineZero);
        setText(this.counting, counted === null ? "" : `Counting lines: ${Math.floor(counted * 100)}%`);
      },
    );
    this.pane.open(window);
    setText(this.problem, "");
    window.follow().catch(this.onError);
    this.startSearch(this.find.query);
  }

  private onWindow(window: OutputWindow): void {
    setText(this.problem, "");
    const [first] = window.rows;
    if (first !== undefined) this.lineCount?.count(first);
    this.pane.refresh();
  }

  private startSearch(query: Query | null): void {
    this.search?.cancel();
    this.search = null;
    this.pane.unmark();
    this.find.show("", null);
    const { runId, stream } = this;
    if (query === null || runId === null) return;
    const search = new OutputSearch(
      query,
      (asked) => this.context.bridge.request("searchOutput", { runId, stream, ...asked }),
      () => this.find.show(searchWords(search.state), null),
    );
    this.search = search;
    // What is newest is nearest.
    void this.showNext("backward").then(() => search.count());
  }

  private async showNext(direction: "forward" | "backward"): Promise<void> {
    const { search } = this;
    if (search === null) return;
    const { current } = search.state;
    const { first, last } = this.pane.visible;
    const place =
      current === null
        ? direction === "forward"
          ? first
          : last
        : current.offset + Number(direction === "forward");
    const found = await search.next(direction, place);
    if (found === null || this.search !== search) return;
    try {
      await this.showMatch(search, found);
    } catch (error) {
      this.onError(error);
    }
  }

  private async showMatch(search: OutputSearch, found: Found): Promise<void> {
    this.pane.following = false;
    const row = await this.window?.moveTo(found.offset);
    if (!row || this.search !== search) return;
    this.pane.reveal(row);
    const shown = row.spans.map(({ text }) => text).join("");
    const isShown = shown.includes(found.excerpt.slice(found.found.from, found.found.to));
    this.find.show(searchWords(search.state), isShown ? null : found);
  }

  private act(action: "openOutput" | "followOutput"): void {
    if (this.runId !== null) this.context.bridge.act({ action, runId: this.runId, stream: this.stream });
  }

  private updateWords(): void {
    const { window } = this;
    this.empty.hidden = (window?.size ?? 0) > 0 || window?.loaded !== true;
    this.endButton.hidden = this.pane.following;
  }

  private readonly onError = (error: unknown) => {
    setText(this.problem, error instanceof Error ? error.message : String(error));
  };
}

function streamOptions(sizes: StreamSizes | null) {
  return STREAMS.map((value) => ({ value, label: streamLabel(value, sizes) }));
}

/** Where runs start, relative to the snapshot's root: the workspace folder's counterpart. */
function startDirectory(data: PageData): string {
  const { root } = data.experiment.snapshot;
  const { workspace } = data.experiment;
  return workspace.startsWith(`${root}/`) ? workspace.slice(root.length + 1) : ".";
}
