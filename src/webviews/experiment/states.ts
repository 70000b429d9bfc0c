/** Icon and word of each state: a state is never told by colour alone. */
import type { ExperimentState, RunOutcome, TrialState } from "../../cluster/protocol/entities.ts";

export interface StateLook {
  word: string;
  /** Name of a codicon. */
  icon: string;
  /** Class with the colour. */
  tone: "quiet" | "live" | "good" | "bad" | "warn";
}

const LOOKS: Record<TrialState, StateLook> = {
  waiting: { word: "Waiting", icon: "clock", tone: "quiet" },
  starting: { word: "Starting", icon: "play-circle", tone: "live" },
  running: { word: "Running", icon: "play-circle", tone: "live" },
  pausing: { word: "Pausing", icon: "debug-pause", tone: "warn" },
  paused: { word: "Paused", icon: "debug-pause", tone: "warn" },
  stopping: { word: "Stopping", icon: "debug-stop", tone: "warn" },
  completed: { word: "Completed", icon: "pass", tone: "good" },
  stopped: { word: "Stopped", icon: "circle-slash", tone: "quiet" },
  failed: { word: "Failed", icon: "error", tone: "bad" },
  killed: { word: "Killed", icon: "circle-slash", tone: "bad" },
};

export function stateLook(state: TrialState | ExperimentState): StateLook {
  return LOOKS[state];
}

const OUTCOMES: Record<RunOutcome, string> = {
  completed: "completed",
  failed: "failed",
  paused: "paused",
  preempted: "preempted",
  stopped: "stopped",
  killed: "killed",
  lost: "lost; goes on from its last checkpoint",
  unstarted: "did not start",
};
export function outcomeWord(outcome: RunOutcome | null): string {
  return outcome === null ? "running" : OUTCOMES[outcome];
}
