/** What the status bar says. Pure. */
import type { Experiment } from "../../cluster/protocol/entities.ts";

type Counted = Pick<Experiment, "trialCounts">;

/** How many trials run and wait. Paused ones neither run nor wait for a slot. */
export function countLively(experiments: Iterable<Counted>): { running: number; waiting: number } {
  let running = 0;
  let waiting = 0;
  for (const { trialCounts: counts } of experiments) {
    running +=
      (counts.starting ?? 0) + (counts.running ?? 0) + (counts.pausing ?? 0) + (counts.stopping ?? 0);
    waiting += counts.waiting ?? 0;
  }
  return { running, waiting };
}

export function statusText(experiments: Iterable<Counted>): { text: string; tooltip: string } | null {
  const { running, waiting } = countLively(experiments);
  const words = [running > 0 ? `${running} running` : "", waiting > 0 ? `${waiting} waiting` : ""];
  const summary = words.filter((word) => word !== "").join(", ");
  return summary === "" ? null : { text: `$(rocket) ${summary}`, tooltip: `Trainyard: ${summary}` };
}
