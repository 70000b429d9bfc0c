/** What a search came to: its best, the work it saved, and where its space seems too small. Pure. */
import type { SearchState, SpaceAxis } from "../../../cluster/protocol/search.ts";
import { formatInteger, formatValue, plural } from "../format.ts";
import { unitsText } from "./ladder.ts";
import { differingParameters, type TrialRow } from "./trialRows.ts";
import { parameterFacts, trialName, type Fact } from "./trialWords.ts";

export interface SearchSummary {
  best: { trialId: string; words: string; parameters: Fact[] };
  /** Null for a search without rungs: it trains all to the end. */
  work: string | null;
  /** What to try next, at the edges of the space. */
  edges: string[];
}

/** So many of the best must agree, and be so near to an end of the space, as a part of it. */
const AGREEING = 3;
const NEAR = 0.1;
/** With fewer trials the best of them are the best by luck. */
const LEAST_TRIALS = 6;

/** @returns null while nothing was reported */
export function searchSummary(
  rows: readonly TrialRow[],
  search: Pick<SearchState, "brackets" | "space" | "timeMetric">,
  metric: { name: string; smallerIsBetter: boolean } | null,
): SearchSummary | null {
  const sign = (metric?.smallerIsBetter ?? true) ? 1 : -1;
  const ranked = rows
    .flatMap((row) => (row.trial.best === null ? [] : [{ row, value: row.trial.best.value }]))
    .sort((a, b) => sign * (a.value - b.value) || a.row.trial.number - b.row.trial.number);
  const [first] = ranked;
  if (first === undefined) return null;
  return {
    best: {
      trialId: first.row.trial.id,
      words: `${metric?.name ?? "value"} ${formatValue(first.value)}, ${trialName(first.row)}`,
      parameters: parameterFacts(first.row, differingParameters(rows)),
    },
    work: workOf(search),
    edges:
      ranked.length < LEAST_TRIALS
        ? []
        : search.space.flatMap((axis) =>
            edgeOf(
              axis,
              ranked.slice(0, AGREEING).map(({ row }) => row),
            ),
          ),
  };
}

/**
 * Trained units against training every trial to the end. Who came to a rung has trained so far; who failed on the way there
 * is counted as if it had, so that no more is said to be saved than was.
 */
function workOf({ brackets, timeMetric }: Pick<SearchState, "brackets" | "timeMetric">): string | null {
  let trained = 0;
  let whole = 0;
  let trials = 0;
  for (const { rungs } of brackets ?? []) {
    const came = rungs[0]?.entries.length ?? 0;
    trials += came;
    whole += came * (rungs.at(-1)?.units ?? 0);
    rungs.forEach(({ units, entries }, index) => {
      trained += entries.length * (units - (rungs[index - 1]?.units ?? 0));
    });
  }
  if (whole === 0) return null;
  const saved = Math.floor(100 * (1 - trained / whole));
  return `${unitsText(trained, timeMetric)} trained, of ${formatInteger(whole)} for ${plural(trials, "trial")} to the end: ${saved} % saved`;
}

function edgeOf(axis: SpaceAxis, best: readonly TrialRow[]): string[] {
  if (axis.type === "categorical") return [];
  const { name, minval: min, maxval: max } = axis;
  const outer = (bound: number) => (axis.type === "log" ? axis.base ** bound : bound);
  const places = best.map(({ parameters }) => {
    const value = parameters.get(name);
    if (typeof value !== "number") return NaN;
    const at = axis.type === "log" ? Math.log(value) / Math.log(axis.base) : value;
    return (at - min) / (max - min);
  });
  const step = axis.type === "log" ? 1 : (max - min) / 2;
  const rounded = (value: number) => (axis.type === "int" ? Math.round(value) : value);
  const said = (end: string, bound: number, next: number, word: string) =>
    `the best ${AGREEING} have ${name} at its ${end} end, ${formatValue(outer(bound))}: try ${word} ${formatValue(outer(next))}`;
  if (places.every((place) => place >= 1 - NEAR)) return [said("upper", max, rounded(max + step), "up to")];
  if (places.every((place) => place <= NEAR)) {
    // What was never below zero is a count, a rate or a share; a count of at least one stays one.
    const floor = axis.type === "log" || min < 0 ? -Infinity : axis.type === "int" && min >= 1 ? 1 : 0;
    const next = Math.max(floor, min - step);
    return next < min ? [said("lower", min, rounded(next), "down to")] : [];
  }
  return [];
}
