/** A bracket as rows for people: who came to each rung and what became of them. Pure. */
import type { Trial, TrialState } from "../../../cluster/protocol/entities.ts";
import type { Bracket, SearchState } from "../../../cluster/protocol/search.ts";
import { formatInteger, formatValue, plural } from "../format.ts";

export type Outcome = "wentOn" | "finished" | "paused" | "stopped" | "failed";
export interface LadderEntry {
  trialId: string;
  number: number;
  /** Null: it failed before it came here, or reported no number. */
  value: number | null;
  outcome: Outcome;
  /** By how much it is behind what is needed to go on; null for those that went on, and at the top. */
  missedBy: number | null;
}
export interface LadderRung {
  units: number;
  /** The best first. */
  entries: LadderEntry[];
  cut: number | null;
  coming: number;
}

/** The top rung first: a ladder is climbed. */
export function ladderRungs(
  { rungs, variant }: Bracket,
  { smallerIsBetter }: Pick<SearchState, "smallerIsBetter">,
  trials: ReadonlyMap<string, Pick<Trial, "number" | "state">>,
): LadderRung[] {
  return rungs
    .map(({ units, entries, cut, coming }, index): LadderRung => {
      const isTop = index === rungs.length - 1;
      return {
        units,
        cut,
        coming: coming.length,
        entries: entries.map(({ trialId, value, promoted }) => {
          const trial = trials.get(trialId);
          const outcome = promoted ? "wentOn" : outcomeOf(trial?.state, value, isTop, variant);
          const isBehind = outcome === "stopped" || outcome === "paused";
          return {
            trialId,
            number: trial?.number ?? Number(trialId.split(".")[1]),
            value,
            outcome,
            missedBy:
              isBehind && value !== null && cut !== null
                ? smallerIsBetter
                  ? value - cut
                  : cut - value
                : null,
          };
        }),
      };
    })
    .reverse();
}

function outcomeOf(
  state: TrialState | undefined,
  value: number | null,
  isTop: boolean,
  variant: Bracket["variant"],
): Outcome {
  if (value === null || state === "failed") return "failed";
  if (isTop) return "finished";
  const isOver = state === "stopped" || state === "killed" || state === "completed";
  return variant === "promotion" && !isOver ? "paused" : "stopped";
}

const WORDS: Record<Outcome, string> = {
  wentOn: "went on",
  finished: "trained to the end",
  paused: "paused",
  stopped: "stopped",
  failed: "failed",
};
export function outcomeText(outcome: Outcome): string {
  return WORDS[outcome];
}

/** `trial 7: 0.231 at 25 epochs, stopped, missed by 0.04`. */
export function entrySentence(entry: LadderEntry, units: string): string {
  const value = entry.value === null ? "no value" : formatValue(entry.value);
  const missed = missedText(entry);
  const parts = [`trial ${entry.number}: ${value} at ${units}`, outcomeText(entry.outcome)];
  return [...parts, ...(missed === "" ? [] : [missed])].join(", ");
}

/** The cut moves as others come: who was stopped by an earlier one may stand on its good side now. */
export function missedText({ missedBy }: LadderEntry): string {
  if (missedBy === null) return "";
  return missedBy >= 0 ? `missed by ${formatValue(missedBy, 2)}` : "would go on by the cut of now";
}

/** `25 epochs`, `1,500 steps`. */
export function unitsText(units: number, timeMetric: string | null): string {
  const name = (timeMetric ?? "step").replace(/s$/, "");
  return /^\w+$/.test(name) ? plural(units, name) : `${formatInteger(units)} ${name}`;
}

/** What a rung's label says: `12 came, 3 went on, 2 coming`. */
export function rungWords({ entries, coming }: LadderRung, isTop: boolean): string {
  const onTheWay = coming > 0 ? [`${coming} coming`] : [];
  if (entries.length === 0) return ["nobody yet", ...onTheWay].join(", ");
  const on = entries.filter(({ outcome }) => outcome === "wentOn").length;
  const paused = entries.filter(({ outcome }) => outcome === "paused").length;
  return [
    `${entries.length} came`,
    ...(isTop ? [] : [`${on} went on`]),
    ...(paused > 0 ? [`${paused} paused`] : []),
    ...onTheWay,
  ].join(", ");
}
