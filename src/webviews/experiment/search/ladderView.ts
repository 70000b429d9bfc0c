/** The rung ladder of a search: its brackets, one above the other, on one value axis. */
import type { SearchState } from "../../../cluster/protocol/search.ts";
import { h, setText } from "../../ui/dom.ts";
import { Announcer } from "../curves/announcer.ts";
import type { Palette } from "../curves/palette.ts";
import type { Range } from "../curves/scales.ts";
import { Tooltip } from "../curves/tooltip.ts";
import type { PageData } from "../store.ts";
import { BracketView } from "./bracketView.ts";
import { ladderRungs, type LadderRung } from "./ladder.ts";
import { valueRange } from "./valueScale.ts";
import { plural } from "../format.ts";

export class LadderView {
  readonly element: HTMLElement;
  private readonly list = h("div");
  private readonly direction = h("p", { class: "quiet ladder-note" });
  private readonly tooltip = new Tooltip();
  private readonly announcer = new Announcer();
  private readonly brackets: BracketView[] = [];
  private readonly onSelect: (trialId: string) => void;
  private palette: Palette;
  /** As they were: a picture of a live search does not move with each value. */
  private readonly ranges = new Map<string, Range>();

  constructor(palette: Palette, onSelect: (trialId: string) => void) {
    this.palette = palette;
    this.onSelect = onSelect;
    this.element = h(
      "div",
      { class: "ladders" },
      this.list,
      this.direction,
      this.tooltip.element,
      this.announcer.element,
    );
  }

  update(search: SearchState, data: PageData, selected: string | null): void {
    const brackets = search.brackets ?? [];
    const ladders = brackets.map((bracket) => ladderRungs(bracket, search, data.trials));
    const { smallerIsBetter, timeMetric } = search;
    while (this.brackets.length > brackets.length) this.brackets.pop()?.element.remove();
    ladders.forEach((rungs, index) => {
      const planned = brackets[index]?.trialsPlanned ?? 0;
      const title = `${brackets.length > 1 ? `Bracket ${index + 1}` : "Rungs"}: ${startedOf(rungs)} of ${plural(planned, "trial")}`;
      this.bracket(index).set({
        title,
        rungs,
        ranges: rungs.map((rung) => this.rangeOf(`${index} ${rung.units}`, rung, smallerIsBetter)),
        smallerIsBetter,
        timeMetric,
        selected,
      });
    });
    const metric = data.experiment.metric?.name ?? "value";
    setText(
      this.direction,
      `${metric}, ${smallerIsBetter ? "smaller" : "larger"} is better; each rung has a scale of its own. Filled: went on, or to the end. Hollow: stopped there. Cross: failed.`,
    );
  }

  themeChanged(palette: Palette): void {
    this.palette = palette;
    for (const bracket of this.brackets) bracket.themeChanged(palette);
  }

  private bracket(index: number): BracketView {
    const known = this.brackets[index];
    if (known !== undefined) return known;
    const made = new BracketView(this.palette, {
      point: (sentence, at) => this.point(sentence, at),
      say: (sentence) => this.announcer.say(sentence),
      select: this.onSelect,
    });
    this.brackets[index] = made;
    this.list.append(made.element);
    return made;
  }

  private rangeOf(key: string, { entries }: LadderRung, smallerIsBetter: boolean): Range {
    const values = entries.map(({ value }) => value).filter((value) => value !== null);
    const range = valueRange(values, smallerIsBetter, this.ranges.get(key) ?? null, 8);
    this.ranges.set(key, range);
    return range;
  }

  private point(sentence: string | null, at: { x: number; y: number }): void {
    if (sentence === null) this.tooltip.hide();
    else this.tooltip.show(sentence, [], at);
  }
}

/** Who came to the first rung, or is on the way there. */
function startedOf(rungs: readonly LadderRung[]): number {
  const first = rungs.at(-1);
  return (first?.entries.length ?? 0) + (first?.coming ?? 0);
}
