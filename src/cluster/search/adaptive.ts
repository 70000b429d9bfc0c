/** `adaptive_asha` and `async_halving`: brackets of halving side by side, whose trials come from one random stream. Pure. */
import type { Json, JsonObject } from "../protocol/base.ts";
import { createTrial } from "./creation.ts";
import {
  beginHalving,
  halvingProgress,
  openPlaces,
  trialAdded,
  trialCreated,
  trialEnded,
  validated,
  type HalvingState,
} from "./halving.ts";
import { RandomStream, type RandomPosition } from "./random.ts";
import type { Decision, Search, Searcher, SearcherAction, SearcherEvent, SearcherState } from "./searcher.ts";
import { halvingSettings } from "./settings.ts";

export interface AdaptiveState {
  random: RandomPosition;
  brackets: HalvingState[];
  /** Bracket of each trial, by its number. */
  owners: { [number: string]: number };
}

const VERSION = 1;

function adaptive(name: "adaptive_asha" | "async_halving"): Searcher {
  return {
    name,
    version: VERSION,
    begin: (search) => {
      const brackets = halvingSettings(search.configuration).map((settings) => beginHalving(settings).state);
      return wrap({ random: { seed: search.experimentSeed, taken: 0 }, brackets, owners: {} });
    },
    decide,
    planned: ({ configuration }) =>
      halvingSettings(configuration).reduce((sum, { maxTrials }) => sum + maxTrials, 0),
    progress: (state, { configuration }) => {
      const { brackets } = unwrap(state);
      const all = halvingSettings(configuration).map((settings, index) => {
        const bracket = brackets[index];
        return bracket === undefined ? 0 : halvingProgress(settings, bracket);
      });
      return all.reduce((sum, progress) => sum + progress, 0) / all.length;
    },
  };

  function wrap(data: AdaptiveState): SearcherState {
    return { name, version: VERSION, data: data as unknown as Json };
  }

  function decide(state: SearcherState, event: SearcherEvent, search: Search): Decision {
    const all = halvingSettings(search.configuration);
    const before = unwrap(state);
    if (event.type === "started") {
      const wanted = all.map((settings, bracket) => ({ bracket, create: beginHalving(settings).create }));
      const made = make(before, wanted, search);
      return { state: wrap(made.state), actions: made.actions };
    }
    if (event.type === "changed") {
      const wanted = before.brackets.map((state, bracket) => {
        const settings = all[bracket];
        return { bracket, create: settings === undefined ? 0 : openPlaces(settings, state) };
      });
      const made = make(before, wanted, search);
      return { state: made.state === before ? state : wrap(made.state), actions: made.actions };
    }
    if (event.type === "trialAdded") {
      const added = add(before, event.hyperparameters, search);
      return { state: wrap(added.state), actions: added.actions };
    }
    const owner = before.owners[event.number];
    const settings = owner === undefined ? undefined : all[owner];
    const bracket = owner === undefined ? undefined : before.brackets[owner];
    if (owner === undefined || settings === undefined || bracket === undefined) return { state, actions: [] };
    const decision =
      event.type === "validated"
        ? validated(settings, bracket, event.number, signed(event.value, search), event.time)
        : trialEnded(settings, bracket, event.number, endingOf(event.how));
    if (decision.state === bracket) return { state, actions: [] };
    const changed = {
      ...before,
      brackets: before.brackets.map((each, index) => (index === owner ? decision.state : each)),
    };
    const made = make(changed, [{ bracket: owner, create: decision.create }], search);
    return { state: wrap(made.state), actions: [...decision.actions, ...made.actions] };
  }
}

export const adaptiveAsha = adaptive("adaptive_asha");
export const asyncHalving = adaptive("async_halving");

/** For those who show a search. */
export function unwrap(state: SearcherState): AdaptiveState {
  return state.data as unknown as AdaptiveState;
}

/** Trials of one bracket after the other: the order in which the stream is drawn from. */
function make(
  before: AdaptiveState,
  wanted: readonly { bracket: number; create: number }[],
  { space }: Search,
): { state: AdaptiveState; actions: SearcherAction[] } {
  const actions: SearcherAction[] = [];
  if (wanted.every(({ create }) => create === 0)) return { state: before, actions };
  const random = new RandomStream(before.random);
  const brackets = [...before.brackets];
  const owners = { ...before.owners };
  let number = Object.keys(owners).length;
  for (const { bracket, create } of wanted)
    for (let made = 0; made < create; made++) {
      number++;
      actions.push(createTrial(number, space, random));
      owners[number] = bracket;
      const state = brackets[bracket];
      if (state !== undefined) brackets[bracket] = trialCreated(state, number);
    }
  return { state: { random: random.position, brackets, owners }, actions };
}

/** Into the bracket that stops earliest, and from the same stream as all others. */
function add(
  { random: position, brackets, owners }: AdaptiveState,
  hyperparameters: JsonObject,
  { space }: Search,
): { state: AdaptiveState; actions: SearcherAction[] } {
  const random = new RandomStream(position);
  const number = Object.keys(owners).length + 1;
  const action = createTrial(number, space, random, hyperparameters);
  const changed = brackets.map((state, index) => (index === 0 ? trialAdded(state, number) : state));
  return {
    state: { random: random.position, brackets: changed, owners: { ...owners, [number]: 0 } },
    actions: [action],
  };
}

function signed(value: number, { configuration }: Search): number {
  return configuration.smaller_is_better ? value : -value;
}

function endingOf(how: string): "itself" | "early" | "invalid" {
  return how === "completed" ? "itself" : how === "invalid" ? "invalid" : "early";
}
