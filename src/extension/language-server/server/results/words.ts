/** Values of runs as words, as a link and as Markdown. Names and values come from scripts: nothing in them has a meaning. Pure. */
import type { Json } from "../../../../cluster/protocol/base.ts";
import { formatValue, oneLine } from "../../../format.ts";
import type { TrialFacts } from "../../contract.ts";

const LONGEST = 60;

export function valueText(value: Json | undefined): string {
  if (value === undefined) return "";
  if (typeof value === "number") return formatValue(value);
  return oneLine(typeof value === "string" ? value : JSON.stringify(value), LONGEST);
}

/** For a line of Markdown, a table's cell among them: with a backslash before all that could have a meaning. */
export function escaped(text: string): string {
  return (
    oneLine(text, LONGEST)
      // eslint-disable-next-line no-control-regex
      .replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, " ")
      .replace(/[!-/:-@[-`{-~]/g, "\\$&")
  );
}

/** For a lens: `$(name)` would be an icon there. */
export function lensText(text: string): string {
  return oneLine(text, LONGEST).replaceAll("$(", "\\$(");
}

/** Argument of the command that opens a trial's panel. */
export function panelOf(
  poolId: string,
  { experimentId, trialId }: TrialFacts,
): { poolId: string; experimentId: number; trialId: string } {
  return { poolId, experimentId, trialId };
}

export const OPEN_PANEL = "trainyard.openPanel";

export function trialLink(poolId: string, trial: TrialFacts): string {
  const target = encodeURIComponent(JSON.stringify([panelOf(poolId, trial)])).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16)}`,
  );
  return `[${escaped(trial.trialId)}](command:${OPEN_PANEL}?${target})`;
}

export interface Column {
  readonly title: string;
  readonly isNumber: boolean;
  text(trial: TrialFacts): string;
}

/** One row for each trial, with a link to it; `best` is in bold. */
export function trialsTable(
  poolId: string,
  trials: readonly TrialFacts[],
  columns: readonly Column[],
  best: TrialFacts | null,
): string {
  const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [
    row(["Trial&nbsp;&nbsp;", ...columns.map(({ title }) => escaped(title))]),
    row([":---", ...columns.map(({ isNumber }) => (isNumber ? "---:" : ":---"))]),
    ...trials.map((trial) => {
      const cells = columns.map((column) => escaped(column.text(trial)));
      const isBest = trial.trialId === best?.trialId;
      const bold = cells.map((cell) => (isBest && cell.trim() !== "" ? `**${cell}**` : cell));
      return row([trialLink(poolId, trial), ...bold]);
    }),
  ].join("\n");
}
