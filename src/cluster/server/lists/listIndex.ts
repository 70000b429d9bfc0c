/**
 * The rows of all lists in memory, read from the store when they are first asked for and kept up by the table of events. Never
 * the truth: what is shown is read from the store.
 */
import type { PoolEvent } from "../../protocol/events.ts";
import type { PoolStore } from "../store/poolStore.ts";
import {
  listedExperiment,
  listedTrial,
  type ListedExperiment,
  type ListedTrial,
  SharedNames,
} from "./rows.ts";
import { slices } from "../slices.ts";

const BATCH = 200;
/** Further behind than this it is quicker to read all anew. */
const MOST_BEHIND = 20_000;

interface Entry {
  experiment: ListedExperiment;
  /** By their numbers; null before they are read. */
  trials: Map<number, ListedTrial> | null;
  /** While they are read. */
  loading: Promise<void> | null;
}

export type ListIndex = ReturnType<typeof createListIndex>;

export function createListIndex(store: PoolStore) {
  let entries = new Map<number, Entry>();
  let shared = new SharedNames();
  let seq: number | null = null;
  let loading: Promise<void> | null = null;
  let warming: Promise<void> | null = null;
  let isClosed = false;

  /** Without trials: those of 10,000 experiments are read in a moment. */
  async function loadExperiments(): Promise<void> {
    const from = store.lastSeq();
    const made = new Map<number, Entry>();
    const pause = slices();
    for (let before: number | null = null; ;) {
      const page = store.experimentsBefore(before, BATCH);
      for (const experiment of page)
        made.set(experiment.id, { experiment: listedExperiment(experiment), trials: null, loading: null });
      before = page.at(-1)?.id ?? null;
      if (before === null || isClosed) break;
      await pause();
    }
    // Oldest first, as those to come are added.
    entries = new Map([...made].reverse());
    shared = new SharedNames();
    seq = from;
  }

  async function loadTrials(id: number, entry: Entry): Promise<void> {
    const trials = new Map<number, ListedTrial>();
    entry.trials = trials;
    const pause = slices();
    for (let after = 0; ;) {
      const page = store.trialsAfter(id, after, BATCH);
      // What an event has told meanwhile is newer.
      for (const trial of page)
        if (!trials.has(trial.number)) trials.set(trial.number, listedTrial(trial, shared));
      const last = page.at(-1);
      if (last === undefined || page.length < BATCH || isClosed) return;
      after = last.number;
      await pause();
    }
  }

  function apply({ change }: PoolEvent): void {
    switch (change.type) {
      case "experiment": {
        const { id } = change.experiment;
        const entry = entries.get(id);
        const experiment = listedExperiment(change.experiment);
        if (entry !== undefined) entry.experiment = experiment;
        else entries.set(id, { experiment, trials: null, loading: null });
        return;
      }
      case "experimentDeleted":
        entries.delete(change.id);
        return;
      case "trial": {
        const { trial } = change;
        entries.get(trial.experimentId)?.trials?.set(trial.number, listedTrial(trial, shared));
        return;
      }
      case "run":
      case "checkpoint":
      case "checkpointDeleted":
      case "slots":
        return;
    }
  }

  /** @returns false when it is too far behind */
  async function catchUp(): Promise<boolean> {
    const pause = slices();
    for (;;) {
      const last = store.lastSeq();
      if (seq === null || seq > last || seq + 1 < store.firstSeq() || last - seq > MOST_BEHIND) return false;
      if (seq === last) return true;
      const events = store.eventsAfter(seq, BATCH);
      for (const event of events) apply(event);
      seq = events.at(-1)?.seq ?? last;
      await pause();
    }
  }

  async function load(): Promise<void> {
    while (!isClosed && !(await catchUp())) await loadExperiments();
  }

  /** One after the other: two that catch up would apply events twice, in turns. */
  function upToDate(): Promise<void> {
    return (loading ??= load().finally(() => (loading = null)));
  }

  function trialsLoaded(id: number, entry: Entry): Promise<void> | null {
    if (entry.trials !== null) return entry.loading;
    return (entry.loading = loadTrials(id, entry).finally(() => (entry.loading = null)));
  }

  async function allLoaded(): Promise<void> {
    await upToDate();
    const pause = slices();
    // The newest first: who asks meanwhile asks for those.
    for (const [id, entry] of [...entries].reverse()) {
      if (isClosed) return;
      await trialsLoaded(id, entry);
      await pause();
    }
    await upToDate();
  }

  return {
    /** Experiments by their numbers, the oldest first, as of now. */
    async experiments(): Promise<ReadonlyMap<number, Entry>> {
      await upToDate();
      return entries;
    },
    /** The same with all trials. */
    async withTrials(): Promise<ReadonlyMap<number, Entry>> {
      await (warming ?? allLoaded());
      await upToDate();
      // New ones, or an index that was read anew meanwhile.
      for (const [id, entry] of entries)
        if (entry.trials === null || entry.loading !== null) await trialsLoaded(id, entry);
      return entries;
    },
    /** One experiment with its trials, or null when there is none of that number. */
    async withTrialsOf(id: number): Promise<Entry | null> {
      await upToDate();
      const entry = entries.get(id);
      if (entry === undefined) return null;
      await trialsLoaded(id, entry);
      await upToDate();
      return entries.get(id) ?? null;
    },
    /** Somebody is there who may filter: reads all trials in the background. */
    warm(): void {
      warming ??= allLoaded().finally(() => (warming = null));
      warming.catch(() => undefined); // who filters meets it again
    },
    /** Ends what is being read. */
    close(): Promise<unknown> {
      isClosed = true;
      return Promise.allSettled([loading, warming]);
    },
  };
}
