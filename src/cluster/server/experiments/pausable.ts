import type { Trial } from "../../protocol/entities.ts";
import { isFinal } from "./rollup.ts";

/** Whether pausing a trial loses nothing. Pure. */
export function pausableOf(trial: Pick<Trial, "state" | "latestCheckpoint">): Trial["pausable"] {
  if (isFinal(trial.state)) return { possible: false, reason: "It has ended." };
  if (trial.state === "stopping") return { possible: false, reason: "It is being stopped." };
  if (trial.state === "waiting" || trial.state === "paused" || trial.latestCheckpoint !== null)
    return { possible: true, reason: null };
  return {
    possible: false,
    reason: "The script has not written a checkpoint, so it would have to start again from nothing.",
  };
}
