/** Listed checkpoints against their manifests, manifests against files, folders against the list. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { Uuid } from "../../../protocol/base.ts";
import type { Manifest } from "../../../protocol/runDirectory.ts";
import { readManifest } from "../../experiments/checkpoints.ts";
import { messageOf } from "../../errors.ts";
import type { Checker, Checking, Found } from "../finding.ts";
import { IN_WORK_MS, lastWritten, look, namesIn } from "../folders.ts";
import type { PoolTables } from "../poolTables.ts";
import { fillIn } from "../rebuild/fillIn.ts";
import { settleCheckpoints } from "../rebuild/settle.ts";

export const checkpointsChecker: Checker = {
  name: "checkpoints",
  noun: "checkpoints",
  async run(checking, tables) {
    if (tables === null) return [];
    const folder = path.join(checking.home, "checkpoints");
    const listed = tables.checkpoints();
    const known = tables.ids("checkpoints");
    const { checkpoints: needed } = tables.needed();
    const going = tables.going();
    const found: Found[] = [];
    const unlisted = namesIn(folder).filter(
      (name) => Uuid.safeParse(name).success && !known.has(name) && !needed.has(name) && !going.has(name),
    );
    // Of a full check nearly all time goes into reading what is listed.
    const totalBytes = listed.reduce((sum, { bytes }) => sum + bytes, 0) || 1;
    let bytes = 0;
    for (const checkpoint of listed) {
      checking.signal.throwIfAborted();
      const before = bytes;
      const problem = await problemOf(folder, checkpoint.uuid, checking, (read) =>
        checking.progress(Math.min(1, (before + read) / totalBytes)),
      );
      bytes += checkpoint.bytes;
      if (!checking.full) checking.progress(bytes / totalBytes);
      if (problem !== null) found.push(damaged(checking, tables, checkpoint.uuid, problem));
    }
    const isTraining = tables.database.get("SELECT 1 FROM runs WHERE ended = 0") !== undefined;
    for (const uuid of unlisted) {
      const one = await unlistedOne(checking, tables, uuid, isTraining);
      if (one !== null) found.push(one);
    }
    return [...found, ...lost(tables)];
  },
};

/** @returns what is wrong with it, or null */
export async function problemOf(
  folder: string,
  uuid: string,
  { full, verified, signal }: Pick<Checking, "full" | "verified" | "signal">,
  onRead: (bytes: number) => void,
): Promise<string | null> {
  let manifest: Manifest;
  try {
    manifest = await readManifest(folder, uuid);
  } catch (error) {
    const isGone = (error as NodeJS.ErrnoException).code === "ENOENT";
    return isGone ? "it has no manifest" : `its manifest cannot be read: ${messageOf(error)}`;
  }
  let read = 0;
  for (const file of manifest.files) {
    const at = path.join(folder, uuid, "files", file.path);
    const stat = look(at);
    if (stat === null) return `its file ${file.path} is gone`;
    if (!stat.isFile()) return `${file.path} is not a plain file`;
    if (stat.size !== file.bytes)
      return `${file.path} has ${stat.size} bytes, its manifest says ${file.bytes}`;
    const name = `${uuid}/${file.path} ${stat.mtimeMs} ${stat.size} ${stat.ino}`;
    if (!full || verified.has(name)) continue;
    const digest = await sha256(at, signal, (chunk) => onRead((read += chunk))).catch((error: unknown) => {
      signal.throwIfAborted();
      return messageOf(error);
    });
    if (digest !== file.sha256) return `the content of ${file.path} is not what its manifest says`;
    verified.add(name);
  }
  return null;
}

async function sha256(file: string, signal: AbortSignal, onRead: (bytes: number) => void): Promise<string> {
  const hash = createHash("sha256");
  const source = createReadStream(file, { highWaterMark: 1024 * 1024 });
  source.on("data", (chunk) => onRead(chunk.length));
  await pipeline(source, hash, { signal });
  return hash.digest("hex");
}

function damaged(checking: Checking, tables: PoolTables, uuid: string, problem: string): Found {
  const { database } = tables;
  return {
    check: "checkpoints",
    what: `A checkpoint is listed, but ${problem}.`,
    where: path.join("checkpoints", uuid),
    severity: "error",
    repair: "Take it off the list; its trial goes on from the one before. What is there goes to lost+found.",
    mend: () => {
      const row = database.get("SELECT * FROM checkpoints WHERE uuid = ?", uuid);
      if (row === undefined) return "It is off the list.";
      checking.lostAndFound.keepRow("checkpoints", row);
      database.transaction(() => {
        database.run("DELETE FROM checkpoints WHERE uuid = ?", uuid);
        settleCheckpoints(database, String(row.trial_id));
      });
      checking.lostAndFound.take(path.join("checkpoints", uuid));
      return "It is off the list, and in lost+found.";
    },
  };
}

async function unlistedOne(
  checking: Checking,
  tables: PoolTables,
  uuid: string,
  isTraining: boolean,
): Promise<Found | null> {
  const folder = path.join(checking.home, "checkpoints");
  const where = path.join("checkpoints", uuid);
  const manifest = await readManifest(folder, uuid).catch(() => null);
  const move = (): string => {
    checking.lostAndFound.take(where);
    return "It was moved to lost+found.";
  };
  const base = { check: "checkpoints", where, severity: "warning" as const };
  if (manifest === null) {
    // While something trains, it may be the one that is being written.
    if (isTraining && Date.now() - lastWritten(path.join(checking.home, where)) < IN_WORK_MS) return null;
    const what = "A checkpoint is half-written: its writer ended before its manifest.";
    return { ...base, what, repair: "Move it to lost+found.", mend: move };
  }
  const isWhole = (await problemOf(folder, uuid, checking, () => undefined)) === null;
  const isOfRun = tables.database.get("SELECT 1 FROM runs WHERE id = ?", manifest.run) !== undefined;
  if (!isWhole || !isOfRun) {
    const why = isWhole
      ? `of run ${manifest.run}, which is not in this pool`
      : "and its files are not what its manifest says";
    return {
      ...base,
      what: `A checkpoint is not listed, ${why}.`,
      repair: "Move it to lost+found.",
      mend: move,
    };
  }
  return {
    ...base,
    severity: "error",
    what: `A whole checkpoint of run ${manifest.run} is not listed.`,
    repair: "List it.",
    mend: async () => {
      await fillIn(checking, tables.database, { checkpoint: uuid });
      return tables.ids("checkpoints").has(uuid) ? "It is listed." : move();
    },
  };
}

/** Trials that say that their newest checkpoint is one that is not listed. */
function lost({ database }: PoolTables): Found[] {
  return database
    .all(
      `SELECT id FROM trials WHERE json_valid(body) AND json_extract(body, '$.latestCheckpoint') IS NOT NULL
         AND json_extract(body, '$.latestCheckpoint') NOT IN (SELECT uuid FROM checkpoints)`,
    )
    .map(({ id }) => ({
      check: "checkpoints",
      what: `The newest checkpoint of trial ${String(id)} is not listed.`,
      where: `pool.sqlite: trials ${String(id)}`,
      severity: "error" as const,
      repair: "Let it go on from the newest that is.",
      mend: () => {
        settleCheckpoints(database, String(id));
        return "It goes on from the newest that is listed.";
      },
    }));
}
