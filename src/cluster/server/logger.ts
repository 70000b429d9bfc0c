/** JSON lines on standard error, which is the server's log file. */
import type { Logger } from "./ports.ts";

export function createLogger(
  write: (line: string) => void = (line) => void process.stderr.write(line),
): Logger {
  const log = (level: string) => (message: string, fields?: object) => {
    write(`${JSON.stringify({ time: new Date().toISOString(), level, message, ...fields })}\n`);
  };
  return { info: log("info"), warn: log("warn"), error: log("error") };
}
