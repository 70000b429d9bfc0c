/**
 * One bracket of asynchronous successive halving: Li et al., "A System for Massively Parallel Hyperparameter Tuning" (arXiv
 * 1810.05934), algorithm 2, in two variants with the rules of Determined's implementation. *Stopping*: a trial that is not
 * among the best 1/divisor of those that came to a rung is stopped there. *Promotion*: each trial pauses at each rung, and
 * goes on when it is among them. Pure; trials are numbers, and who makes them is the caller's matter.
 */
import { rungUnits } from "./brackets.ts";
import type { StopReason } from "./searcher.ts";

export interface HalvingSettings {
  rungs: number;
  maxTrials: number;
  /** 0: as many as one trial at the top needs at the bottom. */
  maxConcurrentTrials: number;
  maxTime: number;
  divisor: number;
  variant: "stopping" | "promotion";
}

interface Entry {
  trial: number;
  /** Smaller is better. */
  value: number;
  /** It went on from here. */
  promoted: boolean;
}
export interface Rung {
  units: number;
  /** Best first. */
  entries: Entry[];
}
export interface HalvingTrial {
  /** The rung that it is on its way to, or at. */
  rung: number;
  state: "training" | "paused" | "stopped" | "ended";
}
export interface HalvingState {
  rungs: Rung[];
  trials: { [number: string]: HalvingTrial };
  /** Refused their hyperparameters, and count for nothing. */
  invalid: number;
  /** Added by hand: compared as all others, beside as many as the search makes itself. Absent: none. */
  added?: number[];
}

export type HalvingAction =
  | { type: "stopTrial"; number: number; why: StopReason }
  | { type: "pauseTrial" | "resumeTrial"; number: number };
export interface HalvingDecision {
  /** The same object when nothing has changed. */
  state: HalvingState;
  /** In this order. */
  actions: HalvingAction[];
  /** Trials to make now. */
  create: number;
}

/** What a trial counts as that failed, or reported no number. */
export const WORST = Number.MAX_VALUE;

export function beginHalving(settings: HalvingSettings): { state: HalvingState; create: number } {
  const { rungs, maxTrials, maxConcurrentTrials, maxTime, divisor } = settings;
  const forOneAtTheTop = Math.max(1, Math.min(Math.floor(divisor ** (rungs - 1)), maxTrials));
  return {
    state: {
      rungs: rungUnits(rungs, maxTime, divisor).map((units) => ({ units, entries: [] })),
      trials: {},
      invalid: 0,
    },
    create: maxConcurrentTrials > 0 ? Math.min(maxConcurrentTrials, maxTrials) : forOneAtTheTop,
  };
}

/** How many of so many that came to a rung go on from there. Where who is not among them is stopped, the first goes on. */
export function goOn({ divisor, variant }: HalvingSettings, count: number): number {
  const share = Math.floor(count / divisor);
  return variant === "stopping" ? Math.max(share, 1) : share;
}

/** To be told of each trial that was made. */
export function trialCreated(state: HalvingState, trial: number): HalvingState {
  return { ...state, trials: { ...state.trials, [trial]: { rung: 0, state: "training" } } };
}

/** To be told of a trial that was added by hand. */
export function trialAdded(state: HalvingState, trial: number): HalvingState {
  return { ...trialCreated(state, trial), added: [...(state.added ?? []), trial] };
}

/** How many trials begin now that there may be more of them. What stands at the rungs stays there, and is compared with them. */
export function openPlaces(settings: HalvingSettings, { trials, added = [], invalid }: HalvingState): number {
  const training = Object.values(trials).filter(({ state }) => state === "training").length;
  const made = Object.keys(trials).length - added.length - invalid;
  return Math.max(0, Math.min(beginHalving(settings).create - training, settings.maxTrials - made));
}

/** @param value smaller is better @param time units that the trial has trained for */
export function validated(
  settings: HalvingSettings,
  state: HalvingState,
  trial: number,
  value: number,
  time: number,
): HalvingDecision {
  const known = state.trials[trial];
  if (known?.state !== "training" || !(time >= (state.rungs[known.rung]?.units ?? Infinity)))
    return nothing(state);
  const draft = new Draft(settings, state);
  const score = Number.isFinite(value) ? value : WORST;
  if (settings.variant === "stopping") draft.climb(trial, score, time);
  else draft.arrive(trial, score);
  return draft.decision();
}

