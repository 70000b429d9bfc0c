/**
 * A host on a virtual clock, for a server that is killed: its runs and what they wrote live on. Each effect on it, and each commit of
 * the server's database, is a point at which the server may die: before it, in the middle, or after it.
 */
import type { Slot } from "../../../../src/cluster/protocol/entities.ts";
import type { SeriesState } from "../../../../src/cluster/protocol/events.ts";
import type { Control, ExitFile } from "../../../../src/cluster/protocol/runDirectory.ts";
import type {
  CurveStore,
  Executor,
  LaunchRequest,
  RunFollower,
  RunObservation,
  RunReport,
} from "../../../../src/cluster/server/ports.ts";
import type { Database } from "../../../../src/cluster/server/store/database.ts";

export class Killed extends Error {}

/** One life of the server. */
export class Life {
  isOver = false;
  #left: number;

  /** @param points that it lives through */
  constructor(points: number) {
    this.#left = points;
  }

  /** @throws Killed here, or because it was killed before */
  point(): void {
    if (this.isOver || --this.#left < 0) {
      this.isOver = true;
      throw new Killed();
    }
  }
  check(): void {
    if (this.isOver) throw new Killed();
  }
}

interface VirtualRun {
  spec: LaunchRequest["spec"];
  /** Steps that it has reported. */
  steps: number;
  control: Control | null;
  end: "completed" | "stopped" | "killed" | null;
}

export class VirtualHost {
  readonly runs = new Map<string, VirtualRun>();
  /** How far each run has been read, by its id. */
  readonly read = new Map<string, number>();
  readonly slots: Slot[];
  readonly #maxSteps: number;
  readonly #valueOf: (hyperparameters: LaunchRequest["spec"]["hyperparameters"], step: number) => number;

  constructor(options: {
    slots: number;
    maxSteps: number;
    valueOf: (hyperparameters: LaunchRequest["spec"]["hyperparameters"], step: number) => number;
  }) {
    this.#maxSteps = options.maxSteps;
    this.#valueOf = options.valueOf;
    this.slots = Array.from({ length: options.slots }, (_, index) => ({
      id: `cpu:${index}`,
      kind: "cpu" as const,
      index,
      lease: `cpu-${index}`,
      name: "CPU",
      memoryBytes: null,
      usedMemoryBytes: null,
      utilisation: null,
      state: "free" as const,
      detail: null,
      trialId: null,
    }));
  }

