/** Processes by /proc: named by pid and start time, found by a run's mark in their environment. Linux only. */
import { readdirSync, readFileSync } from "node:fs";
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";

/** A pid alone is no name: it is used again. `startTicks` is field 22 of /proc/PID/stat. */
export interface ProcessName {
  pid: number;
  startTicks: number;
}
interface ProcessStat extends ProcessName {
  parent: number;
}

const DEAD_STATES = new Set(["Z", "X", "x"]);
const KILL_TIMEOUT_MS = 10_000;
const KILL_PAUSE_MS = 20;
/** Each reads all of /proc. */
const FREEZE_PASSES = 20;

/** Null when there is no such process, or a dead one that nobody has collected yet. */
export function readProcess(pid: number): ProcessStat | null {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, "latin1");
  } catch {
    return null;
  }
  // The name in parentheses may hold parentheses and spaces itself.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const [state, parent, startTicks] = [fields[0] ?? "", Number(fields[1]), Number(fields[19])];
  if (DEAD_STATES.has(state) || !Number.isInteger(startTicks)) return null;
  return { pid, parent, startTicks };
}

export function isAlive(name: ProcessName): boolean {
  return readProcess(name.pid)?.startTicks === name.startTicks;
}

/** Signals a process if it is still the one that was named. */
export function sendSignal(name: ProcessName, signal: NodeJS.Signals): boolean {
  if (!isAlive(name)) return false;
  try {
    process.kill(name.pid, signal);
    return true;
  } catch {
    return false; // gone in this moment, or another account's
  }
}

/** Bears a run's key in the environment of its tree's processes, and of its first supervisor, which is none of the tree. */
const TREE_MARK = "TRAINYARD_RUN_KEY";
export const SUPERVISOR_MARK = "TRAINYARD_SUPERVISES";

/** What carries the run's key in its environment, and the descendants of those. */
export function findMarked(key: string, marks: readonly string[] = [TREE_MARK]): ProcessName[] {
  const all = new Map<number, ProcessStat>();
  for (const name of readdirSync("/proc")) {
    const stat = /^\d+$/.test(name) ? readProcess(Number(name)) : null;
    if (stat !== null && stat.pid !== process.pid) all.set(stat.pid, stat);
  }
  const marked = new Set([...all.keys()].filter((pid) => isMarked(pid, key, marks)));
  for (let grown = true; grown;) {
    grown = false;
    for (const stat of all.values())
      if (!marked.has(stat.pid) && marked.has(stat.parent)) {
        marked.add(stat.pid);
        grown = true;
      }
  }
  return [...marked].flatMap((pid) => all.get(pid) ?? []);
}

function isMarked(pid: number, key: string, marks: readonly string[]): boolean {
  try {
    const environment = readFileSync(`/proc/${pid}/environ`, "latin1").split("\0");
    return marks.some((mark) => environment.includes(`${mark}=${key}`));
  } catch {
    return false; // another account's, or gone
  }
}

/**
 * SIGKILL to everything of a run, also what left its session, and to a supervisor that is stuck or comes too late. All are stopped first, until none is new, so that none can
 * fork away; what forks faster than we look is stopped and killed round after round.
 * @returns how many were hit
 * @throws Error when some are still there after a while (a process in an uninterruptible wait is)
 */
export async function killMarked(key: string): Promise<number> {
  const marks = [TREE_MARK, SUPERVISOR_MARK];
  const hit = new Set<string>();
  const end = Date.now() + KILL_TIMEOUT_MS;
  do {
    const frozen = new Map<number, ProcessName>();
    for (let pass = 0; pass < FREEZE_PASSES; pass++) {
      const fresh = findMarked(key, marks).filter(
        (name) => frozen.get(name.pid)?.startTicks !== name.startTicks,
      );
      if (fresh.length === 0) break;
      for (const name of fresh) {
        sendSignal(name, "SIGSTOP");
        frozen.set(name.pid, name);
      }
      await sleep(0); // others in this process get their turn
    }
    if (frozen.size === 0) return hit.size;
    for (const name of frozen.values()) {
      sendSignal(name, "SIGKILL");
      hit.add(`${name.pid} ${name.startTicks}`);
    }
    await sleep(KILL_PAUSE_MS);
  } while (Date.now() < end);
  throw new Error(`${findMarked(key, marks).length} processes of the run do not end on SIGKILL`);
}

/** A process that was named on another host, or before the last start of this one, is none of those that live here. */
export function isOfThisBoot(name: { host: string; bootId: string }): boolean {
  return name.host === hostname() && name.bootId === bootId();
}

let boot: string | null = null;
/** Changes with every start of the machine. */
export function bootId(): string {
  if (boot === null) {
    try {
      boot = readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
    } catch {
      boot = "unknown";
    }
  }
  return boot;
}