/** @param how `itself`: it came to its own end; `early`: it failed, or a person ended it; one that was stopped has just left */
export function trialEnded(
  settings: HalvingSettings,
  state: HalvingState,
  trial: number,
  how: "itself" | "early" | "invalid",
): HalvingDecision {
  const known = state.trials[trial];
  if (known === undefined || known.state === "ended") return nothing(state);
  const draft = new Draft(settings, state);
  draft.end(trial, how);
  return draft.decision();
}

/** 0 to 1: by the trials that came to the first rung, and 20% for what comes after it. */
export function halvingProgress({ maxTrials }: HalvingSettings, state: HalvingState): number {
  const first = state.rungs[0]?.entries.length ?? 0;
  const started = first / (1.2 * maxTrials);
  if (first < maxTrials) return started;
  const ended = Object.values(state.trials).filter((trial) => trial.state === "ended").length;
  return Math.min(1, Math.max(started, (ended - state.invalid) / maxTrials));
}

function nothing(state: HalvingState): HalvingDecision {
  return { state, actions: [], create: 0 };
}

/** A state that is being changed: what it shares with the one before is copied first. */
class Draft {
  readonly #settings: HalvingSettings;
  readonly #rungs: Rung[];
  readonly #trials: { [number: string]: HalvingTrial };
  readonly #added: number[] | undefined;
  #invalid: number;
  #actions: HalvingAction[] = [];
  #create = 0;

  constructor(settings: HalvingSettings, state: HalvingState) {
    this.#settings = settings;
    this.#rungs = [...state.rungs];
    this.#trials = { ...state.trials };
    this.#added = state.added;
    this.#invalid = state.invalid;
  }

