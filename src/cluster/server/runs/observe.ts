/** What the files of a run, and /proc, say about it now. */
import { hostname } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { SupervisorFile } from "../../protocol/runDirectory.ts";
import type { Logger, RunObservation } from "../ports.ts";
import { isAlive, isOfThisBoot, killMarked } from "./processes.ts";
import { FILES, modifiedAt, readExit, readSpec, readSupervisor } from "./runFolder.ts";
import type { QuickStat } from "./quickStat.ts";
import type { Supervisors } from "./supervisors.ts";

/** This long after spec.json without a supervisor: the server that wrote it did not live to start one. */
const START_TIMEOUT_MS = 30_000;
/** On a shared file system, and before a rename is seen everywhere. */
const RECHECK_MS = 150;
/** Supervisors of other hosts are known by their heartbeat alone (every 5 s). */
const HEARTBEAT_TIMEOUT_MS = 120_000;
/** One of this host that lives and has said nothing for so long hangs, or was stopped. */
const SILENCE_MS = 60_000;
const ADOPT_AGAIN_MS = 10_000;
const CLEAN_WAIT_MS = 500;

/** A folder that is as it was is read again after this all the same: not every file system dates the changes of folders. */
const LOOK_AGAIN_MS = 5000;
/** Two changes that come closer than this may have the same date; where dates are whole seconds, closer than two. */
const SAME_DATE_MS = 100;
const SAME_SECOND_MS = 2000;

interface Memory {
  /** The run's folder as it was when its files were read, and since when it is so; on the clock of performance.now(). */
  folder: { stamp: string; sinceMs: number; mayMissMs: number; readAtMs: number } | null;
  /** supervisor.json as it was read at this mtime and size; on the clock that stands still while the machine sleeps. */
  supervisor: { stamp: string; value: SupervisorFile; seenAtMs: number } | null;
  adoptedAtMs: number;
  /** Another supervisor was started for what is left of it, its script being gone. */
  isTakenOver: boolean;
  firstSeenMs: number;
  end: RunObservation | null;
  complained: boolean;
  cleaning: Promise<void> | null;
  isClean: boolean;
}

export interface Observer {
  observe(runId: string, folder: string): Promise<RunObservation>;
}

