/** Every call of the protocol: what it needs is found or refused here, what it means is decided in experiments/. */
import { CallError } from "../callError.ts";
import type { PoolInfo } from "../../protocol/entities.ts";
import { PROTOCOL } from "../../protocol/version.ts";
import { checkPaths } from "../environments/paths.ts";
import type { Environments } from "../environments/environments.ts";
import { listMany, readMany } from "./seriesHandlers.ts";
import type { Context } from "../experiments/context.ts";
import { createMask } from "../experiments/masking.ts";
import type { Ask } from "../experiments/lifecycle.ts";
import { paceOf } from "../experiments/pace.ts";
import { searchStateOf } from "../experiments/searchState.ts";
import type { Experiments } from "../experiments/service.ts";
import type { Lists } from "../lists/pages.ts";
import type { Handlers, Tickets } from "../ports.ts";
import { createEnvironmentHandlers } from "./environmentHandlers.ts";
import { createImportHandlers } from "./importHandlers.ts";
import { createListHandlers } from "./listHandlers.ts";
import { createOutputHandlers } from "./outputHandlers.ts";
import { createQueueHandlers } from "./queueHandlers.ts";
import { createRunHandlers } from "./runHandlers.ts";
import { createSnapshotHandlers } from "./snapshotHandlers.ts";

export interface Pool {
  info: PoolInfo;
  /** Ends the server once the answer has been sent. */
  stop(): void;
}

export function createHandlers(
  context: Context,
  experiments: Experiments,
  environments: Environments,
  lists: Lists,
  pool: Pool,
  tickets: () => Tickets,
): { handlers: Handlers; clientGone: (clientId: number) => void } {
  const { store, curves } = context;
  const snapshots = createSnapshotHandlers(context, experiments, tickets);
  const outputs = createOutputHandlers(context);
  const imports = createImportHandlers(experiments, tickets);

  const ask =
    (what: Ask): Handlers["trial/stop"] =>
    (target) => {
      experiments.ask(target, what);
      return {};
    };

  function knownTrial(trialId: string): void {
    if (store.trial(trialId) === null)
      throw new CallError(
        "notFound",
        `There is no trial ${trialId} in this pool.`,
        "It may have been deleted.",
      );
  }

  const handlers: Handlers = {
    hello({ protocol, client }) {
      if (protocol.major !== PROTOCOL.major)
        throw new CallError(
          "version",
          `This pool's server speaks protocol ${PROTOCOL.major}, ${client.name} ${client.version} speaks ${protocol.major}.`,
          protocol.major > PROTOCOL.major
            ? "Stop this server; a newer one takes over and adopts its trials."
            : `Update ${client.name}.`,
        );
      return {
        protocol: { major: PROTOCOL.major, minor: Math.min(PROTOCOL.minor, protocol.minor) },
        pool: pool.info,
      };
    },
    "path/check": async ({ paths }) => ({ paths: await checkPaths(paths) }),
    async "pool/status"() {
      const disk = await context.disk.fresh();
      return {
        pool: pool.info,
        slots: await experiments.dispatcher.readSlotsAnew(),
        waiting: store.trialCount("waiting"),
        running: store.trialCount("starting", "running", "pausing", "stopping"),
        diskFreeBytes: disk.freeBytes ?? 0,
        disk,
      };
    },
    ...createListHandlers(store, experiments, lists),
    watch({ trialIds }, { clientId }) {
      experiments.live.watch(clientId, trialIds);
      experiments.wake();
      return {};
    },

    ...snapshots.handlers,
    ...imports.handlers,

    "experiment/submit": (request) => experiments.submit(request),
    "experiment/get"({ experimentId, contents }) {
      const { experiment, own } = experiments.experiment(experimentId);
      const { configuration, arguments: given, launcher, startFrom } = own.request;
      const { value, source } = configuration;
      const mask = createMask(context.secrets.read(experimentId));
      const trials = contents === "none" ? [] : store.trialsOf(experimentId);
      return {
        experiment,
        trials,
        runs: trials.flatMap(({ id }) => store.runsOf(id)),
        checkpoints: contents === "none" ? [] : store.checkpointsOf(experimentId),
        configuration: mask({ value, source }),
        request: { arguments: given, launcher, startFrom },
      };
    },
    "experiment/list": () => ({ experiments: store.experiments() }),
    "experiment/rename"({ experimentId, name }) {
      experiments.rename(experimentId, name);
      return {};
    },
    "experiment/delete": ({ experimentId, confirm }, { signal }) =>
      experiments.delete(experimentId, confirm, signal),
    "experiment/setMetric"(choice) {
      experiments.setMetric(choice);
      return {};
    },
    "experiment/annotate"({ experimentId, ...change }) {
      experiments.annotate(experimentId, change);
      return {};
    },
    "trial/annotate"({ trialId, ...change }) {
      knownTrial(trialId);
      experiments.annotateTrial(trialId, change);
      return {};
    },
    ...createQueueHandlers(context, experiments),
    "trial/pause": ask("askPause"),
    "trial/resume": ask("askResume"),
    "trial/stop": ask("askStop"),
    "trial/kill": ask("askKill"),

    "checkpoint/collect": (asked) => experiments.collectCheckpoints(asked),
    "search/state": ({ experimentId }) => searchStateOf(experiments.experiment(experimentId)),
    "search/change": (change) => experiments.search.change(change),
    "search/addTrial": (asked) => experiments.search.add(asked),
    "search/pace": (asked) => ({ pace: paceOf(store, asked) }),
    "series/list"({ trialId }) {
      knownTrial(trialId);
      return { series: curves.list(trialId) };
    },
    "series/read"({ cursor, resolution, ...series }) {
      knownTrial(series.trialId);
      return curves.read(series, cursor, resolution);
    },
    "series/readMany": ({ reads }, { signal }) => readMany(curves, reads, signal),
    "series/listMany": ({ trialIds }, { signal }) => listMany(curves, trialIds, signal),
    ...createRunHandlers(context, experiments, tickets),
    ...outputs.handlers,
    ...createEnvironmentHandlers(environments),
    "server/stop"() {
      pool.stop();
      return {};
    },
  };
  return {
    handlers,
    clientGone(clientId) {
      snapshots.clientGone(clientId);
      imports.clientGone(clientId);
      experiments.clientGone(clientId);
      outputs.clientGone(clientId);
    },
  };
}
