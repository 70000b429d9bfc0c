/** A search's preview in words, for the editor and the command line. Pure. */
import { spanText, startsSentence } from "../protocol/queueWords.ts";
import { countText, numberText } from "./numberWords.ts";
import type { SearchPreview } from "../search/preview.ts";
import type { Expectation } from "./searchPreview.ts";

/** One line each. */
export function previewText({ brackets, lengths, totalUnits, fullUnits, trials }: SearchPreview): string[] {
  const lines = brackets.map(
    ({ rungs, trials: of, concurrency }, index) =>
      `  bracket ${index + 1}: ${countText(rungs, "rung")}, ${countText(of, "trial")}, ${Math.min(of, concurrency)} at a time`,
  );
  const long = lengths.map(({ units, trials: of }) => `  ${countText(of, "trial")} for ${numberText(units)}`);
  const work =
    totalUnits === null || fullUnits === null
      ? "How long trials train is not stated (`max_time`), so the work is not known."
      : `Work: ${numberText(totalUnits)}, ${numberText(fullUnits / totalUnits)} times less than ${numberText(fullUnits)} for training all to the end.`;
  return [
    `${countText(trials, "trial")} in ${countText(brackets.length, "bracket")}:`,
    ...lines,
    ...(long.length > 0 ? ["Trained, in units of the time metric:", ...long] : []),
    work,
  ];
}

export function expectedText({ startsIn, reason, lasts, atOnce, slots, trials }: Expectation): string {
  const when = startsSentence(startsIn) || `When it would start is not known. ${reason}`;
  const where = `${countText(slots, "slot")}, ${atOnce} ${atOnce === 1 ? "trial" : "trials"} at a time`;
  return lasts === null
    ? `${when} How long it would take (${where}) is not known: no earlier trial here has told how fast it trains.`
    : `${when} It would take ${spanText(lasts)} (${where}, at the pace of ${countText(trials, "earlier trial")}).`;
}
