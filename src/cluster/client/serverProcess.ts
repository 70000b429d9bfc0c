/** Starting and stopping the pool server of this machine. It is detached: it outlives whoever starts it. */
import { type ChildProcess, spawn } from "node:child_process";
import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod";
import { COULD_NOT_START } from "../protocol/poolLock.ts";
import type { PoolConnection } from "./connection.ts";
import type { LocalPaths } from "./localPaths.ts";
import { findRuntime } from "./runtime.ts";
import { messageOf, UserError } from "./userError.ts";

const START_TIMEOUT_MS = 15_000;
const RIVAL_TIMEOUT_MS = 2_000;
const STOP_TIMEOUT_MS = 10_000;
const POLL_MS = 20;
const LONGEST_LOG_BYTES = 10 * 1024 * 1024;
/** More than what may be left in the last block of a file. */
const PROBE_BYTES = 64 * 1024;
const LAST_WORDS_BYTES = 4096;
const LAST_WORDS_LINES = 3;

export interface ServerProgram {
  /** The bundled server (`dist/server.js`) and the folder that holds the Python package. */
  serverScript: string;
  pythonFolder: string;
  /** A Node for the server, or null to look for one. */
  runtimePath: string | null;
  /** Variables for a server that is started (TRAINYARD_CPU_SLOTS, ...), beside this process's own. */
  environment: Record<string, string>;
}

/** Returns when somebody answers at the socket. @throws UserError with the last lines of the server's log */
export async function startServer(paths: LocalPaths, program: ServerProgram): Promise<void> {
  // Two windows may start two servers at once: the pool's lock lets one live, and both find its socket.
  const begunAt = Date.now();
  const server = await spawnServer(paths, program);
  let ended: string | null = null;
  server.once("error", (error) => (ended = error.message));
  server.once("exit", (code, signal) => (ended = `it ended with ${signal ?? `code ${code}`}`));
  server.unref();
  let deadline = Date.now() + START_TIMEOUT_MS;
  let isEnding = false;
  while (Date.now() < deadline) {
    if (await isAnswered(paths.socket)) return;
    if (ended !== null && !isEnding) {
      // It may have ended because another window's server was faster; that one's socket comes up a moment later.
      isEnding = true;
      deadline = Date.now() + RIVAL_TIMEOUT_MS;
    }
    await sleep(POLL_MS);
  }
  requireRoom(paths.home);
  const why = whyNotStarted(paths.log, begunAt);
  if (why !== null) throw new UserError(`The pool server did not start: ${why.error}`, why.remedy ?? null);
  throw new UserError(
    `The pool server did not start${ended === null ? ` within ${START_TIMEOUT_MS / 1000} s` : `: ${String(ended)}`}.`,
    lastWords(paths.log),
  );
}

/** A full disk has no room for the log to say so. @throws UserError where nothing more can be written */
function requireRoom(home: string): void {
  const probe = path.join(home, "state", `room-${process.pid}`);
  try {
    fs.writeFileSync(probe, Buffer.alloc(PROBE_BYTES, 1), { mode: 0o600 });
  } catch (error) {
    if (!["ENOSPC", "EDQUOT"].includes((error as NodeJS.ErrnoException).code ?? "")) return;
    throw new UserError(
      `The pool server did not start: the disk or the quota of ${home} is full.`,
      "Free some of it, or choose another pool folder. What trains there trains on.",
    );
  } finally {
    fs.rmSync(probe, { force: true });
  }
}

/** Returns when nobody answers any more. The trials live on. */
export async function stopServer(connection: PoolConnection, socket: string): Promise<void> {
  const closed = new Promise<void>((resolve) => connection.onClosed(() => resolve()));
  await connection.call("server/stop", {}, { timeoutMs: STOP_TIMEOUT_MS }).catch(() => undefined);
  await Promise.race([closed, sleep(STOP_TIMEOUT_MS, undefined, { ref: false })]);
  connection.close();
  const deadline = Date.now() + STOP_TIMEOUT_MS;
  while ((await isAnswered(socket)) && Date.now() < deadline) await sleep(POLL_MS);
}

export function lastWords(log: string): string {
  const lines = lastLines(log, LAST_WORDS_LINES);
  return lines === null ? `Its log is ${log}.` : `The end of its log (${log}):\n${lines.join("\n")}`;
}

/** @returns null where the log cannot be read */
function lastLines(log: string, count: number): string[] | null {
  try {
    const fd = fs.openSync(log, "r");
    try {
      const { size } = fs.fstatSync(fd);
      const bytes = Buffer.alloc(Math.min(size, LAST_WORDS_BYTES));
      fs.readSync(fd, bytes, 0, bytes.length, size - bytes.length);
      return bytes.toString("utf8").trimEnd().split("\n").slice(-count);
    } finally {
      fs.closeSync(fd);
    }
  } catch {
    return null;
  }
}

const LastWord = z.object({
  time: z.string(),
  message: z.literal(COULD_NOT_START),
  error: z.string(),
  remedy: z.string().optional(),
});

/** What the server that was started at that time has written of it, if it could. */
function whyNotStarted(log: string, begunAt: number): z.infer<typeof LastWord> | null {
  for (const line of (lastLines(log, LAST_WORDS_LINES) ?? []).reverse()) {
    try {
      const said = LastWord.parse(JSON.parse(line));
      if (Date.parse(said.time) >= begunAt) return said;
    } catch {
      // another line
    }
  }
  return null;
}

async function spawnServer(paths: LocalPaths, program: ServerProgram): Promise<ChildProcess> {
  const { execPath, environment } = await findRuntime(program.runtimePath);
  const log = openLog(paths.log);
  try {
    return spawn(
      execPath,
      [
        program.serverScript,
        "--home",
        paths.home,
        "--socket",
        paths.socket,
        "--python",
        program.pythonFolder,
      ],
      {
        detached: true,
        stdio: ["ignore", log, log],
        cwd: paths.home,
        env: { ...ownEnvironment(), ...environment, ...program.environment, TRAINYARD_HOME: paths.home },
      },
    );
  } finally {
    fs.closeSync(log);
  }
}

function openLog(file: string): number {
  try {
    if ((fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0) > LONGEST_LOG_BYTES)
      fs.renameSync(file, `${file}.1`);
    return fs.openSync(file, "a", 0o600);
  } catch (error) {
    throw new UserError(
      `The pool server's log cannot be written: ${messageOf(error)}.`,
      "Make the pool folder writable, or choose another with the setting trainyard.poolFolder or TRAINYARD_HOME.",
    );
  }
}

/** What the editor sets for its own processes would lead the server, and every script, astray. */
function ownEnvironment(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).filter(
      (entry): entry is [string, string] =>
        entry[1] !== undefined && !/^(VSCODE_|ELECTRON_|npm_|NODE_OPTIONS$)/.test(entry[0]),
    ),
  );
}

function isAnswered(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(socketPath, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
