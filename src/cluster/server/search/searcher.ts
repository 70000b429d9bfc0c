/**
 * The port of a searcher: `(state, event) -> (state, actions)`, pure. Its state is plain JSON with the version of the code
 * that made it, is committed with each decision, and a running experiment keeps that version to its end.
 */
import type { Json, JsonObject } from "../../protocol/base.ts";

export interface SearcherState {
  name: string;
  version: number;
  data: Json;
}
export interface SearchSpace {
  hyperparameters: JsonObject;
  experimentSeed: number;
}
export type SearcherEvent =
  | { type: "started" }
  | { type: "trialEnded"; number: number; how: "completed" | "stopped" | "failed" | "killed" };
export type SearcherAction =
  | { type: "createTrial"; number: number; hyperparameters: JsonObject; seed: number }
  | { type: "stopTrial"; number: number };

export interface Searcher {
  name: string;
  version: number;
  begin(): SearcherState;
  decide(
    state: SearcherState,
    event: SearcherEvent,
    space: SearchSpace,
  ): { state: SearcherState; actions: SearcherAction[] };
  /** Trials in all, null when it cannot be known. */
  planned(space: SearchSpace): number | null;
}
