/** Below the filter of a search with more trials than the page holds: how many there are, and the way to those that are not here. */
import { linkButton } from "../../ui/controls.ts";
import { h, replaceChildren } from "../../ui/dom.ts";
import { formatInteger, plural } from "../format.ts";

/** A pause in typing. */
const SETTLED_MS = 250;

export interface MoreTrialsContents {
  /** Trials of the search, and of those on the page. */
  total: number;
  held: number;
  /** Of those on the page, how many match the filter. */
  shown: number;
  /** Null while it cannot be read. */
  filter: string | null;
}

type Read = (filter: string, more: boolean) => Promise<{ total: number }>;

export class MoreTrials {
  readonly element = h("p", { class: "trials-more quiet", role: "status", hidden: true });
  private readonly read: Read;
  private contents: MoreTrialsContents | null = null;
  /** The last filter that was asked for, how many match it, or why nobody knows. */
  private asked = "";
  private matching: number | null = null;
  private problem: string | null = null;
  private isBusy = false;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private madeFor = "";

  constructor(read: Read) {
    this.read = read;
  }

  set(contents: MoreTrialsContents): void {
    this.contents = contents;
    const { filter, held, total } = contents;
    this.element.hidden = held >= total;
    if (held >= total || filter === null) return;
    if (filter.trim() !== this.asked) {
      this.asked = filter.trim();
      this.matching = null;
      this.problem = null;
      clearTimeout(this.timer);
      if (this.asked !== "") this.timer = setTimeout(() => void this.ask(false), SETTLED_MS);
    }
    this.show();
  }

  private async ask(more: boolean): Promise<void> {
    const { asked } = this;
    this.isBusy = true;
    this.problem = null;
    this.show();
    try {
      const { total } = await this.read(asked, more);
      if (asked === this.asked && asked !== "") this.matching = total;
    } catch (error) {
      if (asked === this.asked) this.problem = error instanceof Error ? error.message : String(error);
    }
    this.isBusy = false;
    this.show();
  }

  private show(): void {
    const words = this.words();
    const label = this.problem === null ? "Load more" : "Retry";
    const hasMore = this.problem !== null || (!this.isBusy && this.isShort());
    const made = `${words} ${hasMore ? label : ""}`;
    // Made anew only when it would differ, so that focus stays where it is.
    if (made === this.madeFor) return;
    this.madeFor = made;
    replaceChildren(
      this.element,
      words,
      hasMore && " ",
      hasMore && linkButton(label, () => void this.ask(this.problem === null)),
    );
  }

  private isShort(): boolean {
    if (this.contents === null) return false;
    if (this.asked === "") return this.contents.held < this.contents.total;
    return this.matching !== null && this.contents.shown < this.matching;
  }

  private words(): string {
    if (this.contents === null) return "";
    const { held, total, shown } = this.contents;
    if (this.problem !== null) return `Not all trials could be looked through: ${this.problem}`;
    if (this.asked === "")
      return `The best ${formatInteger(held)} of ${plural(total, "trial")} are here; a filter looks through all of them.`;
    if (this.isBusy || this.matching === null) return `Looking through ${plural(total, "trial")}...`;
    if (shown >= this.matching) return `All that match of ${plural(total, "trial")}.`;
    return `The best ${formatInteger(shown)} of ${formatInteger(this.matching)} that match.`;
  }
}
