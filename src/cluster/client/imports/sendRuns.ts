/** Sends runs that were read to a pool, each as an experiment of its own. */
import { createReadStream } from "node:fs";
import path from "node:path";
import { Label } from "../../protocol/entities.ts";
import { type ImportedRun, MAX_IMPORT_BYTES } from "../../protocol/imports.ts";
import type { PoolCalls } from "../poolCalls.ts";
import { UserError } from "../userError.ts";
import type { FoundRun, ReadRuns } from "./readRuns.ts";

const KNOWN_AT_ONCE = 10_000;
/** The pool writes down what came. */
const FINISH_TIMEOUT_MS = 120_000;

export interface SentRun {
  run: FoundRun;
  experimentId: number;
}

/** Which of the runs are in the pool already: their experiments, by the runs' ids. */
export async function knownRuns(
  pool: PoolCalls,
  runs: readonly FoundRun[],
  signal?: AbortSignal,
): Promise<Map<string, number>> {
  const ids = [...new Set(runs.map(({ id }) => id))].slice(0, KNOWN_AT_ONCE);
  const { known } = await pool.call("import/known", { ids }, { signal });
  return new Map(known.map(({ id, experimentId }) => [id, experimentId]));
}

/**
 * One after the other; when one fails those before it are there, and a second time they are known.
 * @param onSent called after each
 */
export async function sendRuns(
  pool: PoolCalls,
  read: ReadRuns,
  runs: readonly FoundRun[],
  options: { workspace: string; onSent?: (sent: SentRun) => void; signal?: AbortSignal },
): Promise<SentRun[]> {
  const sent: SentRun[] = [];
  for (const run of runs) {
    options.signal?.throwIfAborted();
    const one = { run, experimentId: await sendRun(pool, read, run, options) };
    sent.push(one);
    options.onSent?.(one);
  }
  return sent;
}

async function sendRun(
  pool: PoolCalls,
  read: ReadRuns,
  run: FoundRun,
  { workspace, signal }: { workspace: string; signal?: AbortSignal },
): Promise<number> {
  if (run.bytes > MAX_IMPORT_BYTES)
    throw new UserError(
      `${run.name} has more points than a pool takes: ${run.bytes} bytes of at most ${MAX_IMPORT_BYTES}.`,
      "Leave it out.",
    );
  const { ticket } = await pool.call("import/begin", { bytes: run.bytes }, { signal });
  await pool.bulkPut(ticket, createReadStream(path.join(read.folder, run.file)), signal);
  const patience = { signal, timeoutMs: FINISH_TIMEOUT_MS };
  const made = await pool.call("experiment/import", { ticket, run: describe(run, workspace) }, patience);
  return made.experimentId;
}

function describe(run: FoundRun, workspace: string): ImportedRun {
  const ms = (seconds: number | null): number | null => (seconds === null ? null : seconds * 1000);
  return {
    id: run.id,
    from: run.from,
    source: run.source.slice(0, 4096),
    name: run.name.trim().slice(0, 250) || run.source.slice(-250) || "imported",
    hyperparameters: run.parameters,
    labels: [...new Set(run.labels.flatMap((label) => Label.safeParse(label).data ?? []))].slice(0, 50),
    notes: run.notes.slice(0, 100_000),
    workspace,
    startedAt: ms(run.startedAt),
    endedAt: ms(run.endedAt),
  };
}