  decision(): HalvingDecision {
    const state: HalvingState = { rungs: this.#rungs, trials: this.#trials, invalid: this.#invalid };
    if (this.#added !== undefined) state.added = this.#added;
    return { state, actions: this.#actions, create: this.#create };
  }

  /** Stopping: one late report may pass several rungs. */
  climb(trial: number, value: number, time: number): void {
    for (let rung = this.#rungOf(trial); rung < this.#rungs.length; rung++) {
      this.#set(trial, { rung, state: "training" });
      const { units } = this.#rungs[rung] ?? { units: Infinity };
      if (time < units) return;
      const place = this.#insert(rung, trial, value, "beforeEqual");
      const kept = goOn(this.#settings, this.#entries(rung).length);
      // A trial that reports no number is not the best of any.
      const isTop = rung === this.#rungs.length - 1;
      if (isTop || place >= kept || value === WORST) {
        this.#stop(trial, isTop ? "finished" : "beaten");
        this.#replace();
        return;
      }
      this.#mark(rung, place);
    }
  }

  /** Promotion: the trial is at its rung, and goes on, or another does, or a new one begins. */
  arrive(trial: number, value: number): void {
    const rung = this.#rungOf(trial);
    let isSomeoneTraining = false;
    if (rung === this.#rungs.length - 1) {
      this.#insert(rung, trial, value, "afterEqual");
      if (this.#trials[trial]?.state === "training") this.#stop(trial, "finished");
    } else {
      const before = goOn(this.#settings, this.#entries(rung).length);
      const now = goOn(this.#settings, this.#entries(rung).length + 1);
      const place = this.#insert(rung, trial, value, "afterEqual");
      const candidate = place < now ? place : now === before ? -1 : before;
      const promoted = this.#entries(rung)[candidate];
      if (place >= now && this.#trials[trial]?.state === "training") this.#pause(trial);
      if (promoted !== undefined && !promoted.promoted) {
        this.#mark(rung, candidate);
        const promotedTrial = this.#trials[promoted.trial];
        const isGone = promotedTrial?.state === "ended";
        this.#set(promoted.trial, { rung: rung + 1, state: isGone ? "ended" : "training" });
        // One that ended early counts as the worst of the rung to which it would have gone.
        if (isGone) return this.arrive(promoted.trial, WORST);
        if (promoted.trial !== trial) this.#actions.push({ type: "resumeTrial", number: promoted.trial });
        isSomeoneTraining = true;
      }
    }
    if (!isSomeoneTraining) this.#replace();
    this.#closeRungs();
  }

  end(trial: number, how: "itself" | "early" | "invalid"): void {
    const { state, rung } = this.#trials[trial] ?? { state: "ended", rung: 0 };
    this.#set(trial, { rung, state: "ended" });
    if (how === "invalid") {
      if (!this.#isAdded(trial)) this.#invalid++;
      for (const [index, { units, entries }] of this.#rungs.entries())
        this.#rungs[index] = { units, entries: entries.filter((entry) => entry.trial !== trial) };
      this.#replace();
      return;
    }
    if (state === "stopped") return;
    if (state === "paused") {
      // Its entry stays; if it is promoted it counts as the worst of the next rung.
      this.#closeRungs();
      return;
    }
    if (how === "itself") {
      // It has come as far as it can: the next one begins. (There it would end a search too early.)
      this.#replace();
      this.#closeRungs();
    } else if (this.#settings.variant === "stopping") {
      this.#insert(rung, trial, WORST, "beforeEqual");
      this.#replace();
    } else this.arrive(trial, WORST);
  }

  /** When all trials have been at the first rung nothing new comes: what waits where nobody trains any more waits in vain. */
  #closeRungs(): void {
    const { variant, maxTrials } = this.#settings;
    if (variant === "stopping" || this.#count() < maxTrials) return;
    for (let rung = 0; rung < this.#rungs.length; rung++) {
      const isOutstanding = Object.values(this.#trials).some(
        (trial) => trial.state === "training" && trial.rung === rung,
      );
      if (isOutstanding) return;
      for (const { trial, promoted } of this.#entries(rung))
        if (!promoted && this.#trials[trial]?.state === "paused") this.#stop(trial, "beaten");
    }
  }

  #rungOf(trial: number): number {
    return this.#trials[trial]?.rung ?? 0;
  }
  #entries(rung: number): Entry[] {
    return this.#rungs[rung]?.entries ?? [];
  }
  /** Trials that count. */
  #count(): number {
    return Object.keys(this.#trials).length - (this.#added?.length ?? 0) - this.#invalid;
  }
  #isFull(): boolean {
    if (this.#added === undefined) return false;
    const training = Object.values(this.#trials).filter(({ state }) => state === "training").length;
    return training + this.#create >= beginHalving(this.#settings).create;
  }
  #isAdded(trial: number): boolean {
    return this.#added?.includes(trial) ?? false;
  }
  #set(trial: number, next: HalvingTrial): void {
    this.#trials[trial] = next;
  }
  #stop(trial: number, why: StopReason): void {
    this.#set(trial, { rung: this.#rungOf(trial), state: "stopped" });
    // What stops need not pause first.
    this.#actions = this.#actions.filter(({ number }) => number !== trial);
    this.#actions.push({ type: "stopTrial", number: trial, why });
  }
  #pause(trial: number): void {
    this.#set(trial, { rung: this.#rungOf(trial), state: "paused" });
    this.#actions.push({ type: "pauseTrial", number: trial });
  }
  /** Another one begins in its place, unless one that was added by hand has taken that. */
  #replace(): void {
    if (this.#isFull()) return;
    if (this.#count() + this.#create < this.#settings.maxTrials) this.#create++;
  }

  /** @returns its place, 0 for the best */
  #insert(rung: number, trial: number, value: number, where: "beforeEqual" | "afterEqual"): number {
    const entries = [...this.#entries(rung)];
    const found = entries.findIndex((entry) =>
      where === "beforeEqual" ? entry.value >= value : entry.value > value,
    );
    const place = found < 0 ? entries.length : found;
    entries.splice(place, 0, { trial, value, promoted: false });
    this.#rungs[rung] = { units: this.#rungs[rung]?.units ?? 0, entries };
    return place;
  }
  #mark(rung: number, place: number): void {
    const entry = this.#entries(rung)[place];
    if (entry !== undefined) this.#entries(rung)[place] = { ...entry, promoted: true };
  }
}
