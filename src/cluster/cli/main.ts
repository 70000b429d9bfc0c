/** The command `trainyard`: joins the terminal, the pools and the commands. */
import { messageOf } from "../client/userError.ts";
import { EXIT } from "./command.ts";
import { poolAccess } from "./poolAccess.ts";
import { runCommandLine } from "./run.ts";

declare const __VERSION__: string | undefined;
const VERSION = typeof __VERSION__ === "undefined" ? "0.0.0" : __VERSION__;

/** What was written is seen before the process ends, also through a slow pipe. */
function exit(code: number): void {
  process.stdout.write("", () => process.stderr.write("", () => process.exit(code)));
}

const interrupted = new AbortController();
process.on("SIGINT", () => {
  if (interrupted.signal.aborted) process.exit(EXIT.interrupted);
  interrupted.abort();
});
// The reader of a pipe (`head`) may leave early.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(EXIT.ok);
  throw error;
});

const terminal = {
  stdout: process.stdout,
  stderr: process.stderr,
  stdin: process.stdin,
  environment: process.env,
  cwd: process.cwd(),
  signal: interrupted.signal,
};
const access = poolAccess({ dist: __dirname, version: VERSION });
runCommandLine(process.argv.slice(2), terminal, access, VERSION).then(exit, (error: unknown) => {
  process.stderr.write(`trainyard: ${messageOf(error)}\n`);
  exit(EXIT.failed);
});
