/** `<pool>/state/lock`: the one server, of all hosts that may share the folder, that it belongs to. */
import * as z from "zod";

/** The line of the server's log, a JSON object with `error` and perhaps `remedy`, that says why it did not start. */
export const COULD_NOT_START = "could not start";

/** A process, among those of all these hosts. */
export const Identity = z.object({
  host: z.string(),
  bootId: z.string(),
  /** Containers of one host count their processes apart. */
  pidNamespace: z.string(),
  pid: z.number().int().positive(),
  startTicks: z.number().int(),
});
export type Identity = z.infer<typeof Identity>;

export const PoolLockFile = Identity.extend({ heartbeatAtMs: z.number() });
export type PoolLockFile = z.infer<typeof PoolLockFile>;

/** Of a process elsewhere only its heartbeat can be seen; clocks may differ by minutes. */
export const STALE_ELSEWHERE_MS = 10 * 60_000;

export function isSame(a: Identity, b: Identity): boolean {
  return (
    a.host === b.host &&
    a.bootId === b.bootId &&
    a.pidNamespace === b.pidNamespace &&
    a.pid === b.pid &&
    a.startTicks === b.startTicks
  );
}
