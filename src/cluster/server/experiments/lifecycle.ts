/**
 * A trial's life: one table `(state, event) -> (state, actions)`. Pure: what the actions do is the engine's business, and
 * every one of them may be done twice.
 */
import type { TrialState } from "../../protocol/entities.ts";

/** What the table needs to know of a trial beside its state. */
export interface TrialLife {
  state: TrialState;
  /** What a person, the searcher or the scheduler last asked of the current run. */
  asked: "pause" | "preempt" | "stop" | "finish" | "kill" | null;
  restarts: number;
  maxRestarts: number;
  /** A first failure before any checkpoint or report is final, unless the configuration itself asked for restarts. */
  restartsWithoutProgress: boolean;
  /** It has reported or checkpointed. */
  hasProgress: boolean;
}

/** How a run ended, as ending.ts reads its exit.json. */
export type Ending =
  | { kind: "completed" | "paused" | "preempted" | "stopped" | "killed" }
  | { kind: "failed"; mayRestart: boolean };

export type TrialEvent =
  | { type: "slotsGranted" }
  | { type: "launched" }
  | { type: "runEnded"; ending: Ending }
  | { type: "runLost" }
  | { type: "leaseRefused" }
  | { type: "askPause" }
  | { type: "askResume" }
  | { type: "askStop" }
  | { type: "askKill" }
  /** Its slots are for somebody else: it checkpoints, gives them back, and waits for its turn. */
  | { type: "preempt" }
  | { type: "searcherStop" }
  /** It has trained for as long as the search lets any: it ends as if by itself. */
  | { type: "searcherFinish" }
  | { type: "searcherPause" }
  | { type: "searcherResume" };
export type TrialEventType = TrialEvent["type"];
/** What a person asks. */
export type Ask = Extract<TrialEventType, "askPause" | "askResume" | "askStop" | "askKill">;

export type TrialAction =
  | { type: "launch" }
  | { type: "writeControl"; action: "run" | "pause" | "preempt" | "stop" | "kill" }
  | { type: "cancel" }
  | { type: "releaseSlots" }
  /** `kept`: it goes on where it stood in the queue; `last`: behind all others. */
  | { type: "enqueue"; place: "kept" | "last" };

export interface Transition {
  life: TrialLife;
  actions: TrialAction[];
}

type Step = (life: TrialLife) => Transition;
type EndStep = (life: TrialLife, ending: Ending) => Transition;
type Attempt = (life: TrialLife) => Transition | null;
/** Every event has its place in every state; null: it changes nothing there. */
type Row = { [T in TrialEventType]: (T extends "runEnded" ? EndStep : Attempt) | null };

const RELEASE: TrialAction = { type: "releaseSlots" };

function to(state: TrialState, change: Partial<TrialLife>, ...actions: TrialAction[]): Step {
  return (life) => ({ life: { ...life, ...change, state }, actions });
}
const toEnd = (state: TrialState) => to(state, { asked: null }, RELEASE);
const backToQueue = (place: "kept" | "last") =>
  to("waiting", { asked: null }, RELEASE, { type: "enqueue", place });
const pause = to("pausing", { asked: "pause" }, { type: "writeControl", action: "pause" });
const preempt = to("pausing", { asked: "preempt" }, { type: "writeControl", action: "preempt" });
const goOn = to("running", { asked: null }, { type: "writeControl", action: "run" });
const stop = to("stopping", { asked: "stop" }, { type: "writeControl", action: "stop" });
const finish = to("stopping", { asked: "finish" }, { type: "writeControl", action: "stop" });
const kill = to("stopping", { asked: "kill" }, { type: "writeControl", action: "kill" }, { type: "cancel" });

/** Who was asked to give slots back for others goes on by itself: resuming it changes nothing, pausing it makes it stay. */
const resume: Attempt = (life) => (life.asked === "preempt" ? null : goOn(life));
const stay: Attempt = (life) => (life.asked === "preempt" ? to("pausing", { asked: "pause" })(life) : null);

