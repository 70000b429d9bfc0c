/** The Output tab: what the script printed, following its end unless a person has scrolled up. */
import type { Run } from "../../../cluster/protocol/entities.ts";
import { button, emptyState, select, type Select } from "../../ui/controls.ts";
import { h, setText } from "../../ui/dom.ts";
import { latestRun, runsOf, shownTrial, type PageData, type Slice } from "../store.ts";
import { outcomeWord } from "../states.ts";
import type { PageContext, View } from "../view.ts";
import { snapshotPath } from "./links.ts";
import { rowElement } from "./outputRows.ts";
import { OutputTail } from "./outputTail.ts";
import { streamLabel, streamToShow, type StreamName, type StreamSizes } from "./streams.ts";
import { MOST_ROWS, type Row } from "./terminal.ts";

const STREAMS = ["stdout", "stderr"] as const satisfies StreamName[];

export class OutputView implements View {
  readonly element: HTMLElement;
  private readonly context: PageContext;
  private readonly lines = h("div", { class: "lines" });
  private readonly scroller: HTMLElement;
  private readonly problem = h("span", { class: "error" });
  private readonly olderButton: HTMLElement;
  private readonly endButton: HTMLElement;
  private readonly empty = emptyState("Nothing was printed here yet.");
  private readonly runSelect: Select<string>;
  private readonly streamSelect: Select<StreamName>;
  private runId: string | null = null;
  private stream: StreamName = "stdout";
  /** By the person: then it stays. */
  private streamChosen = false;
  private runs: readonly Run[] = [];
  private tail: OutputTail | null = null;
  private directory = ".";
  /** Offset of the first row on screen. */
  private topOffset = 0;
  /** The newest rows were dropped to make room for older ones. */
  private detached = false;
  private loadingOlder = false;
  /** Stay at the end; until a person scrolls up. */
  private following = true;
  private lastTop = 0;

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
    this.olderButton = button({ label: "Show Older Output", onPress: () => void this.showOlder() });
    this.endButton = button({ label: "Jump to the End", icon: "arrow-down", onPress: () => this.toEnd() });
    this.scroller = h(
      "div",
      { class: "output", tabindex: 0, role: "log", "aria-label": "Output", "aria-live": "off" },
      this.olderButton,
      this.lines,
      this.empty,
    );
    this.scroller.addEventListener("scroll", () => this.onScroll());
    const resized = new ResizeObserver(() => this.stayAtEnd());
    resized.observe(this.scroller);
    resized.observe(this.lines);
    this.element = h(
      "div",
      { class: "view output-view" },
      h(
        "div",
        { class: "toolbar" },
        this.runSelect.element,
        this.streamSelect.element,
        this.problem,
        this.endButton,
      ),
      this.scroller,
    );
    this.olderButton.hidden = this.endButton.hidden = true;
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
    if (!this.detached)
      void this.tail?.follow(lookAnew ? Infinity : (sizes?.[this.stream] ?? 0)).catch(this.onError);
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
    if (sizes === null || this.runId === null || this.streamChosen || !this.following) return;
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
    this.detached = false;
    this.following = true;
    const tail = new OutputTail(
      (offset, limit) => this.context.bridge.request("readOutput", { runId, stream, offset, limit }),
      {
        onReset: () => {
          if (this.tail === tail) this.lines.replaceChildren();
        },
        onRows: (changed, firstId) => {
          if (this.tail === tail) this.showRows(changed, firstId);
        },
      },
    );
    this.tail = tail;
    tail.follow().catch(this.onError);
  }

  private showRows(changed: readonly Row[], firstId: number): void {
    if (!this.detached) {
      const first = changed[0]?.id ?? Infinity;
      while (Number((this.lines.lastElementChild as HTMLElement | null)?.dataset.row ?? -1) >= first) {
        this.lines.lastElementChild?.remove();
      }
      this.lines.append(...changed.map((row) => this.line(row)));
      while (this.lines.childElementCount > MOST_ROWS) this.lines.firstElementChild?.remove();
      while (
        Number((this.lines.firstElementChild as HTMLElement | null)?.dataset.row ?? Infinity) < firstId
      ) {
        this.lines.firstElementChild?.remove();
      }
      this.topOffset = Number((this.lines.firstElementChild as HTMLElement | null)?.dataset.offset ?? 0);
    }
    this.updateWords();
    this.stayAtEnd();
  }

  private stayAtEnd(): void {
    if (!this.following || this.detached) return;
    this.scroller.scrollTop = this.scroller.scrollHeight;
    this.lastTop = this.scroller.scrollTop;
  }

  private line(row: Row, older = false): HTMLElement {
    const element = rowElement(row, {
      resolve: (file) => (this.runId === null ? null : snapshotPath(file, this.runId, this.directory)),
      open: (file, line) => this.context.bridge.act({ action: "openSource", file, line }),
    });
    element.dataset.offset = String(row.offset);
    if (!older) element.dataset.row = String(row.id);
    return element;
  }

  private async showOlder(): Promise<void> {
    const { tail } = this;
    if (tail === null || this.loadingOlder || this.topOffset === 0) return;
    this.loadingOlder = true;
    try {
      const { rows, startOffset } = await tail.older(this.topOffset);
      if (this.tail !== tail) return;
      const before = this.scroller.scrollHeight;
      this.lines.prepend(...rows.map((row) => this.line(row, true)));
      this.topOffset = startOffset;
      this.scroller.scrollTop += this.scroller.scrollHeight - before;
      while (this.lines.childElementCount > MOST_ROWS) {
        this.lines.lastElementChild?.remove();
        this.detached = true;
      }
      this.updateWords();
    } catch (error) {
      this.onError(error);
    } finally {
      this.loadingOlder = false;
    }
  }

  private toEnd(): void {
    if (this.detached && this.runId !== null) this.open(this.runId, this.stream);
    this.following = true;
    this.stayAtEnd();
    this.endButton.hidden = true;
  }

  private onScroll(): void {
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    if (clientHeight === 0) return;
    // A scroll event comes late: only one that went up means that a person wants to stay there.
    const isAtEnd = scrollHeight - scrollTop - clientHeight < 24;
    if (isAtEnd) this.following = !this.detached;
    else if (scrollTop < this.lastTop) this.following = false;
    this.lastTop = scrollTop;
    this.endButton.hidden = this.following && !this.detached;
    if (this.scroller.scrollTop === 0) void this.showOlder();
  }

  private updateWords(): void {
    const size = this.tail?.size ?? 0;
    setText(this.problem, "");
    this.olderButton.hidden = this.topOffset === 0;
    this.empty.hidden = size > 0 || this.tail?.loaded !== true;
    this.endButton.hidden = this.following && !this.detached;
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
