/** What the status bar says. Pure. */
import type { Trial } from "../../cluster/protocol/entities.ts";
import { isFinal } from "./states.ts";

/** Paused trials neither run nor wait for a slot. */
export function countLively(trials: Iterable<Pick<Trial, "state">>): { running: number; waiting: number } {
  let running = 0;
  let waiting = 0;
  for (const { state } of trials) {
    if (state === "waiting") waiting += 1;
    else if (!isFinal(state) && state !== "paused") running += 1;
  }
  return { running, waiting };
}

export function statusText(trials: Iterable<Pick<Trial, "state">>): { text: string; tooltip: string } | null {
  const { running, waiting } = countLively(trials);
  const words = [running > 0 ? `${running} running` : "", waiting > 0 ? `${waiting} waiting` : ""];
  const summary = words.filter((word) => word !== "").join(", ");
  return summary === "" ? null : { text: `$(rocket) ${summary}`, tooltip: `Trainyard: ${summary}` };
}
