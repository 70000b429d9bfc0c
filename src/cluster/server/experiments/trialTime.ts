/** How a trial's time goes: in the queue, on slots, or neither. Pure. */
import type { TrialState } from "../../protocol/entities.ts";
import type { TrialRecord, TrialTime } from "../store/records.ts";
import { isOccupying } from "./rollup.ts";

/** @param state in which it was from `time.since` until `now` */
export function timeAt(time: TrialTime, state: TrialState, now: number): TrialTime {
  const passedMs = Math.max(0, now - time.since);
  return {
    waitedMs: time.waitedMs + (state === "waiting" ? passedMs : 0),
    heldMs: time.heldMs + (isOccupying(state) ? passedMs : 0),
    since: now,
  };
}

export function timeSince(now: number): TrialTime {
  return { waitedMs: 0, heldMs: 0, since: now };
}

/** What the trial says of how far it is, with how long it took to come there. */
export function toldNow({ trial, own }: TrialRecord, fraction: number): TrialRecord["own"]["told"] {
  if (own.time === undefined) return undefined;
  return { fraction, heldMs: timeAt(own.time, trial.state, Date.now()).heldMs };
}
