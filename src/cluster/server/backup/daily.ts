/** A copy of the database each day that it has changed, while a server runs: what a rebuild begins with. */
import { mkdirSync, rmSync } from "node:fs";
import path from "node:path";
import { look, namesIn } from "../check/folders.ts";
import { messageOf } from "../errors.ts";
import type { Logger } from "../ports.ts";
import type { Database } from "../store/database.ts";
import { backUpDatabase, backUpFileAside } from "../store/databaseBackup.ts";
import { isLocalFileSystem } from "../store/fileSystem.ts";

const DAY_MS = 24 * 60 * 60_000;
const LOOK_EVERY_MS = 60 * 60_000;
/** A server that has just started has more urgent things to do. */
const FIRST_LOOK_MS = 60_000;
const KEPT = 7;
const NAME = /^pool-\d{4}-\d{2}-\d{2}\.sqlite$/;

export interface DailyBackupOptions {
  /** The database's. */
  file: string;
  database: Database;
  /** `<pool>/state/backups`; made when it is missing. */
  folder: string;
  logger: Logger;
  firstLookMs?: number;
}

export interface DailyBackup {
  start(): void;
  /** Waits for one that is being made. */
  close(): Promise<void>;
}

export function createDailyBackup({
  file,
  database,
  folder,
  logger,
  firstLookMs = FIRST_LOOK_MS,
}: DailyBackupOptions): DailyBackup {
  let timer: NodeJS.Timeout | null = null;
  let making: Promise<void> = Promise.resolve();
  let isClosed = false;

  function schedule(delayMs: number): void {
    if (isClosed) return;
    timer = setTimeout(() => {
      making = makeIfDue()
        .catch((error: unknown) => logger.warn("The daily backup failed", { error: messageOf(error) }))
        .finally(() => schedule(LOOK_EVERY_MS));
    }, delayMs);
    timer.unref();
  }

  async function makeIfDue(): Promise<void> {
    const made = namesIn(folder)
      .filter((name) => NAME.test(name))
      .sort();
    const lastMs = Math.max(0, ...made.map((name) => look(path.join(folder, name))?.mtimeMs ?? 0));
    const changedMs = Math.max(...[file, `${file}-wal`].map((each) => look(each)?.mtimeMs ?? 0));
    if (Date.now() - lastMs < DAY_MS || changedMs <= lastMs) return;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const name = `pool-${new Date().toISOString().slice(0, 10)}.sqlite`;
    const target = path.join(folder, name);
    // Where the connection has the file for itself no other one can read it.
    if (isLocalFileSystem(path.dirname(file))) await backUpFileAside(file, target);
    else backUpDatabase((copy) => void database.run("VACUUM INTO ?", copy), target);
    const old = [...new Set([...made, name])].sort().slice(0, -KEPT);
    for (const each of old) rmSync(path.join(folder, each), { force: true });
    logger.info("backed up the database", { file: target });
  }

  return {
    start: () => schedule(firstLookMs),
    async close() {
      isClosed = true;
      if (timer !== null) clearTimeout(timer);
      await making;
    },
  };
}
