/**
 * Whether anybody had to wait: the server has one event loop, and what keeps it busy for longer than 50 ms is said in its log,
 * with what it was.
 */
import type { CallContext, Handlers, Logger } from "./ports.ts";

/** Nobody notices less. */
export const LONGEST_TURN_MS = 50;
/** How often the loop is looked at for what nobody has named: seldom, for each look wakes an idle machine. */
const LOOK_MS = 100;

/** Does it at once. Its time until it returns (a promise: until it waits for the first time) is that of this turn. */
export type Timed = <T>(what: string, work: () => T) => T;

export interface LoopWatch {
  timed: Timed;
  /** The longest turn so far that this process itself worked through, in milliseconds. */
  longestMs(): number;
  end(): void;
}

export function watchLoop(logger: Logger): LoopWatch {
  let longestMs = 0;
  let lookedAt = performance.now();
  let namedUntil = 0;
  let cpuMs = usedMs();

  const timer = setInterval(() => {
    const now = performance.now();
    const lateMs = now - lookedAt - LOOK_MS;
    const cpuBefore = cpuMs;
    cpuMs = usedMs();
    const ranMs = Math.min(lateMs, cpuMs - cpuBefore);
    // What was named is said already. On a machine that slept, or is busy with others, it was not this process that ran.
    if (ranMs > LONGEST_TURN_MS && namedUntil < lookedAt) {
      longestMs = Math.max(longestMs, ranMs);
      logger.warn("the server was busy: others waited", {
        what: "unknown",
        ms: rounded(lateMs),
        cpuMs: rounded(cpuMs - cpuBefore),
      });
    }
    lookedAt = now;
  }, LOOK_MS);
  timer.unref();

  return {
    timed(what, work) {
      const startedAt = performance.now();
      const cpuBefore = usedMs();
      try {
        return work();
      } finally {
        const endedAt = performance.now();
        const ms = endedAt - startedAt;
        if (ms > LONGEST_TURN_MS) {
          const turnCpuMs = usedMs() - cpuBefore;
          longestMs = Math.max(longestMs, Math.min(ms, turnCpuMs));
          namedUntil = endedAt;
          // Much less CPU than time: the disk was slow, or the machine busy with others.
          logger.warn("the server was busy: others waited", {
            what,
            ms: rounded(ms),
            cpuMs: rounded(turnCpuMs),
          });
        }
      }
    },
    longestMs: () => longestMs,
    end: () => clearInterval(timer),
  };
}

/** Handlers that are timed by the names of their methods. */
export function timedHandlers(handlers: Handlers, timed: Timed): Handlers {
  const entries = Object.entries(handlers) as [string, (params: never, context: CallContext) => unknown][];
  return Object.fromEntries(
    entries.map(([method, handle]) => [
      method,
      (params: never, context: CallContext) => timed(method, () => handle(params, context)),
    ]),
  ) as unknown as Handlers;
}

/** Of the CPU until now, in milliseconds: by this thread, or by the process where Node (before 23.9) does not tell. */
function usedMs(): number {
  const { user, system } = process.threadCpuUsage?.() ?? process.cpuUsage();
  return (user + system) / 1000;
}

function rounded(ms: number): number {
  return Math.round(ms);
}
