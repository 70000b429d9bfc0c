/** `state/lost+found/<time>/`: where a repair moves what it takes away, since it may be the only copy. */
import { appendFileSync, mkdirSync, renameSync } from "node:fs";
import path from "node:path";

export interface LostAndFound {
  /** Moves a file or folder of the pool here, under its own path. Nothing when it is gone already. */
  take(relative: string): void;
  /** Keeps a row of a table, as one line of JSON. */
  keepRow(table: string, row: object): void;
  /** Absolute; null while nothing was taken. */
  folder(): string | null;
}

export function createLostAndFound(home: string, now = new Date()): LostAndFound {
  const base = path.join(home, "state", "lost+found", now.toISOString().replace(/[:.]/g, "-"));
  let isUsed = false;

  function at(relative: string): string {
    const target = path.join(base, relative);
    mkdirSync(path.dirname(target), { recursive: true, mode: 0o700 });
    isUsed = true;
    return target;
  }

  return {
    take(relative) {
      const target = at(relative);
      for (let number = 0; ; number++)
        try {
          renameSync(path.join(home, relative), number === 0 ? target : `${target}.${number}`);
          return;
        } catch (error) {
          const { code } = error as NodeJS.ErrnoException;
          if (code === "ENOENT") return;
          if (code !== "ENOTEMPTY" && code !== "EEXIST") throw error;
        }
    },
    keepRow(table, row) {
      appendFileSync(at(`${table}.jsonl`), `${JSON.stringify(row)}\n`, { mode: 0o600, flush: true });
    },
    folder: () => (isUsed ? base : null),
  };
}
