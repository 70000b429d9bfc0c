/** The command `trainyard`: joins the terminal, the pools and the commands. */
import path from "node:path";
import { openPool } from "../client/pools/openPool.ts";
import { defaultStateFolder } from "../client/stateFolder.ts";
import { messageOf, UserError } from "../client/userError.ts";
import { EXIT, UnreachableError, type Connect } from "./command.ts";
import { terminalQuestions } from "./questions.ts";
import { runCommandLine } from "./run.ts";

declare const __VERSION__: string | undefined;
const VERSION = typeof __VERSION__ === "undefined" ? "0.0.0" : __VERSION__;

/** The server, the host program and the Python package lie beside the bundle. */
const connect: Connect = async (pool, context) => {
  const client = { name: "trainyard command line", version: VERSION };
  try {
    return await openPool(pool, {
      local: {
        home: null,
        serverScript: path.join(__dirname, "server.js"),
        pythonFolder: path.join(__dirname, "python"),
        runtimePath: process.env.TRAINYARD_NODE || null,
        environment: {},
        client,
      },
      ssh: {
        stateFolder: defaultStateFolder(),
        dist: __dirname,
        client,
        questions: terminalQuestions(context),
        memory: new Map(),
        signal: context.signal,
      },
    });
  } catch (error) {
    const remedy = error instanceof UserError ? error.remedy : null;
    throw new UnreachableError(`The pool cannot be reached: ${messageOf(error)}`, remedy, { cause: error });
  }
};

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
runCommandLine(process.argv.slice(2), terminal, connect, VERSION).then(exit, (error: unknown) => {
  process.stderr.write(`trainyard: ${messageOf(error)}\n`);
  exit(EXIT.failed);
});
