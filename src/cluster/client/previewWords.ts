/** A search's preview in words, for the editor and the command line. Pure. */
import { spanText, startsText } from "../protocol/queueWords.ts";
import type { SearchPreview } from "../search/preview.ts";
import type { Expectation } from "./searchPreview.ts";

/** One line each. */
export function previewText({ brackets, lengths, totalUnits, fullUnits, trials }: SearchPreview): string[] {
  const lines = brackets.map(
    ({ rungs, trials: of, concurrency }, index) =>
      `  bracket ${index + 1}: ${count(rungs, "rung")}, ${count(of, "trial")}, ${Math.min(of, concurrency)} at a time`,
  );
  const long = lengths.map(({ units, trials: of }) => `  ${count(of, "trial")} for ${number(units)}`);
  const work =
    totalUnits === null || fullUnits === null
      ? "How long trials train is not stated (`max_time`), so the work is not known."
      : `Work: ${number(totalUnits)}, ${number(fullUnits / totalUnits)} times less than ${number(fullUnits)} for training all to the end.`;
  return [
    `${count(trials, "trial")} in ${count(brackets.length, "bracket")}:`,
    ...lines,
    ...(long.length > 0 ? ["Trained, in units of the time metric:", ...long] : []),
    work,
  ];
}

export function expectedText({ startsIn, reason, lasts, atOnce, slots, trials }: Expectation): string {
  const when =
    startsIn === null ? `When it would start is not known. ${reason}` : `Starts ${startsText(startsIn)}.`;
  const where = `${count(slots, "slot")}, ${atOnce} ${atOnce === 1 ? "trial" : "trials"} at a time`;
  return lasts === null
    ? `${when} How long it would take (${where}) is not known: no earlier trial here has told how fast it trains.`
    : `${when} It would take ${spanText(lasts)} (${where}, at the pace of ${count(trials, "earlier trial")}).`;
}

function count(value: number, one: string): string {
  return `${value.toLocaleString("en-US")} ${value === 1 ? one : `${one}s`}`;
}

function number(value: number): string {
  return String(Number.isInteger(value) ? value : Number(value.toPrecision(6)));
}
