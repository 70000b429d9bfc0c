/**
 * Frees what only forgotten snapshots had, in the background. A snapshot that is being received may lean on objects that
 * no snapshot names any more, so the two never overlap: who receives ends a collection, and it begins again later. That
 * holds for the collection of a server that was killed, too: its git is named in a file.
 */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Logger } from "../ports.ts";
import { isAlive, type ProcessName, readProcess } from "../runs/processes.ts";
import { ended } from "./git.ts";
import type { Repository } from "./repository.ts";

/** Deleting goes by the dozen. */
const QUIET_MS = 2000;

export interface Collector {
  /** After a snapshot was forgotten: soon. */
  plan(): void;
  /** Runs `receive` while nothing is collected. */
  apart<T>(receive: () => Promise<T>): Promise<T>;
  /** Ends a collection; the next one does what it left. */
  close(): Promise<void>;
}

export function createCollector(repository: Repository, logger: Logger, quietMs = QUIET_MS): Collector {
  let isDue = false;
  let isClosed = false;
  let receiving = 0;
  let timer: NodeJS.Timeout | null = null;
  let running: { kill(): void; done: Promise<void> } | null = null;
  const nameFile = path.join(repository.folder, "collecting.json");
  endOrphan(nameFile);

  function schedule(): void {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    if (!isDue || isClosed || receiving > 0 || running !== null) return;
    timer = setTimeout(collect, quietMs);
    timer.unref();
  }

  function collect(): void {
    timer = null;
    isDue = false;
    // Without a search for better deltas: what a run pays for must not be the CPU's time. Then what is in no pack.
    const steps = [
      ["repack", "-a", "-d", "-q", "--window=0", "--threads=1"],
      ["prune", "--expire=now"],
    ];
    let isKilled = false;
    let pid: number | undefined;
    const run = async (): Promise<void> => {
      for (const args of steps) {
        if (isKilled) return;
        const child = repository.git.start(args, { isGroup: true });
        pid = child.pid;
        writeFileSync(nameFile, JSON.stringify(pid === undefined ? null : readProcess(pid)), { mode: 0o600 });
        child.stdin.end();
        child.stdout.resume();
        await ended(child, args);
      }
    };
    const done = run()
      .catch((error: unknown) => {
        if (!isKilled) logger.warn("Forgotten snapshots could not be removed", { error: String(error) });
      })
      .finally(() => {
        rmSync(nameFile, { force: true });
        running = null;
        isDue ||= isKilled;
        schedule();
      });
    running = {
      kill: () => {
        isKilled = true;
        killGroup(pid);
      },
      done,
    };
  }

  async function stop(): Promise<void> {
    running?.kill();
    await running?.done;
  }

  return {
    plan: () => {
      isDue = true;
      schedule();
    },
    apart: async (receive) => {
      receiving++;
      schedule();
      try {
        await stop();
        return await receive();
      } finally {
        receiving--;
        schedule();
      }
    },
    close: async () => {
      isClosed = true;
      schedule();
      await stop();
    },
  };
}

/** What a killed server has left running. */
function endOrphan(nameFile: string): void {
  try {
    const name = JSON.parse(readFileSync(nameFile, "utf8")) as ProcessName | null;
    if (name !== null && isAlive(name)) killGroup(name.pid);
    rmSync(nameFile, { force: true });
  } catch {
    // There was none, or its name was cut off before it had begun.
  }
}

/** git leaves most of the work to a child of its own. Whatever it was at, the repository is whole. */
function killGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, "SIGKILL");
  } catch {
    // it has ended
  }
}
