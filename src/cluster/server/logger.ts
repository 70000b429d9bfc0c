/** JSON lines on standard error, which is the server's log file. */
import { writeSync } from "node:fs";
import type { Logger } from "./ports.ts";

/** What goes wrong again and again (a full disk, many times a second) is said once in this time. */
const REPEAT_MS = 30_000;
const REMEMBERED = 1000;

let unwritten = 0;
/** Not by process.stderr: a full disk would end its stream, and with it the server. What had no room is counted. */
function writeToStandardError(line: string): void {
  try {
    if (unwritten > 0)
      writeSync(2, `{"level":"warn","message":"lines of this log had no room","lines":${unwritten}}\n`);
    unwritten = 0;
    writeSync(2, line);
  } catch {
    unwritten++;
  }
}

export function createLogger(write: (line: string) => void = writeToStandardError): Logger {
  const saidAt = new Map<string, number>();

  function isRepeated(line: string): boolean {
    const now = Date.now();
    if (now - (saidAt.get(line) ?? -Infinity) < REPEAT_MS) return true;
    if (saidAt.size >= REMEMBERED) saidAt.clear();
    saidAt.set(line, now);
    return false;
  }

  const log = (level: string) => (message: string, fields?: object) => {
    const text = JSON.stringify({ level, message, ...fields });
    if (level !== "info" && isRepeated(text)) return;
    write(`{"time":"${new Date().toISOString()}",${text.slice(1)}\n`);
  };
  return { info: log("info"), warn: log("warn"), error: log("error") };
}
