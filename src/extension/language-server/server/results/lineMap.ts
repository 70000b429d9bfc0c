/** Which line of a text that ran is which line of the text that is open now. Pure. */
import { diffArrays } from "diff";

/** With more lines than that added and removed a text is another one. */
const MOST_CHANGES = 1000;

export interface LineMap {
  /** @param line of the text then, from 0 @returns null where it was changed or is gone */
  now(line: number): number | null;
  /** The other way round: of a line that is there now. */
  before(line: number): number | null;
}

export function mapLines(then: string, now: string): LineMap {
  const changes = diffArrays(linesOf(then), linesOf(now), { maxEditLength: MOST_CHANGES });
  const [toNow, toThen] = [new Map<number, number>(), new Map<number, number>()];
  let [before, after] = [0, 0];
  for (const { added, removed, value } of changes ?? []) {
    if (!added && !removed)
      value.forEach((_, index) => {
        toNow.set(before + index, after + index);
        toThen.set(after + index, before + index);
      });
    if (!added) before += value.length;
    if (!removed) after += value.length;
  }
  return { now: (line) => toNow.get(line) ?? null, before: (line) => toThen.get(line) ?? null };
}

/** Line ends and spaces before them are no change of what ran. */
function linesOf(text: string): string[] {
  return text
    .replace(/^\uFEFF/, "")
    .split(/\r\n|\r|\n/)
    .map((line) => line.trimEnd());
}
