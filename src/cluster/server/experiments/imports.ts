/**
 * Runs of other tools as experiments. What came is made a run directory in state/imports first, with its end in it; then the
 * rows are written, at a run that goes on; then the directory gets its place. From there on it is a run whose end is found, like
 * any other. A crash in between is gone on from at the next start; what has no rows then is removed.
 */
import { randomUUID } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type ImportedRun, MAX_IMPORT_BYTES } from "../../protocol/imports.ts";
import { MAX_HYPERPARAMETERS_BYTES } from "../../protocol/limits.ts";
import type { Result } from "../../protocol/methods.ts";
import { type ExitFile, type RunSpec, RUN_DIRECTORY_VERSION } from "../../protocol/runDirectory.ts";
import { CallError } from "../callError.ts";
import { experimentRecord, runRecord, type SeenRun, trialRecord } from "../check/rebuild/fromRuns.ts";
import { messageOf } from "../errors.ts";
import { FILES, runFolder, writeJson } from "../runs/runFolder.ts";
import { writeWorkFile } from "../trees/workFile.ts";
import type { Context } from "./context.ts";

const EVENT_FILE = "0-import.jsonl";

export type Imports = ReturnType<typeof createImports>;

/** @param wake called when there is a run whose end is to be found */
export function createImports({ pool, leases, store, snapshots, logger }: Context, wake: () => void) {
  const folder = path.join(pool, "state", "imports");
  /** By the run's id: the same one twice at once is made once. */
  const making = new Map<string, Promise<void>>();

  async function make(run: ImportedRun, eventFile: string): Promise<void> {
    const pending = path.join(folder, run.id);
    await rm(pending, { recursive: true, force: true });
    await mkdir(path.join(pending, "events"), { recursive: true, mode: 0o700 });
    await mkdir(path.join(pending, FILES.work));
    await rename(eventFile, path.join(pending, "events", EVENT_FILE));
    for (const stream of ["stdout.log", "stderr.log"]) await writeFile(path.join(pending, stream), "");
    const tree = await snapshots.keepEmpty();
    const work = { version: 1 as const, tree, method: "copy" as const, links: [], pruned: true };
    await writeWorkFile(path.join(pending, FILES.work), work);
    const exit = exitOf(run);
    await writeJson(path.join(pending, FILES.exit), exit);
    store.transaction(() => {
      if (store.submission(run.id) !== null) return;
      const beganAt = (exit.startedAt ?? exit.endedAt) * 1000;
      const seen = (id: number): SeenRun => ({
        spec: specOf(run, id, leases, path.join(pool, "checkpoints")),
        exit,
        supervisor: null,
        control: null,
        work,
        beganAt,
        reportedAt: beganAt,
      });
      // What its directory says is all that is known of it, as when a database is rebuilt.
      const experiment = store.insertExperiment(run.id, (id) => {
        const record = experimentRecord(id, [seen(id)], () => ({ files: 0, bytes: 0 }));
        if (record === null) throw new Error("this server lacks the searcher of single trials");
        return record;
      });
      const made = seen(experiment.experiment.id);
      store.putTrial(trialRecord(experiment, made, beganAt));
      store.putRun(runRecord(made, true));
    });
    await place(run.id);
  }

  /** Gives the run directory its place, if it has none yet. */
  async function place(id: string): Promise<void> {
    const experimentId = store.submission(id);
    const spec = experimentId === null ? undefined : store.run(`${experimentId}.1.1`)?.own.spec;
    const pending = path.join(folder, id);
    if (spec === undefined) return rm(pending, { recursive: true, force: true });
    // It may have been let go of with the last experiment before this one.
    await snapshots.keepEmpty();
    await writeJson(path.join(pending, FILES.spec), spec);
    await rename(pending, runFolder(pool, spec.run));
    wake();
  }

  return {
    /** Takes an event file in. @returns the path for `finish` */
    async receive(body: NodeJS.ReadableStream, signal: AbortSignal): Promise<string> {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const file = path.join(folder, `.${randomUUID()}.tmp`);
      let bytes = 0;
      const limit = new Transform({
        transform(chunk: Buffer, _encoding, done) {
          bytes += chunk.byteLength;
          done(bytes > MAX_IMPORT_BYTES ? new Error(TOO_LARGE) : null, chunk);
        },
      });
      try {
        await pipeline(body, limit, createWriteStream(file, { mode: 0o600 }), { signal });
        return file;
      } catch (error) {
        await rm(file, { force: true }).catch(() => undefined);
        throw error;
      }
    },
    async finish(run: ImportedRun, eventFile: string): Promise<Result<"experiment/import">> {
      if (JSON.stringify(run.hyperparameters).length > MAX_HYPERPARAMETERS_BYTES)
        throw new CallError(
          "invalid",
          `The hyperparameters of ${run.name} have more than ${MAX_HYPERPARAMETERS_BYTES} characters.`,
          "Leave them to its event file.",
        );
      const already = making.get(run.id);
      if (already !== undefined || store.submission(run.id) !== null) {
        await rm(eventFile, { force: true });
        await already;
      } else {
        const made = make(run, eventFile)
          .catch(async (error: unknown) => {
            const isKept = store.submission(run.id) !== null; // the next start goes on from it
            for (const left of isKept ? [] : [path.join(folder, run.id), eventFile])
              await rm(left, { recursive: true, force: true }).catch(() => undefined);
            throw error;
          })
          .finally(() => making.delete(run.id));
        making.set(run.id, made);
        await made;
      }
      const experimentId = store.submission(run.id);
      if (experimentId === null) throw new CallError("unavailable", `${run.name} was deleted meanwhile.`);
      return { experimentId, trialId: `${experimentId}.1` };
    },
    discard: (eventFile: string): Promise<void> => rm(eventFile, { force: true }),
    known: (ids: readonly string[]) =>
      ids.flatMap((id) => {
        const experimentId = store.submission(id);
        return experimentId === null ? [] : [{ id, experimentId }];
      }),
    /** After a restart: what was begun gets its place, or is removed. */
    async recover(): Promise<void> {
      for (const name of await readdir(folder).catch(() => []))
        try {
          if (name.endsWith(".tmp")) await rm(path.join(folder, name), { force: true });
          else if (!making.has(name)) await place(name);
        } catch (error) {
          logger.error("could not finish an import", { import: name, error: messageOf(error) });
        }
    },
  };
}