/** A failure goes back to the queue (or to `afterwards`) while restarts are left. */
function fail(life: TrialLife, mayRestart: boolean, afterwards: Step): Transition {
  const isLeft = life.restarts < life.maxRestarts && (life.hasProgress || life.restartsWithoutProgress);
  if (!mayRestart || !isLeft) return toEnd("failed")(life);
  return afterwards({ ...life, restarts: life.restarts + 1 });
}

const endedWhileRunning: EndStep = (life, ending) => {
  switch (ending.kind) {
    case "completed":
    case "stopped":
    case "killed":
      return toEnd(ending.kind)(life);
    case "paused": // of a request that was taken back
    case "preempted":
      return backToQueue("last")(life);
    case "failed":
      return fail(life, ending.mayRestart, backToQueue("kept"));
  }
};

/** Where a trial goes that was asked to give its slots back. */
const givenBack: Step = (life) => (life.asked === "preempt" ? backToQueue("kept") : toEnd("paused"))(life);

const endedWhilePausing: EndStep = (life, ending) => {
  switch (ending.kind) {
    case "completed":
    case "stopped":
    case "killed":
      return toEnd(ending.kind)(life);
    case "paused":
    case "preempted":
      return givenBack(life);
    case "failed":
      return fail(life, ending.mayRestart, givenBack);
  }
};

const endedWhileStopping: EndStep = (life, ending) => {
  if (life.asked === "kill") return toEnd("killed")(life);
  switch (ending.kind) {
    case "completed":
    case "killed":
    case "failed": // asked to stop, so it is not started again
      return toEnd(ending.kind)(life);
    case "stopped":
    case "paused":
    case "preempted":
      return toEnd(life.asked === "finish" ? "completed" : "stopped")(life);
  }
};

const goneWhileStopping: Step = (life) =>
  toEnd(life.asked === "kill" ? "killed" : life.asked === "finish" ? "completed" : "stopped")(life);

const FINAL: Row = {
  slotsGranted: null,
  launched: null,
  runEnded: null,
  runLost: null,
  leaseRefused: null,
  askPause: null,
  askResume: null,
  askStop: null,
  askKill: null,
  preempt: null,
  searcherStop: null,
  searcherFinish: null,
  searcherPause: null,
  searcherResume: null,
};

const OCCUPYING: Row = {
  ...FINAL,
  runEnded: endedWhileRunning,
  runLost: backToQueue("kept"),
  leaseRefused: backToQueue("kept"),
  askPause: pause,
  askStop: stop,
  askKill: kill,
  preempt,
  searcherStop: stop,
  searcherFinish: finish,
  searcherPause: pause,
};

export const LIFECYCLE: Record<TrialState, Row> = {
  waiting: {
    ...FINAL,
    slotsGranted: to("starting", { asked: null }, { type: "launch" }),
    askPause: to("paused", {}),
    askStop: to("stopped", {}),
    askKill: to("killed", {}),
    searcherStop: to("stopped", {}),
    searcherFinish: to("completed", {}),
    searcherPause: to("paused", {}),
  },
  starting: { ...OCCUPYING, launched: to("running", {}) },
  running: OCCUPYING,
  pausing: {
    ...OCCUPYING,
    runEnded: endedWhilePausing,
    runLost: givenBack,
    leaseRefused: givenBack,
    askPause: stay,
    askResume: resume,
    preempt: null,
    searcherPause: stay,
    searcherResume: resume,
  },
  paused: {
    ...FINAL,
    askResume: to("waiting", {}, { type: "enqueue", place: "last" }),
    askStop: to("stopped", {}),
    askKill: to("killed", {}),
    searcherStop: to("stopped", {}),
    searcherFinish: to("completed", {}),
    searcherResume: to("waiting", {}, { type: "enqueue", place: "last" }),
  },
  stopping: {
    ...FINAL,
    runEnded: endedWhileStopping,
    runLost: goneWhileStopping,
    leaseRefused: goneWhileStopping,
    askKill: kill,
  },
  completed: FINAL,
  stopped: FINAL,
  failed: FINAL,
  killed: FINAL,
};

/** @returns null when the event changes nothing in this state */
export function step(life: TrialLife, event: TrialEvent): Transition | null {
  const row = LIFECYCLE[life.state];
  if (event.type === "runEnded") return row.runEnded?.(life, event.ending) ?? null;
  return row[event.type]?.(life) ?? null;
}
