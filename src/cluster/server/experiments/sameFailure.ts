/** Trials of a search that fail one after the other in the same place: the rest would, too. Pure. */
import type { Failure, Question, Trial } from "../../protocol/entities.ts";

/** So many ask. */
const MANY = 3;

/** What makes two failures the same: the line and the exception, or the module that is missing. Null: it says too little. */
export function placeOf(failure: Failure | null): string | null {
  if (failure === null) return null;
  const { frame, exception, missingModule } = failure;
  if (missingModule !== null) return `no module ${missingModule}`;
  if (frame === null || exception === null) return null;
  return `${exception.type} at ${frame.file}:${frame.line}`;
}

/**
 * @param trials of the experiment
 * @param accepted places that a person has answered for already
 * @returns what to ask, when enough of them failed alike before they reported anything, and others are to come
 */
export function sameFailure(
  failed: Trial,
  trials: readonly Trial[],
  accepted: readonly string[],
): Question | null {
  const place = placeOf(failed.failure);
  if (place === null || accepted.includes(place) || failed.failure === null) return null;
  const alike = trials.filter(
    ({ state, latestStep, latestCheckpoint, failure }) =>
      state === "failed" && latestStep === null && latestCheckpoint === null && placeOf(failure) === place,
  );
  if (alike.length < MANY) return null;
  return {
    kind: "sameFailure",
    message: `${alike.length} trials failed in the same place before they reported anything (${place}), so the search is paused: ${failed.failure.message}`,
    place,
    trialIds: alike.map(({ id }) => id),
  };
}