const TOO_LARGE = `one run may have ${MAX_IMPORT_BYTES / 1024 ** 3} GiB of points`;

function specOf(run: ImportedRun, id: number, leases: string, checkpoints: string): RunSpec {
  const { name, labels, notes, workspace, from, source } = run;
  return {
    version: RUN_DIRECTORY_VERSION,
    run: `${id}.1.1`,
    trial: `${id}.1`,
    experiment: id,
    attempt: 1,
    key: run.id,
    entrypoint: { kind: "command", argv: ["true"] },
    directory: ".",
    environment: {},
    secretNames: [],
    hyperparameters: run.hyperparameters,
    seed: 0,
    slots: [],
    leases,
    checkpoints,
    latestCheckpoint: null,
    stopAcknowledgeS: 10,
    stopTermS: 10,
    preemptionTimeoutS: 3600,
    outputMetrics: false,
    imported: { name, labels, notes, workspace, from, source },
  };
}

function exitOf({ startedAt, endedAt }: ImportedRun): ExitFile {
  const end = endedAt ?? startedAt ?? Date.now();
  return {
    version: RUN_DIRECTORY_VERSION,
    code: 0,
    signal: null,
    startedAt: Math.min(startedAt ?? end, end) / 1000,
    endedAt: end / 1000,
    acknowledged: null,
    asked: null,
    escalated: null,
    peakMemoryBytes: null,
    memoryLimitBytes: null,
    outOfMemory: false,
    killedChildren: 0,
    launchError: null,
  };
}
