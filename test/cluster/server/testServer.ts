/** An open pool with real runs, real git and real files, called as the wire would call it. */
import { randomUUID } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  ExperimentConfiguration,
  withoutConfiguration,
} from "../../../src/cluster/protocol/configuration.ts";
import type { Trial } from "../../../src/cluster/protocol/entities.ts";
import type { PoolEvent } from "../../../src/cluster/protocol/events.ts";
import {
  METHODS,
  type Input,
  type MethodName,
  type Notification,
  type Result,
  type SubmitRequest,
} from "../../../src/cluster/protocol/methods.ts";
import { createSetUp } from "../../../src/cluster/server/environments/setUp.ts";
import { openPool, type OpenPool } from "../../../src/cluster/server/pool.ts";
import type { BulkTarget, SlotSource } from "../../../src/cluster/server/ports.ts";
import { createSlotSource } from "../../../src/cluster/server/resources/slotSource.ts";
import { createDiagnose } from "../../../src/cluster/server/runs/diagnosis.ts";
import { createExecutor } from "../../../src/cluster/server/runs/executor.ts";
import { killMarked } from "../../../src/cluster/server/runs/processes.ts";
import { createSnapshotStore } from "../../../src/cluster/server/trees/snapshotStore.ts";
import { createSender, silentLogger, stream } from "./trees/sender.ts";

const OUTPUT_WORKER = new URL("../../../src/cluster/server/output/worker.ts", import.meta.url);
const PYTHON_FOLDER = path.resolve(import.meta.dirname, "../../../src/cluster/python");

export interface TestServer {
  readonly home: string;
  readonly events: PoolEvent[];
  readonly live: Notification<"live">[];
  readonly tickets: Map<string, BulkTarget>;
  call<M extends MethodName>(method: M, params: Input<M>, clientId?: number): Promise<Result<M>>;
  /** Sends the files as a snapshot. @returns the tree */
  send(files: Record<string, string>): Promise<string>;
  /** Sends the files as a snapshot and submits `train.py`. @returns the trial */
  submit(files: Record<string, string>, changes?: SubmitChanges): Promise<string>;
  /** Writes a file where the run's script sees it. */
  writeInto(runId: string, file: string, text: string): Promise<void>;
  trial(trialId: string): Promise<Trial>;
  /** Waits until the trial is as wanted. */
  until(trialId: string, wanted: (trial: Trial) => boolean): Promise<Trial>;
  untilState(trialId: string, ...states: Trial["state"][]): Promise<Trial>;
  /** Closes the pool, as a server that ends does, and opens it again. The runs live on. */
  restart(whileClosed?: () => void): Promise<void>;
  close(): Promise<void>;
}
export type SubmitChanges = Partial<Omit<SubmitRequest, "configuration">> & {
  configuration?: unknown;
  source?: string;
};

/** A submission of `train.py` at the top of the tree, without a configuration. */
export function submission(
  tree: string,
  { configuration, source, ...changes }: SubmitChanges = {},
): Input<"experiment/submit"> {
  return {
    submissionId: randomUUID(),
    name: "train.py",
    workspace: "/home/alice/project",
    script: "train.py",
    directory: ".",
    arguments: [],
    snapshot: {
      tree,
      files: 1,
      bytes: 0,
      takenAt: Date.now(),
      root: "/home/alice/project",
      head: null,
      linked: [],
      leftOut: [],
    },
    interpreter: "/usr/bin/python3",
    configuration: {
      value:
        configuration === undefined ? withoutConfiguration() : ExperimentConfiguration.parse(configuration),
      source: source === undefined ? null : { path: "train.yaml", text: source },
    },
    slotsPerTrial: 1,
    secrets: {},
    startFrom: null,
    ...changes,
  };
}

/** Ends whatever the runs of a pool folder have left. */
export async function killRuns(home: string): Promise<void> {
  for (const run of readdirSync(path.join(home, "runs"))) {
    try {
      const spec = readFileSync(path.join(home, "runs", run, "spec.json"), "utf8");
      await killMarked((JSON.parse(spec) as { key: string }).key);
    } catch {
      continue; // never started
    }
  }
}

