/** The experiments of a pool: what clients ask for goes in here, what becomes of it comes out as events. */
import { setTimeout as delay } from "node:timers/promises";
import { CallError } from "../callError.ts";
import type { Trial } from "../../protocol/entities.ts";
import type { Params, Result, Target } from "../../protocol/methods.ts";
import type { Broadcaster } from "../ports.ts";
import type { ExperimentRecord } from "../store/records.ts";
import { createActions } from "./actions.ts";
import { createCollection } from "./collection.ts";
import type { Context } from "./context.ts";
import { createDeletion } from "./deletion.ts";
import { createDiskWarning } from "./diskWarning.ts";
import { createDispatcher } from "./dispatcher.ts";
import { createEngine } from "./engine.ts";
import { createFeed } from "./feed.ts";
import { createImports } from "./imports.ts";
import { createLive } from "./live.ts";
import type { Ask } from "./lifecycle.ts";
import { startLoop, type Loop } from "./loop.ts";
import { createQueue } from "./queue.ts";
import { createObserver, type Observer } from "./observer.ts";
import { createOutputWatch } from "./outputWatch.ts";
import { createReports } from "./reports.ts";
import { isFinal, isOccupying } from "./rollup.ts";
import { createSearchChange } from "./searchChange.ts";
import { createStoreOnce } from "./storeOnce.ts";
import { SlotUseHistory } from "./slotUse.ts";
import { checkSubmission, newExperiment } from "./submission.ts";

const LIVING_MS = 100;
/** Nobody looks, and what ends wakes us: reports are read for searches alone, which have the time. */
const UNWATCHED_MS = 300;
const WAITING_MS = 1000;
const NO_ROOM_MS = 500;
const WATCHED_IDLE_MS = 3000;
const IDLE_MS = 60_000;
/** How long the first answer waits for what ended runs of a rebuilt database reported. */
const REBUILT_WAIT_MS = 5000;
/** How long deleting waits for the last process to be gone. */
const KILL_WAIT_MS = 30_000;

export type Experiments = ReturnType<typeof createExperiments>;

