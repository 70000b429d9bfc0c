/** Copies of pool.sqlite, whole or not there: written under another name, on the disk before they get their own. */
import { chmodSync, closeSync, fsyncSync, openSync, renameSync, rmSync } from "node:fs";
import path from "node:path";
import { Worker } from "node:worker_threads";

/**
 * Of the database as it is at one moment, in a file that is there afterwards whatever happens.
 * @param vacuumInto runs `VACUUM INTO` on its connection
 * @param target replaced
 */
export function backUpDatabase(vacuumInto: (file: string) => void, target: string): void {
  const temporary = temporaryOf(target);
  rmSync(temporary, { force: true });
  try {
    vacuumInto(temporary);
    publish(temporary, target);
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** Of the file of another connection, in another thread: a large database takes seconds, for which a server must not stand still. */
export async function backUpFileAside(file: string, target: string): Promise<void> {
  const temporary = temporaryOf(target);
  rmSync(temporary, { force: true });
  try {
    await new Promise<void>((resolve, reject) => {
      const worker = new Worker(COPY, { eval: true, workerData: { file, temporary } });
      worker.once("error", reject);
      worker.once("exit", (code) => {
        if (code === 0) resolve();
        else reject(new Error(`the copy of ${file} ended with ${code}`));
      });
      worker.unref();
    });
    publish(temporary, target);
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** A program of its own, since the server is one bundle. */
const COPY = `
const { DatabaseSync } = require("node:sqlite");
const { file, temporary } = require("node:worker_threads").workerData;
const database = new DatabaseSync(file, { readOnly: true });
database.exec("PRAGMA busy_timeout = 5000;");
database.prepare("VACUUM INTO ?").run(temporary);
database.close();
`;

const temporaryOf = (target: string): string => `${target}.${process.pid}.tmp`;

function publish(temporary: string, target: string): void {
  chmodSync(temporary, 0o600);
  sync(temporary);
  renameSync(temporary, target);
  sync(path.dirname(target));
}

function sync(entry: string): void {
  const fd = openSync(entry, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
