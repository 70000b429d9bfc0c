/** What a trial waits for that is not the queue's matter, in one sentence; and for how long. Pure. */
import type { Run, TrialState } from "../../protocol/entities.ts";
import type { RunSpec } from "../../protocol/runDirectory.ts";
import type { TrialEventType, TrialLife } from "./lifecycle.ts";

const RETRY_MS = 3000;
const LONGEST_RETRY_MS = 60_000;

/**
 * After a refused lease or a lost run: what went wrong may last for a moment, or for days, and must not be met with a
 * flood of starts.
 * @param runs of the trial, the one that has just ended last
 */
export function retryDelayMs(runs: readonly Pick<Run, "outcome">[]): number {
  const started = runs.findLastIndex(({ outcome }) => outcome !== "unstarted");
  const refusals = runs.length - 1 - started;
  return Math.min(LONGEST_RETRY_MS, RETRY_MS * 2 ** Math.max(0, refusals - 1));
}

/** @param message what the last run said of its end */
export function retryReason(event: TrialEventType, message: string | null, delayMs: number): string {
  const what = event === "runLost" ? "Its last run was lost" : "Its last start did not succeed";
  const why = event === "runLost" || message === null ? "" : `: ${message.replace(/\.$/, "")}`;
  return `${what}${why}; it waits ${delayMs / 1000} s before the next.`;
}

/** The ladder of docs/run-directory.md, in words. Null for states in which nobody was asked for anything. */
export function askedReason(
  state: TrialState,
  asked: TrialLife["asked"],
  spec: Pick<RunSpec, "stopAcknowledgeS" | "stopTermS" | "preemptionTimeoutS">,
): string | null {
  const patience = duration(spec.preemptionTimeoutS);
  if (state === "pausing" && asked === "preempt")
    return `It was asked to give its slots back: waits for the script to write a checkpoint and leave, then for its turn; after ${patience} it is killed, and goes on from its last checkpoint.`;
  if (state === "pausing")
    return `Waits for the script to write a checkpoint and leave; after ${patience} it is killed, and goes on from its last checkpoint.`;
  if (state !== "stopping") return null;
  if (asked === "kill") return "Waits for the last of its killed processes to be gone.";
  return `Waits for the script to leave; without a sign of having understood it is ended after ${duration(spec.stopAcknowledgeS)} and killed ${duration(spec.stopTermS)} later, with one it is killed after ${patience}.`;
}

/** @param reason why it waits, as everybody is told */
export function inQueueReason(reason: string, isPreempted: boolean | undefined): string {
  return isPreempted === true ? `Preempted. ${reason}` : reason;
}

function duration(seconds: number): string {
  return seconds >= 120 && seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`;
}
