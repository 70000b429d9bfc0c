/** A pool folder with a snapshot store, an executor and real runs, for tests. */
import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Control, ExitFile, RunSpec } from "../../../../src/cluster/protocol/runDirectory.ts";
import type { Executor, RunObservation } from "../../../../src/cluster/server/ports.ts";
import { createSetUp } from "../../../../src/cluster/server/environments/setUp.ts";
import { createExecutor } from "../../../../src/cluster/server/runs/executor.ts";
import { killMarked } from "../../../../src/cluster/server/runs/processes.ts";
import {
  createSnapshotStore,
  type LocalSnapshotStore,
} from "../../../../src/cluster/server/trees/snapshotStore.ts";
import { createSender, silentLogger, stream } from "../trees/sender.ts";

export const PYTHON_FOLDER = path.resolve(import.meta.dirname, "../../../../src/cluster/python");
export const never = new AbortController().signal;

export interface TestPool {
  readonly pool: string;
  readonly store: LocalSnapshotStore;
  executor: Executor;
  /** A new executor over the same folder, as after a restart of the server. */
  restart(): void;
  spec(files: Record<string, string>, changes?: Partial<RunSpec>): Promise<{ spec: RunSpec; tree: string }>;
  launch(files: Record<string, string>, changes?: Partial<RunSpec>): Promise<RunSpec>;
  folder(spec: RunSpec): string;
  read(spec: RunSpec, file: string): string;
  until<P extends RunObservation["phase"]>(
    spec: RunSpec,
    ...phases: P[]
  ): Promise<Extract<RunObservation, { phase: P }>>;
  exit(spec: RunSpec): Promise<ExitFile>;
  control(spec: RunSpec, action: Control["action"]): Promise<void>;
  close(): Promise<void>;
}

/** @param pythonFolder another one than ours, whose supervisor does something before it */
export function createTestPool(pythonFolder = PYTHON_FOLDER): TestPool {
  const pool = mkdtempSync(path.join(tmpdir(), "trainyard-pool-"));
  mkdirSync(path.join(pool, "runs"));
  const store = createSnapshotStore(pool, silentLogger);
  const setUp = createSetUp(path.join(pool, "state"));
  const specs: RunSpec[] = [];
  let controls = 0;
  const newExecutor = (): Executor =>
    createExecutor({ pool, pythonFolder, snapshots: store, setUp, logger: silentLogger });

  const self: TestPool = {
    pool,
    store,
    executor: newExecutor(),
    restart: () => {
      self.executor = newExecutor();
    },
    spec: async (files, changes = {}) => {
      using sender = createSender();
      sender.write(files);
      const tree = sender.tree();
      await store.receivePack(tree, stream(sender.pack(tree)), never);
      const number = specs.length + 1;
      const spec: RunSpec = {
        version: 1,
        run: `${number}.1.1`,
        trial: `${number}.1`,
        experiment: number,
        attempt: 1,
        key: randomUUID(),
        entrypoint: { kind: "script", interpreter: "/usr/bin/python3", script: "train.py", arguments: [] },
        directory: ".",
        environment: {},
        secretNames: [],
        hyperparameters: {},
        seed: 1,
        slots: [],
        leases: path.join(pool, "leases"),
        checkpoints: path.join(pool, "checkpoints"),
        latestCheckpoint: null,
        stopAcknowledgeS: 1,
        stopTermS: 1,
        preemptionTimeoutS: 10,
        outputMetrics: false,
        ...changes,
      };
      specs.push(spec);
      return { spec, tree };
    },
    launch: async (files, changes) => {
      const { spec, tree } = await self.spec(files, changes);
      await self.executor.launch({ spec, tree, links: [], secrets: {} }, never);
      return spec;
    },
    folder: (spec) => path.join(pool, "runs", spec.run),
    read: (spec, file) => readFileSync(path.join(self.folder(spec), file), "utf8"),
    until: async <P extends RunObservation["phase"]>(spec: RunSpec, ...phases: P[]) => {
      for (;;) {
        const [seen] = await self.executor.poll([spec.run]);
        if (seen !== undefined && (phases as string[]).includes(seen.phase))
          return seen as Extract<RunObservation, { phase: P }>;
        await sleep(20);
      }
    },
    exit: async (spec) => (await self.until(spec, "ended")).exit,
    control: (spec, action) =>
      self.executor.signal(spec.run, {
        version: 1,
        control: ++controls,
        action,
        reason: "test",
        at: Date.now() / 1000,
      }),
    close: async () => {
      for (const spec of specs) {
        await self.executor.cancel(spec.run).catch(() => undefined);
        await killMarked(spec.key);
      }
      await store.close();
      rmSync(pool, { recursive: true, force: true });
    },
  };
  return self;
}