  /** Every run that lives makes a step, or heeds what it was told. */
  step(): void {
    for (const run of this.runs.values()) {
      if (run.end !== null) continue;
      if (run.control?.action === "stop") run.end = "stopped";
      else if (run.steps < this.#maxSteps) run.steps++;
      else run.end = "completed";
    }
  }

  executor(life: Life): Executor {
    return {
      launch: async ({ spec }) => {
        life.point();
        await Promise.resolve();
        if (!this.runs.has(spec.run)) {
          for (const [other, { spec: held, end }] of this.runs)
            if (end === null && held.slots.some(({ id }) => spec.slots.some((slot) => slot.id === id)))
              throw new Error(`${spec.run} was given a slot that ${other} holds`);
          this.runs.set(spec.run, { spec, steps: 0, control: null, end: null });
        }
        life.point();
      },
      poll: (runIds) => {
        life.check();
        return Promise.resolve(runIds.map((runId) => this.#observe(runId)));
      },
      signal: (runId, control) => {
        life.point();
        const run = this.runs.get(runId);
        if (run !== undefined && control.control > (run.control?.control ?? 0)) run.control = control;
        life.point();
        return Promise.resolve();
      },
      cancel: (runId) => {
        life.point();
        const run = this.runs.get(runId);
        if (run !== undefined) run.end ??= "killed";
        return Promise.resolve();
      },
      onEnd: () => undefined,
    };
  }

  follower(life: Life, curves: CurveStore): RunFollower {
    const followed = new Set<string>();
    const report = (runId: string): RunReport[] => {
      const run = this.runs.get(runId);
      const from = this.read.get(runId) ?? 0;
      if (run === undefined || from >= run.steps) return [];
      const steps = Array.from({ length: run.steps - from }, (_, index) => from + index + 1);
      const events = steps.map((step) => ({
        rank: 0,
        writer: "w",
        event: {
          ...{ seq: step, t: step, type: "metrics" as const, group: "validation", step },
          values: { loss: this.#valueOf(run.spec.hyperparameters, step) },
        },
      }));
      return [{ runId, events, skippedLines: 0, sources: [{ file: "0-w.jsonl", from, to: run.steps }] }];
    };
    return {
      follow(runId) {
        life.check();
        followed.add(runId);
        curves.hold(runId);
      },
      forget: (runId) => void followed.delete(runId),
      finish(runId) {
        life.check();
        followed.delete(runId);
        return report(runId);
      },
      // eslint-disable-next-line @typescript-eslint/require-await
      async *poll() {
        life.check();
        yield* [...followed].flatMap(report);
      },
    };
  }

  curves(life: Life): CurveStore {
    const seriesOf = (trialId: string): SeriesState[] => {
      const steps = [...this.read].filter(([runId]) => runId.startsWith(`${trialId}.`)).map(([, to]) => to);
      const lastStep = Math.max(0, ...steps);
      if (lastStep === 0) return [];
      const series = { trialId, group: "validation", name: "loss", rank: 0 };
      return [{ ...series, total: lastStep, lastStep, revision: 0 } as unknown as SeriesState];
    };
    return {
      append: ({ runId, sources }) => {
        life.point();
        const [source] = sources;
        // As the real one does with a report that does not begin where the last one ended.
        if (source !== undefined && source.from === (this.read.get(runId) ?? 0))
          this.read.set(runId, source.to);
        life.point();
      },
      hold: () => undefined,
      release: () => undefined,
      cursors: (runId) => new Map([["0-w.jsonl", this.read.get(runId) ?? 0]]),
      supersede: () => undefined,
      list: seriesOf,
      read: () => {
        throw new Error("nobody reads");
      },
      best: () => null,
      valuesAt: () => new Map(),
      bytes: () => 0,
      delete: () => undefined,
      close: () => undefined,
    };
  }

  #observe(runId: string): RunObservation {
    const run = this.runs.get(runId);
    if (run === undefined) return { runId, phase: "starting" };
    const process = { pid: 1, startTicks: 1 };
    if (run.end === null)
      return {
        runId,
        phase: "running",
        silentSince: null,
        supervisor: {
          ...process,
          version: 1,
          host: "h",
          bootId: "b",
          script: process,
          startedAt: 1,
          heartbeatAt: 1,
          adopted: false,
        },
      };
    const acknowledged =
      run.end === "stopped" && run.control !== null
        ? { control: run.control.control, action: run.control.action }
        : null;
    const exit: ExitFile = {
      version: 1,
      code: run.end === "killed" ? null : 0,
      signal: run.end === "killed" ? "SIGKILL" : null,
      startedAt: 1,
      endedAt: 2,
      acknowledged,
      asked: run.control?.action ?? null,
      escalated: null,
      peakMemoryBytes: null,
      memoryLimitBytes: null,
      outOfMemory: false,
      killedChildren: 0,
      launchError: null,
    };
    return { runId, phase: "ended", exit };
  }
}

/** Each transaction may be cut off before it, before its commit, and after that. */
export function mortal(database: Database, life: Life): Database {
  let depth = 0;
  return {
    all: (sql, ...values) => {
      life.check();
      return database.all(sql, ...values);
    },
    each: (sql, ...values) => {
      life.check();
      return database.each(sql, ...values);
    },
    get: (sql, ...values) => {
      life.check();
      return database.get(sql, ...values);
    },
    run: (sql, ...values) => {
      life.check();
      return database.run(sql, ...values);
    },
    transaction(work) {
      if (depth > 0) return database.transaction(work);
      life.point();
      depth++;
      try {
        const result = database.transaction(() => {
          const done = work();
          life.point();
          return done;
        });
        life.point();
        return result;
      } finally {
        depth--;
      }
    },
    close: () => {
      database.close();
    },
  };
}
