/** How a state looks: an icon, a colour of the theme and a word. Never the colour alone. Pure. */
import type { ExperimentState, TrialState } from "../../cluster/protocol/entities.ts";

export interface StateLook {
  icon: string;
  /** A theme colour's id, or null for the icon's own. */
  color: string | null;
  word: string;
}

const LOOKS: Readonly<Record<TrialState, StateLook>> = {
  waiting: { icon: "clock", color: "descriptionForeground", word: "waiting" },
  starting: { icon: "loading~spin", color: "charts.blue", word: "starting" },
  running: { icon: "play-circle", color: "charts.blue", word: "running" },
  pausing: { icon: "loading~spin", color: "charts.yellow", word: "pausing" },
  paused: { icon: "debug-pause", color: "charts.yellow", word: "paused" },
  stopping: { icon: "loading~spin", color: "descriptionForeground", word: "stopping" },
  completed: { icon: "pass", color: "testing.iconPassed", word: "completed" },
  stopped: { icon: "stop-circle", color: "descriptionForeground", word: "stopped" },
  failed: { icon: "error", color: "testing.iconFailed", word: "failed" },
  killed: { icon: "circle-slash", color: "descriptionForeground", word: "killed" },
};

export function lookOf(state: TrialState | ExperimentState): StateLook {
  return LOOKS[state];
}

const FINAL: ReadonlySet<string> = new Set(["completed", "stopped", "failed", "killed"]);

export function isFinal(state: TrialState | ExperimentState): boolean {
  return FINAL.has(state);
}

/** Groups of trials under a search, in the order in which they are shown. */
export const GROUPS = [
  { id: "running", label: "Running", states: ["running", "starting", "pausing", "stopping"] },
  { id: "waiting", label: "Waiting", states: ["waiting"] },
  { id: "paused", label: "Paused", states: ["paused"] },
  { id: "completed", label: "Completed", states: ["completed"] },
  { id: "stopped", label: "Stopped Early", states: ["stopped"] },
  { id: "failed", label: "Failed", states: ["failed"] },
  { id: "killed", label: "Killed", states: ["killed"] },
] as const satisfies readonly { id: string; label: string; states: readonly TrialState[] }[];
export type GroupId = (typeof GROUPS)[number]["id"];

export function groupOf(state: TrialState): GroupId {
  for (const group of GROUPS) if ((group.states as readonly TrialState[]).includes(state)) return group.id;
  return "running";
}
