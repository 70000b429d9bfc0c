/** A trial of a search in words, for tooltips and screen readers. Pure. */
import type { TooltipRow } from "../curves/tooltip.ts";
import { formatInteger, formatValue } from "../format.ts";
import { stateLook } from "../states.ts";
import { parameterText, type TrialRow } from "./trialRows.ts";

export function trialName({ trial }: TrialRow): string {
  return trial.name === null ? `trial ${trial.number}` : `trial ${trial.number} (${trial.name})`;
}

/** `trial 17: 0.0613, completed`; what went wrong is said instead of a value. */
export function trialSentence(row: TrialRow): string {
  const { best, state, nan } = row.trial;
  const value = best === null ? "no value" : formatValue(best.value);
  const notNumber = nan === null ? "" : `, ${nan.metric} was not a number at step ${formatInteger(nan.step)}`;
  return `${trialName(row)}: ${value}, ${stateLook(state).word.toLowerCase()}${notNumber}`;
}

export interface Fact {
  label: string;
  text: string;
}

/** Values of these parameters. */
export function parameterFacts({ parameters }: TrialRow, names: readonly string[]): Fact[] {
  return names.map((label) => ({ label, text: parameterText(parameters.get(label)) || "none" }));
}

export function factRow(fact: Fact): TooltipRow {
  return { ...fact, colour: null, dash: [], front: false, at: null };
}
