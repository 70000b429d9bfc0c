/** The rows of pool.sqlite, read one by one so that a row that is not what it should be hides no other. */
import type * as z from "zod";
import { Checkpoint, Experiment, Run, Trial } from "../../protocol/entities.ts";
import type { Counts } from "../../protocol/maintenance.ts";
import type { Database, Row } from "../store/database.ts";
import { ExperimentOwn, RunOwn, TrialOwn } from "./rowSchemas.ts";

export const TABLES = {
  experiments: { id: "id", body: Experiment, own: ExperimentOwn },
  trials: { id: "id", body: Trial, own: TrialOwn },
  runs: { id: "id", body: Run, own: RunOwn },
  checkpoints: { id: "uuid", body: Checkpoint, own: null },
} as const satisfies Record<string, { id: string; body: z.ZodType; own: z.ZodType | null }>;
export type TableName = keyof typeof TABLES;

export interface PoolTables {
  readonly database: Database;
  counts(): Counts;
  /** Ids of the row's own table, as text. */
  ids(table: TableName): Set<string>;
  /** Runs with what the checkers need of them; rows that cannot be read are not among them. */
  runs(): RunRow[];
  /** Checkpoints that can be read. */
  checkpoints(): Checkpoint[];
  /** Trees that experiments are on, and checkpoints that they or their trials start from. */
  needed(): { trees: Map<string, number[]>; checkpoints: Set<string> };
  /** Run ids, checkpoint uuids and trials of deleted experiments whose files are still to go. */
  going(): Set<string>;
}

export interface RunRow {
  id: string;
  trialId: string;
  attempt: number;
  hasEnded: boolean;
  /** The run's mark and where it went on from; null when that cannot be read. */
  spec: { key: string; step: number | null } | null;
  outcome: string | null;
  /** A person knows that its folder is gone. */
  filesAreGone: boolean;
}

export function readTables(database: Database): PoolTables {
  const count = (table: TableName) => Number(database.get(`SELECT count(*) AS n FROM ${table}`)?.n ?? 0);
  return {
    database,
    counts: () => ({
      experiments: count("experiments"),
      trials: count("trials"),
      runs: count("runs"),
      checkpoints: count("checkpoints"),
    }),
    ids: (table) =>
      new Set(database.all(`SELECT ${TABLES[table].id} AS id FROM ${table}`).map(({ id }) => String(id))),
    runs: () =>
      database
        .all("SELECT id, trial_id, attempt, ended, body, own FROM runs ORDER BY trial_id, attempt")
        .map(runRow),
    checkpoints: () =>
      database.all("SELECT body FROM checkpoints").flatMap(({ body }) => parsed(Checkpoint, body) ?? []),
    needed() {
      const trees = new Map<string, number[]>();
      const checkpoints = new Set<string>();
      for (const row of database.each("SELECT id, body, own FROM experiments")) {
        const tree = parsed(Experiment, row.body)?.snapshot.tree;
        if (tree !== undefined) trees.set(tree, [...(trees.get(tree) ?? []), Number(row.id)]);
        const own = parsed(ExperimentOwn, row.own);
        for (const uuid of [own?.startFrom?.uuid, ...(own?.added ?? []).map(({ startFrom }) => startFrom)])
          if (typeof uuid === "string") checkpoints.add(uuid);
      }
      return { trees, checkpoints };
    },
    going() {
      const names = new Set<string>();
      for (const { leftovers } of database.all("SELECT leftovers FROM deletions")) {
        const value = json(leftovers) as Record<string, unknown> | null;
        for (const key of ["runIds", "checkpointUuids", "trialIds"])
          for (const name of Array.isArray(value?.[key]) ? (value[key] as unknown[]) : [])
            names.add(String(name));
      }
      return names;
    },
  };
}

function runRow({ id, trial_id, attempt, ended, body, own }: Row): RunRow {
  const { spec, filesAreGone } = parsed(RunOwn, own) ?? {};
  return {
    id: String(id),
    trialId: String(trial_id),
    attempt: Number(attempt),
    hasEnded: ended === 1,
    spec: spec === undefined ? null : { key: spec.key, step: spec.latestCheckpoint?.step ?? null },
    outcome: parsed(Run, body)?.outcome ?? null,
    filesAreGone: filesAreGone === true,
  };
}

/** Null for what is not JSON or not of the schema. */
export function parsed<T>(schema: z.ZodType<T>, text: unknown): T | null {
  const result = schema.safeParse(json(text));
  return result.success ? result.data : null;
}

/** Undefined for what is not JSON. */
export function json(text: unknown): unknown {
  try {
    return JSON.parse(String(text));
  } catch {
    return undefined;
  }
}