/** @param slotsOf another source of slots than this machine's CPU */
export async function openTestServer(cpuSlots = 1, slotsOf?: SlotSource): Promise<TestServer> {
  const home = mkdtempSync(path.join(tmpdir(), "trainyard-server-"));
  const events: PoolEvent[] = [];
  const live: Notification<"live">[] = [];
  const tickets = new Map<string, BulkTarget>();
  let pool: OpenPool;
  let store: ReturnType<typeof createSnapshotStore>;

  const leases = path.join(home, "leases");
  function open(): void {
    store = createSnapshotStore(home, silentLogger);
    const setUp = createSetUp(path.join(home, "state"));
    pool = openPool({
      timed: (_, work) => work(),
      home,
      leases,
      pythonFolder: PYTHON_FOLDER,
      outputWorker: OUTPUT_WORKER,
      version: "0.0.0-test",
      setUp,
      executor: createExecutor({
        pool: home,
        pythonFolder: PYTHON_FOLDER,
        snapshots: store,
        setUp,
        logger: silentLogger,
      }),
      snapshots: store,
      slots:
        slotsOf ??
        createSlotSource({
          leasesFolder: leases,
          cpuSlots,
          probeCommand: null,
          pool: home,
          logger: silentLogger,
        }),
      diagnose: createDiagnose(home),
      logger: { ...silentLogger, error: (...words) => console.error(...words) },
      onStop: () => undefined,
    });
    pool.start(
      {
        notify: (_, name, value) => {
          if (name === "events") events.push(...(value as Notification<"events">).events);
          if (name === "live") live.push(value as Notification<"live">);
        },
        pendingBytes: () => 0,
      },
      {
        issue: (_, target) => {
          const ticket = randomUUID();
          tickets.set(ticket, target);
          return ticket;
        },
      },
    );
  }
  open();

  const self: TestServer = {
    home,
    events,
    live,
    tickets,
    async call(method, params, clientId = 1) {
      const handler = pool.handlers[method] as (params: unknown, context: object) => unknown;
      const result = await handler(METHODS[method].params.parse(params), {
        clientId,
        signal: new AbortController().signal,
      });
      return METHODS[method].result.parse(result) as never;
    },
    async send(files) {
      using sender = createSender();
      sender.write(files);
      const tree = sender.tree();
      await store.receivePack(tree, stream(sender.pack(tree)), new AbortController().signal);
      return tree;
    },
    async submit(files, changes = {}) {
      const tree = await self.send(files);
      const { trialId } = await self.call("experiment/submit", submission(tree, changes));
      return trialId ?? "";
    },
    writeInto: (runId, file, text) => writeFile(path.join(home, "runs", runId, "work", file), text),
    async trial(trialId) {
      const { trials } = await self.call("experiment/get", { experimentId: Number(trialId.split(".")[0]) });
      const trial = trials.find(({ id }) => id === trialId);
      if (trial === undefined) throw new Error(`no trial ${trialId}`);
      return trial;
    },
    async until(trialId, wanted) {
      for (;;) {
        const trial = await self.trial(trialId);
        if (wanted(trial)) return trial;
        await sleep(20);
      }
    },
    untilState: (trialId, ...states) => self.until(trialId, ({ state }) => states.includes(state)),
    async restart(whileClosed) {
      await pool.close();
      whileClosed?.();
      open();
    },
    async close() {
      const { experiments } = await self.call("experiment/list", {});
      for (const { id } of experiments) await self.call("trial/kill", { experimentId: id });
      for (const { id } of experiments)
        await self.until(
          `${id}.1`,
          ({ state }) => !["starting", "running", "pausing", "stopping"].includes(state),
        );
      await pool.close();
      await store.close();
      await killRuns(home);
      rmSync(home, { recursive: true, force: true });
    },
  };
  await self.call("subscribe", { after: null });
  return self;
}