export function createExperiments(context: Context) {
  const { store, timed } = context;
  let broadcaster: Broadcaster | null = null;
  let loop: Loop | null = null;
  let recovery: Promise<void> = Promise.resolve();
  let endFirstRound = (): void => undefined;
  const firstRound = new Promise<void>((resolve) => (endFirstRound = resolve));
  const observerRef: { current: Observer | null } = { current: null };

  const actions = createActions(context, (runId, error) => observerRef.current?.launchFailed(runId, error));
  const deletion = createDeletion(context);
  const collection = createCollection(context, deletion);
  const engine = createEngine(
    context,
    actions,
    () => {
      dispatcher.changed();
      loop?.wake();
    },
    (experimentId) => collection.collectEnded(experimentId),
  );
  const once = createStoreOnce(context);
  const reports = createReports(
    context,
    (trialId, validations) => engine.validated(trialId, validations),
    (uuid) => once.add(uuid),
    (trialId, uuids) => collection.collectUnneeded(trialId, uuids),
  );
  const observer = (observerRef.current = createObserver(
    context,
    engine,
    actions,
    reports,
    createOutputWatch(context),
  ));
  const dispatcher = createDispatcher(context, engine, () => loop?.wake());
  const queue = createQueue(context, dispatcher, () => {
    dispatcher.lookAnew();
    loop?.wake();
  });
  const slotUse = new SlotUseHistory();
  const diskWarning = createDiskWarning(context);
  const feed = createFeed(store, () => broadcaster, context.disk);
  const live = createLive(context, () => broadcaster);
  const imports = createImports(context, () => loop?.wake());

  /** A transaction that found no room has changed nothing: the round is done again. */
  async function tick(): Promise<number> {
    try {
      return await round();
    } catch (error) {
      if (!context.disk.noticed(error)) throw error;
      return NO_ROOM_MS;
    } finally {
      endFirstRound();
    }
  }

  async function round(): Promise<number> {
    diskWarning.look();
    await timed("looking at runs", () => observer.observe());
    const isWaiting = await timed("giving out slots", () => dispatcher.dispatch());
    if (!isWaiting && feed.hasSubscribers()) await dispatcher.readSlots();
    if (store.trialCount("running") > 0 && slotUse.isDue(Date.now()))
      slotUse.note(Date.now(), await dispatcher.readSlots());
    await timed("summing up trials", () => reports.announceStale());
    await timed("telling who watches", () => live.tell());
    if (store.trialCount("starting", "pausing", "stopping") > 0) return LIVING_MS;
    if (store.trialCount("running") > 0) return live.isWatched() ? LIVING_MS : UNWATCHED_MS;
    if (isWaiting) return WAITING_MS;
    return feed.hasSubscribers() ? WATCHED_IDLE_MS : IDLE_MS;
  }

  function experiment(id: number): ExperimentRecord {
    const record = store.experiment(id);
    if (record === null)
      throw new CallError(
        "notFound",
        `There is no experiment ${id} in this pool.`,
        "It may have been deleted.",
      );
    return record;
  }

  function trialsOf(target: Target) {
    if ("experimentId" in target) {
      experiment(target.experimentId);
      return store.trialsOf(target.experimentId);
    }
    const trial = store.trial(target.trialId)?.trial;
    if (trial === undefined)
      throw new CallError(
        "notFound",
        `There is no trial ${target.trialId} in this pool.`,
        "It may have been deleted.",
      );
    return [trial];
  }

  return {
    feed,
    live,
    dispatcher,
    queue,
    slotUse,
    imports,
    collectCheckpoints: collection.collect,
    search: createSearchChange(context, engine, experiment),
    experiment,

    /** Does again what was decided before a restart, then goes on. */
    start(sender: Broadcaster): void {
      broadcaster = sender;
      engine.recover();
      for (const { trial } of store.trialsIn("starting", "running", "pausing", "stopping"))
        reports.markStale(trial.id);
      recovery = Promise.all([deletion.clear(), imports.recover()]).then(() => undefined);
      loop = startLoop(tick, context.logger);
      context.disk.onChange(() => {
        dispatcher.lookAnew();
        loop?.wake();
      });
      // Others may wait for its slots.
      context.executor.onEnd(() => loop?.wake());
    },
    /** After a rebuild of the database: resolves when it is taken in how runs have ended that it says are going. */
    async caughtUp(): Promise<void> {
      const living = store.trialsIn("starting", "running", "pausing", "stopping");
      if (living.some(({ own }) => own.isRebuilt))
        await Promise.race([firstRound, delay(REBUILT_WAIT_MS, undefined, { ref: false })]);
    },
    wake: () => loop?.wake(),
    isAlive: () => store.trialCount("waiting", "starting", "running", "pausing", "stopping") > 0,
    clientGone(clientId: number): void {
      feed.clientGone(clientId);
      live.clientGone(clientId);
    },
    /** Stops looking. The trials live on. */
    async close(): Promise<void> {
      await Promise.all([loop?.close(), recovery]);
      await Promise.all([actions.close(), once.close()]);
      feed.close();
    },

    async submit(request: Params<"experiment/submit">): Promise<Result<"experiment/submit">> {
      const known = store.submission(request.submissionId);
      if (known === null) {
        await checkSubmission(context, request);
        // The same submission may have come a second time while the first was checked.
        if (store.submission(request.submissionId) === null)
          store.transaction(() => {
            const record = store.insertExperiment(request.submissionId, (id) =>
              newExperiment(context, request, id),
            );
            context.secrets.write(record.experiment.id, request.secrets);
            engine.begin(record);
          });
        loop?.wake();
      }
      const experimentId = store.submission(request.submissionId) ?? 0;
      // A search may begin with one trial; only where it stays the only one is it meant.
      const isOnly = store.experiment(experimentId)?.experiment.trialsPlanned === 1;
      return { experimentId, trialId: isOnly ? (store.trialsOf(experimentId)[0]?.id ?? null) : null };
    },

    preempt(trialId: string, evenWithoutCheckpoint: boolean): void {
      const [trial] = trialsOf({ trialId });
      if (trial === undefined) return;
      if (!isOccupying(trial.state))
        throw new CallError(
          "refused",
          `Trial ${trialId} has no slots to give back: it is ${trial.state}.`,
          "",
        );
      if (!trial.pausable.possible && !evenWithoutCheckpoint)
        throw new CallError(
          "refused",
          `It cannot give its slots back: ${trial.pausable.reason ?? "it cannot be paused."}`,
          "Stop it, or let the script checkpoint.",
        );
      engine.apply(
        trialId,
        { type: "preempt" },
        // Who keeps the place of long ago would get the slot again at once.
        { reason: "asked by a person", makesRoom: true },
      );
    },

    /** Asks every trial of the target for which it means something. */
    ask(target: Target, ask: Ask): void {
      const trials = trialsOf(target);
      checkMeaning(trials, ask);
      if (ask === "askPause") {
        const living = trials.filter(({ state }) => !isFinal(state));
        const reason = living.find(({ pausable }) => !pausable.possible)?.pausable.reason;
        if (living.length === 1 && typeof reason === "string")
          throw new CallError(
            "refused",
            `It cannot be paused: ${reason}`,
            "Stop it, or let the script checkpoint.",
          );
      }
      const facts = { reason: "asked by a person" };
      if ("experimentId" in target) engine.askAll(target.experimentId, ask, facts);
      else engine.apply(target.trialId, { type: ask }, facts);
    },

    rename(id: number, name: string): void {
      const record = experiment(id);
      record.experiment.name = name;
      store.putExperiment(record);
    },

    annotate(id: number, change: Omit<Params<"experiment/annotate">, "experimentId">): void {
      const record = experiment(id);
      Object.assign(record.experiment, defined(change));
      store.putExperiment(record);
    },

    annotateTrial(id: string, change: Omit<Params<"trial/annotate">, "trialId">): void {
      const record = store.trial(id);
      if (record === null) return;
      Object.assign(record.trial, defined(change));
      store.putTrial(record);
    },

    setMetric({ experimentId, group, name, smallerIsBetter }: Params<"experiment/setMetric">): void {
      const record = experiment(experimentId);
      record.experiment.metric = { group, name, smallerIsBetter, origin: "person" };
      store.transaction(() => {
        store.putExperiment(record);
        for (const { id } of store.trialsOf(experimentId)) reports.announce(id);
      });
    },

    async delete(
      id: number,
      isConfirmed: boolean,
      signal: AbortSignal,
    ): Promise<Result<"experiment/delete">> {
      const counted = await deletion.measure(experiment(id));
      if (!isConfirmed) return { ...counted, deleted: false };
      engine.askAll(id, "askKill");
      const until = Date.now() + KILL_WAIT_MS;
      while (!isFinal(experiment(id).experiment.state)) {
        if (Date.now() > until || signal.aborted)
          throw new CallError(
            "unavailable",
            `Experiment ${id} has not ended, so nothing of it was deleted.`,
            "Its processes have been killed; try again in a moment.",
          );
        await delay(50);
      }
      const trialIds = store.trialsOf(id).map((trial) => trial.id);
      await actions.settled(trialIds.flatMap((trialId) => store.runsOf(trialId).map((run) => run.id)));
      await deletion.delete(experiment(id));
      for (const trialId of trialIds) reports.forget(trialId);
      return { ...counted, deleted: true };
    },
  };
}

/** Killing may be asked for twice. @throws CallError when it would change nothing */
function checkMeaning(trials: readonly Trial[], ask: Ask): void {
  const couldChange = trials.some(({ state }) =>
    ask === "askResume" ? state === "paused" || state === "pausing" : !isFinal(state),
  );
  if (couldChange || ask === "askKill") return;
  const [only, ...more] = trials;
  const what =
    only === undefined || more.length > 0 ? `Experiment ${only?.experimentId ?? ""}` : `Trial ${only.id}`;
  if (ask === "askResume")
    throw new CallError("refused", `${what} is not paused.`, "Only what is paused can be resumed.");
  throw new CallError("refused", `${what} has ended.`, "There is nothing left of it to stop or to pause.");
}

/** Without what was left out: that stays as it is. */
function defined<T extends object>(change: T): Partial<T> {
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined)) as Partial<T>;
}
