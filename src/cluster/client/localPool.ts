/** The pool of this machine: found through its socket, started when nobody answers. It outlives whoever starts it. */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import fs from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { connect, type PoolConnection } from "./connection.ts";
import { findRuntime } from "./runtime.ts";
import { messageOf, UserError } from "./userError.ts";

const START_TIMEOUT_MS = 15_000;
const RIVAL_TIMEOUT_MS = 2_000;
const STOP_TIMEOUT_MS = 10_000;

export interface LocalPaths {
  /** The pool folder: `$TRAINYARD_HOME`, else `~/.trainyard`. */
  home: string;
  socket: string;
  log: string;
}

export interface LocalPoolOptions {
  /** Null: `$TRAINYARD_HOME`, else `~/.trainyard`. */
  home: string | null;
  /** The bundled server (`dist/server.js`) and the folder that holds the Python package. */
  serverScript: string;
  pythonFolder: string;
  /** A Node for the server, or null to look for one. */
  runtimePath: string | null;
  /** Variables for a server that is started (TRAINYARD_CPU_SLOTS, ...), beside this process's own. */
  environment: Record<string, string>;
  client: { name: string; version: string };
}

/** Connects, after starting the server when nobody answers. An older server makes room for ours; trials live on. */
export async function connectLocalPool(options: LocalPoolOptions): Promise<PoolConnection> {
  const paths = localPaths(options.home);
  const open = () => openSocket(paths.socket);
  const first = await tryConnect(open, options);
  if (first !== null) {
    if (!isOlder(first.pool.serverVersion, options.client.version)) return first;
    await stopServer(first, paths.socket);
  }
  await startServer(paths, options);
  const connection = await tryConnect(open, options);
  if (connection === null)
    throw new UserError("The pool server ended as soon as it had started.", lastWords(paths.log));
  return connection;
}

/** @throws UserError when the folder cannot be made */
export function localPaths(home: string | null): LocalPaths {
  const wanted = path.resolve(home ?? process.env.TRAINYARD_HOME ?? path.join(os.homedir(), ".trainyard"));
  let folder: string;
  try {
    makeFolder(path.join(wanted, "state"));
    // Two names of one folder must lead to one server.
    folder = fs.realpathSync(wanted);
  } catch (error) {
    throw new UserError(
      `The pool folder ${wanted} cannot be used: ${messageOf(error)}.`,
      "Make it writable, or choose another with the setting trainyard.poolFolder or TRAINYARD_HOME.",
    );
  }
  const name = `${createHash("sha256").update(folder).digest("hex").slice(0, 16)}.sock`;
  return {
    home: folder,
    socket: path.join(socketFolder(), name),
    log: path.join(folder, "state", "server.log"),
  };
}

/** Not `recursive: true`: on a file system that answers ENOENT to mkdir (/proc) Node would try again without end. */
function makeFolder(folder: string): void {
  if (fs.existsSync(folder)) return;
  if (path.dirname(folder) !== folder) makeFolder(path.dirname(folder));
  try {
    fs.mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}

function socketFolder(): string {
  const runtime = process.env.XDG_RUNTIME_DIR;
  const uid = process.getuid?.() ?? 0;
  if (runtime !== undefined && path.isAbsolute(runtime)) {
    try {
      if (fs.statSync(runtime).uid === uid) return path.join(runtime, "trainyard");
    } catch {
      // a variable that points nowhere
    }
  }
  return `/tmp/trainyard-${uid}`;
}

/** Somebody else's socket in our place is not ours to talk to. */
async function openSocket(socketPath: string): Promise<Duplex> {
  const folder = fs.lstatSync(path.dirname(socketPath));
  if (!folder.isDirectory() || folder.uid !== process.getuid?.() || (folder.mode & 0o077) !== 0) {
    throw new UserError(
      `${path.dirname(socketPath)} is not a folder of yours alone.`,
      "Remove it, or set XDG_RUNTIME_DIR to a folder of your own.",
    );
  }
  return new Promise((resolve, reject) => {
    const socket = net.connect(socketPath);
    socket.once("connect", () => {
      socket.off("error", reject);
      resolve(socket);
    });
    socket.once("error", reject);
  });
}

/** @returns null when nobody answers there */
async function tryConnect(
  open: () => Promise<Duplex>,
  options: LocalPoolOptions,
): Promise<PoolConnection | null> {
  try {
    return await connect(open, options.client);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ECONNREFUSED") return null;
    throw error;
  }
}

async function startServer(paths: LocalPaths, options: LocalPoolOptions): Promise<void> {
  const runtime = await findRuntime(options.runtimePath);
  const log = fs.openSync(paths.log, "a", 0o600);
  // Two windows may start two servers at once: the pool's lock lets one live, and both find its socket.
  const server = spawn(
    runtime.execPath,
    [options.serverScript, "--home", paths.home, "--socket", paths.socket, "--python", options.pythonFolder],
    {
      detached: true,
      stdio: ["ignore", log, log],
      cwd: paths.home,
      env: {
        ...serverEnvironment(),
        ...runtime.environment,
        ...options.environment,
        TRAINYARD_HOME: paths.home,
      },
    },
  );
  fs.closeSync(log);
  let ended: string | null = null;
  server.once("error", (error) => (ended = error.message));
  server.once("exit", (code, signal) => (ended = `it ended with ${signal ?? `code ${code}`}`));
  server.unref();
  let deadline = Date.now() + START_TIMEOUT_MS;
  let isEnding = false;
  while (Date.now() < deadline) {
    if (await canConnect(paths.socket)) return;
    if (ended !== null && !isEnding) {
      // It may have ended because another window's server was faster; that one's socket comes up a moment later.
      isEnding = true;
      deadline = Date.now() + RIVAL_TIMEOUT_MS;
    }
    await sleep(20);
  }
  throw new UserError(
    `The pool server did not start${ended === null ? ` within ${START_TIMEOUT_MS / 1000} s` : `: ${String(ended)}`}.`,
    lastWords(paths.log),
  );
}

async function stopServer(connection: PoolConnection, socket: string): Promise<void> {
  const closed = new Promise<void>((resolve) => connection.onClosed(() => resolve()));
  await connection.call("server/stop", {}).catch(() => undefined);
  await Promise.race([closed, sleep(STOP_TIMEOUT_MS, undefined, { ref: false })]);
  connection.close();
  const deadline = Date.now() + STOP_TIMEOUT_MS;
  while ((await canConnect(socket)) && Date.now() < deadline) await sleep(20);
}

function canConnect(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(socketPath, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

/** What the editor sets for its own processes would lead the server, and every script, astray. */
function serverEnvironment(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).filter(
      (entry): entry is [string, string] =>
        entry[1] !== undefined && !/^(VSCODE_|ELECTRON_|npm_|NODE_OPTIONS$)/.test(entry[0]),
    ),
  );
}

function lastWords(log: string): string {
  try {
    const text = fs.readFileSync(log, "utf8").trimEnd().split("\n").slice(-3).join("\n");
    return `The end of its log (${log}):\n${text}`;
  } catch {
    return `Its log is ${log}.`;
  }
}

/** `0.2.0` is older than `0.10.0`; anything that is no version is not older. */
function isOlder(server: string, client: string): boolean {
  const [a, b] = [server, client].map((version) =>
    /^(\d+)\.(\d+)\.(\d+)/.exec(version)?.slice(1).map(Number),
  );
  if (!a || !b) return false;
  for (let part = 0; part < 3; part++) if (a[part] !== b[part]) return (a[part] ?? 0) < (b[part] ?? 0);
  return false;
}
