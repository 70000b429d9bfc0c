/** What a command is for: the row it was called on, an id that was given, or what a person picks. */
import type * as vscode from "vscode";
import type { Checkpoint, Experiment, Trial } from "../../cluster/protocol/entities.ts";
import { standsFor } from "../../cluster/client/compare/standsFor.ts";
import { isNotFound, ShownError } from "../errors.ts";
import type { Pool } from "../pool/pool.ts";
import { LOCAL, type Pools } from "../pool/pools.ts";
import { experimentTitle } from "../views/labels.ts";
import { isSingle } from "../views/nodes.ts";
import { lookOf } from "../views/states.ts";
import { hasMore, pickRows } from "./rowPick.ts";

/** An experiment of a pool, and one of its trials where the row stands for one. */
export interface TargetRow {
  pool: Pool;
  experiment: Experiment;
  trial: Trial | null;
}

export class Targets {
  readonly #pools: Pools;
  constructor(pools: Pools) {
    this.#pools = pools;
  }

  /**
   * @param argument a tree row, or, of this machine's pool, an experiment's number or a trial's id (`"12.3"`); without one
   * a person picks among those that fit. Undefined when nothing was picked.
   */
  async row(
    argument: unknown,
    question: string,
    fits: (row: TargetRow) => boolean = () => true,
  ): Promise<TargetRow | undefined> {
    const given = readArgument(argument);
    if (given) {
      return find(this.#pools.must(given.poolId), given);
    }
    await this.#anyConnection();
    const pools = this.#pools.all;
    const items = (): RowItem[] =>
      pools
        .flatMap(rowsOf)
        .filter(fits)
        .map((row) => ({ row, ...pickItem(row) }));
    if (items().length === 0 && !pools.some(hasMore))
      throw new ShownError("There is no experiment that this can be done with.");
    const picked = await pickRows({
      placeHolder: question,
      pools,
      canPickMany: false,
      items,
      keyOf: keyOfItem,
    });
    return picked?.[0] && complete(picked[0].row);
  }

  /**
   * Several at once.
   * @param given as for row(): with fewer than `least` of them a person picks, and these are picked already
   */
  async rows(given: readonly unknown[], question: string, least: number): Promise<TargetRow[] | undefined> {
    const found: TargetRow[] = [];
    for (const argument of given.map(readArgument)) {
      if (!argument) continue;
      found.push(await find(this.#pools.must(argument.poolId), argument));
    }
    if (found.length >= least) return found;
    await this.#anyConnection();
    const isGiven = (row: TargetRow): boolean =>
      found.some((one) => one.experiment === row.experiment && one.trial === row.trial);
    const pools = this.#pools.all;
    const items = (): RowItem[] =>
      pools
        .flatMap(rowsOf)
        .map((row) => ({ row, picked: isGiven(row), ...pickItem(row) }))
        .sort((a, b) => Number(b.picked) - Number(a.picked));
    if (items().length < least && !pools.some(hasMore))
      throw new ShownError("There are not enough experiments that this can be done with.");
    const picked = await pickRows({
      placeHolder: question,
      pools,
      canPickMany: true,
      items,
      keyOf: keyOfItem,
    });
    return picked && Promise.all(picked.map(({ row }) => complete(row)));
  }

  /** A row that stands for one trial. */
  async trial(
    argument: unknown,
    question: string,
    fits: (trial: Trial) => boolean = () => true,
  ): Promise<{ pool: Pool; experiment: Experiment; trial: Trial } | undefined> {
    const row = await this.row(argument, question, ({ trial }) => trial !== null && fits(trial));
    if (!row) return undefined;
    const { pool, experiment } = row;
    const trial = row.trial ?? (await firstTrial(pool, experiment));
    if (!trial) throw new ShownError(`${experimentTitle(experiment)} has no trial yet.`);
    return { pool, experiment, trial };
  }

  /** @param argument a checkpoint's row, or its UUID, which is no other pool's */
  async checkpoint(
    argument: unknown,
  ): Promise<{ pool: Pool; experiment: Experiment; checkpoint: Checkpoint }> {
    const { uuid, poolId } = (
      typeof argument === "object" && argument !== null ? argument : { uuid: argument }
    ) as {
      uuid?: unknown;
      poolId?: unknown;
    };
    if (typeof poolId === "string") await this.#pools.must(poolId).connection();
    else await this.#anyConnection();
    const pools = typeof poolId === "string" ? [this.#pools.must(poolId)] : this.#pools.all;
    if (typeof uuid === "string")
      for (const pool of pools) {
        const found = heldCheckpoint(pool, uuid) ?? (await readCheckpoint(pool, uuid));
        if (found) return found;
      }
    throw new ShownError("The pool does not have this checkpoint any more.");
  }

  /** Some pool is connected: the others are shown as far as they are known. */
  async #anyConnection(): Promise<void> {
    if (!this.#pools.all.some(({ status }) => status.state === "connected"))
      await this.#pools.local.connection();
  }
}

interface FoundCheckpoint {
  pool: Pool;
  experiment: Experiment;
  checkpoint: Checkpoint;
}

function heldCheckpoint(pool: Pool, uuid: string): FoundCheckpoint | null {
  const checkpoint = pool.mirror?.checkpoints.get(uuid);
  const experiment = checkpoint && pool.mirror?.experiments.get(checkpoint.experimentId);
  return checkpoint && experiment ? { pool, experiment, checkpoint } : null;
}

/** Of a trial that was not looked at since the editor started. @returns null when the pool has no such checkpoint */
async function readCheckpoint(pool: Pool, uuid: string): Promise<FoundCheckpoint | null> {
  if (pool.status.state !== "connected") return null;
  try {
    const { manifest } = await pool.call("checkpoint/manifest", { uuid });
    await (await pool.reader()).trial(manifest.trial);
  } catch (error) {
    if (isNotFound(error)) return null;
    throw error;
  }
  return heldCheckpoint(pool, uuid);
}

async function find(pool: Pool, { experimentId, trialId }: Argument): Promise<TargetRow> {
  const reader = await pool.reader();
  try {
    await reader.experiment(experimentId);
    if (trialId !== null) await reader.trial(trialId);
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  const experiment = pool.mirror?.experiments.get(experimentId);
  if (!experiment)
    throw new ShownError(`The pool has no experiment ${experimentId}; it may have been deleted.`);
  const trial = trialId === null ? null : (pool.mirror?.trials.get(trialId) ?? null);
  if (trialId !== null && !trial) throw new ShownError(`The pool has no trial ${trialId}.`);
  return complete({ pool, experiment, trial: trial ?? onlyTrial(pool, experiment) });
}

/** Its trial with its runs and checkpoints, of which only its row may have been known. */
async function complete(row: TargetRow): Promise<TargetRow> {
  if (row.trial !== null) await (await row.pool.reader()).trial(row.trial.id);
  return row;
}

/** The first of a search. */
async function firstTrial(pool: Pool, experiment: Experiment): Promise<Trial | undefined> {
  const id = `${experiment.id}.1`;
  try {
    await (await pool.reader()).trial(id);
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  return pool.mirror?.trials.get(id);
}

/** The trial that an experiment is compared by; the pool is asked for it where it is not known. */
export async function standIn({ pool, experiment, trial }: TargetRow): Promise<Trial | null> {
  if (trial !== null) return trial;
  const best = experiment.best?.trialId;
  if (best !== undefined) await (await pool.reader()).trial(best);
  else await firstTrial(pool, experiment);
  return standsFor(experiment, pool.mirror?.trialsOf(experiment.id) ?? []);
}

function onlyTrial(pool: Pool, experiment: Experiment): Trial | null {
  return isSingle(experiment) ? (pool.mirror?.trialsOf(experiment.id)[0] ?? null) : null;
}

/** Newest first: experiments, those of a search followed by their trials. */
function rowsOf(pool: Pool): TargetRow[] {
  const { mirror } = pool;
  return [...(mirror?.experiments.values() ?? [])]
    .sort((a, b) => b.id - a.id)
    .flatMap((experiment): TargetRow[] => {
      const trials = mirror?.trialsOf(experiment.id) ?? [];
      if (isSingle(experiment)) return [{ pool, experiment, trial: trials[0] ?? null }];
      return [{ pool, experiment, trial: null }, ...trials.map((trial) => ({ pool, experiment, trial }))];
    });
}

/** For calls that are for an experiment's trials or for one. */
export function rpcTarget({ experiment, trial }: TargetRow): { experimentId: number } | { trialId: string } {
  return trial ? { trialId: trial.id } : { experimentId: experiment.id };
}

interface Argument {
  poolId: string;
  experimentId: number;
  trialId: string | null;
}

function readArgument(argument: unknown): Argument | null {
  if (typeof argument === "number") return { poolId: LOCAL, experimentId: argument, trialId: null };
  if (typeof argument === "string") {
    const [experiment] = argument.split(".");
    return {
      poolId: LOCAL,
      experimentId: Number(experiment),
      trialId: argument.includes(".") ? argument : null,
    };
  }
  if (typeof argument !== "object" || argument === null || !("experimentId" in argument)) return null;
  const { experimentId, trialId, poolId } = argument as Record<string, unknown>;
  if (typeof experimentId !== "number") return null;
  return {
    poolId: typeof poolId === "string" ? poolId : LOCAL,
    experimentId,
    trialId: typeof trialId === "string" ? trialId : null,
  };
}

type RowItem = vscode.QuickPickItem & { row: TargetRow };

function keyOfItem({ row: { pool, experiment, trial } }: RowItem): string {
  return `${pool.id} ${experiment.id} ${trial?.id ?? ""}`;
}

function pickItem({ pool, experiment, trial }: TargetRow): vscode.QuickPickItem {
  const state = lookOf((trial ?? experiment).state);
  const own = trial === null || isSingle(experiment);
  const name = trial?.name ?? null;
  const trialTitle = trial
    ? `Trial ${trial.id} of ${experiment.name}${name === null ? "" : `: ${name}`}`
    : "";
  const { labels } = own ? experiment : trial;
  const words = pool.id === LOCAL ? state.word : `${state.word} on ${pool.name}`;
  return {
    label: `$(${state.icon}) ${own ? experimentTitle(experiment) : trialTitle}`,
    // Typing a label finds what has it.
    description: [words, ...labels].join(" · "),
  };
}
