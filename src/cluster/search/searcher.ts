/**
 * The port of a searcher: `(state, event) -> (state, actions)`, pure. Its state is plain JSON with the version of the code
 * that made it, is committed with each decision, and a running experiment keeps that version to its end.
 */
import type { Json, JsonObject } from "../protocol/base.ts";
import type { SearcherConfiguration } from "../protocol/configuration.ts";
import type { SearchSpace } from "./space.ts";

export interface SearcherState {
  name: string;
  version: number;
  data: Json;
}

/** What an experiment asks for. It changes with a `changed` event alone (change.ts), from which on that is the search. */
export interface Search {
  configuration: SearcherConfiguration;
  space: SearchSpace;
  /** 0 to 2^31-1. */
  experimentSeed: number;
}

/** How a trial came to its end. `invalid`: it refused its hyperparameters. */
export type TrialEnding = "completed" | "stopped" | "failed" | "killed" | "invalid";

export type SearcherEvent =
  | { type: "started" }
  /** A value of the searcher's metric as it was reported, and how far the trial had trained, in units of the time metric. */
  | { type: "validated"; number: number; value: number; time: number }
  | { type: "trialEnded"; number: number; how: TrialEnding }
  /** A person changed the search: the one that comes with the event is the new one. */
  | ({ type: "changed" } & SearchChange)
  /** A person adds a trial beside those that the search makes itself. */
  | { type: "trialAdded"; hyperparameters: JsonObject };

/** What is absent stays. */
export interface SearchChange {
  maxTrials?: number;
  /** The whole space, inside of the one before. */
  hyperparameters?: JsonObject;
}

/** `finished`: it has trained for as long as the search lets any; `beaten`: others did better after as long a training. */
export type StopReason = "finished" | "beaten";

export type SearcherAction =
  | { type: "createTrial"; number: number; requestId: string; hyperparameters: JsonObject; seed: number }
  /** It has trained enough: it checkpoints and ends, for good. */
  | { type: "stopTrial"; number: number; why: StopReason }
  /** It checkpoints and gives its slot back, and may go on later. */
  | { type: "pauseTrial"; number: number }
  | { type: "resumeTrial"; number: number };

export interface Decision {
  /** The same object when nothing has changed. */
  state: SearcherState;
  actions: SearcherAction[];
}

export interface Searcher {
  name: string;
  version: number;
  begin(search: Search): SearcherState;
  decide(state: SearcherState, event: SearcherEvent, search: Search): Decision;
  /** Trials that it makes in all, without those that were added by hand; null when it cannot be known. */
  planned(search: Search): number | null;
  /** 0 to 1, never going back but by a change of the search. */
  progress(state: SearcherState, search: Search): number;
}