/** @param isLaunching true while this process is launching the run: such a run is never lost */
export function createObserver(
  supervisors: Supervisors,
  quickStat: QuickStat,
  isLaunching: (runId: string) => boolean,
  logger: Logger,
): Observer {
  const memories = new Map<string, Memory>();

  function remember(runId: string): Memory {
    let memory = memories.get(runId);
    if (memory === undefined) {
      memory = {
        folder: null,
        supervisor: null,
        adoptedAtMs: 0,
        isTakenOver: false,
        firstSeenMs: Date.now(),
        end: null,
        complained: false,
        cleaning: null,
        isClean: false,
      };
      memories.set(runId, memory);
    }
    return memory;
  }

  /** A file that cannot be read, or is not what it should be, is as if it were not there; said once. */
  async function tolerate<T>(memory: Memory, read: Promise<T | null>): Promise<T | null> {
    try {
      return await read;
    } catch (error) {
      if (!memory.complained) logger.error("A file of a run cannot be read", { error: String(error) });
      memory.complained = true;
      return null;
    }
  }

  async function ended(runId: string, folder: string, memory: Memory): Promise<RunObservation | null> {
    if ((await quickStat(path.join(folder, FILES.exit))) === null) return null;
    const exit = await tolerate(memory, readExit(folder));
    return exit === null ? null : { runId, phase: "ended", exit };
  }

  async function supervisorOf(memory: Memory, folder: string): Promise<SupervisorFile | null> {
    const file = path.join(folder, FILES.supervisor);
    const found = await quickStat(file);
    if (found === null) return (memory.supervisor = null);
    const stamp = `${found.mtimeMs} ${found.size} ${found.ino}`;
    if (memory.supervisor?.stamp === stamp) return memory.supervisor.value;
    const value = await tolerate(memory, readSupervisor(folder));
    if (value !== null) memory.supervisor = { stamp, value, seenAtMs: performance.now() };
    return value;
  }

  /** Each file that says how a run is comes into its folder by a rename, which dates the folder: one question for all of them. */
  async function isAsItWas(runId: string, folder: string, memory: Memory): Promise<boolean> {
    const nowMs = performance.now();
    const found = await quickStat(folder);
    const before = memory.folder;
    const stamp = found === null ? "" : `${found.mtimeMs} ${found.ino}`;
    if (before?.stamp !== stamp) {
      const mayMissMs = (found?.mtimeMs ?? 0) % 1000 === 0 ? SAME_SECOND_MS : SAME_DATE_MS;
      memory.folder = { stamp, sinceMs: nowMs, mayMissMs, readAtMs: nowMs };
      return false;
    }
    const isRead =
      before.readAtMs - before.sinceMs > before.mayMissMs && nowMs - before.readAtMs < LOOK_AGAIN_MS;
    // Of one that has ended a moment ago the last word is awaited.
    if (isRead && found !== null && supervisors.state(runId) !== "ended") return true;
    before.readAtMs = nowMs;
    return false;
  }

  function supervisorLives(runId: string, memory: Memory, file: SupervisorFile): boolean {
    if (supervisors.isRunning(runId, file.pid)) return true;
    if (file.host !== hostname()) return unchangedMs(memory) < HEARTBEAT_TIMEOUT_MS;
    return isOfThisBoot(file) && isAlive(file);
  }

  function unchangedMs({ supervisor }: Memory): number {
    return supervisor === null ? Infinity : performance.now() - supervisor.seenAtMs;
  }

  async function adopt(runId: string, folder: string, memory: Memory): Promise<void> {
    if (supervisors.state(runId) === "alive" || Date.now() - memory.adoptedAtMs < ADOPT_AGAIN_MS) return;
    memory.adoptedAtMs = Date.now();
    try {
      await supervisors.start(runId, folder, {}, true);
    } catch (error) {
      logger.error("A run whose supervisor is gone cannot be adopted", { runId, error: String(error) });
    }
  }

  /** Nothing of a lost run may stay: it would hold its slot, or write beside the run that goes on from it. */
  async function clean(runId: string, folder: string): Promise<void> {
    const spec = await readSpec(folder).catch(() => null);
    if (spec === null) return;
    try {
      const count = await killMarked(spec.key);
      if (count > 0) logger.warn("Ended what a lost run had left", { runId, processes: count });
    } catch (error) {
      logger.error("A lost run has left processes that cannot be ended", { runId, error: String(error) });
    }
  }

  /** @param meanwhile what the run is until nothing of it is left; the other runs do not wait for that */
  async function lost(
    runId: string,
    folder: string,
    memory: Memory,
    meanwhile: RunObservation,
  ): Promise<RunObservation> {
    memory.cleaning ??= clean(runId, folder).then(() => {
      memory.isClean = true;
    });
    await Promise.race([memory.cleaning, sleep(CLEAN_WAIT_MS)]);
    return memory.isClean ? { runId, phase: "lost" } : meanwhile;
  }

  async function look(runId: string, folder: string, memory: Memory): Promise<RunObservation> {
    const isKnown = await isAsItWas(runId, folder, memory);
    const end = isKnown ? null : await ended(runId, folder, memory);
    if (end !== null) return end;
    const supervisor = isKnown ? (memory.supervisor?.value ?? null) : await supervisorOf(memory, folder);
    if (supervisor === null) {
      if (isLaunching(runId) || supervisors.state(runId) === "alive") return { runId, phase: "starting" };
      const since = (await modifiedAt(path.join(folder, FILES.spec))) ?? memory.firstSeenMs;
      const mayStart = supervisors.state(runId) === "unknown" && Date.now() - since < START_TIMEOUT_MS;
      if (mayStart) return { runId, phase: "starting" };
    } else {
      const running: RunObservation = { runId, phase: "running", supervisor, silentSince: null };
      if (supervisorLives(runId, memory, supervisor))
        return unchangedMs(memory) < SILENCE_MS
          ? running
          : { ...running, silentSince: supervisor.heartbeatAt * 1000 };
      if (isOfThisBoot(supervisor) && supervisor.script !== null && isAlive(supervisor.script)) {
        await adopt(runId, folder, memory);
        return running;
      }
      // Once for one whose script is gone too: its children have to go, the end of its output has to be read.
      if (isOfThisBoot(supervisor) && !memory.isTakenOver && supervisors.state(runId) !== "alive") {
        memory.isTakenOver = true;
        memory.adoptedAtMs = 0;
        await adopt(runId, folder, memory);
        return running;
      }
      // Adopting means to write exit.json for what has ended meanwhile, too.
      if (supervisors.state(runId) === "alive") return running;
    }
    // A supervisor that was there a moment ago may have written its last word since we looked for it.
    await sleep(RECHECK_MS);
    const late = await ended(runId, folder, memory);
    if (late !== null) return late;
    if (supervisor === null && (await supervisorOf(memory, folder)) !== null)
      return { runId, phase: "starting" };
    return lost(
      runId,
      folder,
      memory,
      supervisor === null
        ? { runId, phase: "starting" }
        : { runId, phase: "running", supervisor, silentSince: null },
    );
  }

  return {
    observe: async (runId, folder) => {
      const memory = remember(runId);
      if (memory.end !== null) return memory.end;
      const observation = await look(runId, folder, memory);
      if (observation.phase === "ended" || observation.phase === "lost") memory.end = observation;
      return observation;
    },
  };
}
