/** What an exit.json means for its trial (docs/run-directory.md, "Acknowledging" and "Ladder"). Pure. */
import type { RunOutcome } from "../../protocol/entities.ts";
import type { ExitFile } from "../../protocol/runDirectory.ts";
import { isDiskErrorCode } from "../resources/diskErrors.ts";
import type { TrialEvent } from "./lifecycle.ts";

/** @param hasRefusedHyperparameters the script sent `invalid_hp`: trying again cannot help */
export function readEnding(exit: ExitFile, hasRefusedHyperparameters: boolean): TrialEvent {
  // Another's slot, or a full disk: a matter of waiting.
  if (exit.launchError?.kind === "lease" || isDiskErrorCode(exit.launchError?.errno))
    return { type: "leaseRefused" };
  if (exit.launchError !== null) return { type: "runEnded", ending: { kind: "failed", mayRestart: false } };
  if (exit.asked === "kill") return { type: "runEnded", ending: { kind: "killed" } };
  const did = exit.acknowledged?.action ?? (exit.escalated === null ? null : exit.asked);
  if (did === "pause") return { type: "runEnded", ending: { kind: "paused" } };
  if (did === "preempt") return { type: "runEnded", ending: { kind: "preempted" } };
  if (did === "stop") return { type: "runEnded", ending: { kind: "stopped" } };
  if (hasRefusedHyperparameters) return { type: "runEnded", ending: { kind: "failed", mayRestart: false } };
  if (exit.code === 0) return { type: "runEnded", ending: { kind: "completed" } };
  // A supervisor that adopted the script cannot learn how it ended.
  if (exit.code === null && exit.signal === null) return { type: "runLost" };
  return { type: "runEnded", ending: { kind: "failed", mayRestart: true } };
}

export function outcomeOf(event: TrialEvent, exit: ExitFile | null): RunOutcome {
  if (exit !== null && exit.launchError !== null) return "unstarted";
  if (event.type === "runEnded") return event.ending.kind;
  return event.type === "leaseRefused" ? "unstarted" : "lost";
}
