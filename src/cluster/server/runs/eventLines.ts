/** Lines of event files, as they were written, to events. Pure. */
import { MAX_EVENT_LINE_BYTES, RunEvent } from "../../protocol/runDirectory.ts";

/** @returns null for a line that is not an event of docs/run-directory.md */
export function parseEventLine(line: string): RunEvent | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return null;
  }
  const plain = plainMetrics(value);
  if (plain !== null) return plain;
  try {
    const parsed = RunEvent.safeParse(value);
    return parsed.success ? parsed.data : null;
  } catch {
    return null; // nested so deeply that the stack ends
  }
}

/**
 * Splits what was read into whole lines.
 * @returns `consumed`: the bytes up to and with the last newline, or all of them when they hold no newline and are more
 *   than a line may be (the rest of that line is then skipped as well: it will not parse)
 */
export function splitLines(bytes: Buffer): { lines: string[]; tooLong: number; consumed: number } {
  const end = bytes.lastIndexOf(0x0a);
  if (end < 0) {
    const isTooLong = bytes.byteLength > MAX_EVENT_LINE_BYTES;
    return { lines: [], tooLong: isTooLong ? 1 : 0, consumed: isTooLong ? bytes.byteLength : 0 };
  }
  const lines: string[] = [];
  let tooLong = 0;
  let start = 0;
  while (start <= end) {
    const stop = bytes.indexOf(0x0a, start);
    if (stop - start > MAX_EVENT_LINE_BYTES) tooLong++;
    else if (stop > start) lines.push(bytes.toString("utf8", start, stop));
    start = stop + 1;
  }
  return { lines, tooLong, consumed: end + 1 };
}

/** The line that nearly all lines are, checked by hand: the schema costs several times as much as the rest of reading. */
function plainMetrics(value: unknown): Extract<RunEvent, { type: "metrics" }> | null {
  if (typeof value !== "object" || value === null) return null;
  const { type, seq, t, group, step, values } = value as Record<string, unknown>;
  if (type !== "metrics" || typeof group !== "string" || !PLAIN_GROUP.test(group)) return null;
  // JSON has no infinity, but 1e999.
  if (typeof seq !== "number" || !Number.isSafeInteger(seq) || seq < 1) return null;
  if (typeof t !== "number" || !Number.isFinite(t)) return null;
  if (typeof step !== "number" || !Number.isFinite(step)) return null;
  if (typeof values !== "object" || values === null || Array.isArray(values)) return null;
  for (const name in values) {
    const one = (values as Record<string, unknown>)[name];
    if (typeof one !== "number" || !Number.isFinite(one)) return null;
    if (!PLAIN_NAME.test(name) || name === "__proto__") return null;
  }
  return { seq, t, type, group, step, values: values as Record<string, number> };
}
const PLAIN_GROUP = /^[A-Za-z0-9_/@ -]{1,64}$/;
const PLAIN_NAME = /^[A-Za-z0-9_./@ -]{1,250}$/;
