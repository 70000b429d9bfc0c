/** The pool of this machine: found through its socket, started when nobody answers. */
import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import type { Duplex } from "node:stream";
import { connect, type PoolConnection } from "./connection.ts";
import { localPaths } from "./localPaths.ts";
import { PoolCallError } from "./poolCallError.ts";
import { lastWords, type ServerProgram, startServer, stopServer } from "./serverProcess.ts";
import { requireNotElsewhere } from "./poolOwner.ts";
import { UserError } from "./userError.ts";
import { isOlder } from "./versions.ts";

export interface LocalPoolOptions extends ServerProgram {
  /** Null: `$TRAINYARD_HOME`, else `~/.trainyard`. */
  home: string | null;
  client: { name: string; version: string };
}

/** Connects, after starting the server when nobody answers. An older server makes room for ours; trials live on. */
export async function connectLocalPool(options: LocalPoolOptions): Promise<PoolConnection> {
  return (await openLocalPool(options)).connection;
}

/** The same, and at which socket: for a client at the other end of an SSH connection. */
export async function openLocalPool(
  options: LocalPoolOptions,
): Promise<{ connection: PoolConnection; socket: string }> {
  const paths = localPaths(options.home);
  for (const socket of [paths.socket, ...paths.otherSockets]) {
    const found = await tryConnect(socket, options).catch((error: unknown) => {
      // Another account may have made a folder of that name: that must not keep us from our own.
      if (socket === paths.socket || error instanceof PoolCallError) throw error;
      return null;
    });
    if (found === null) continue;
    if (!isOlder(found.pool.serverVersion, options.client.version)) return { connection: found, socket };
    await stopServer(found, socket);
    break;
  }
  requireNotElsewhere(paths.home);
  await startServer(paths, options);
  const connection = await tryConnect(paths.socket, options);
  if (connection === null)
    throw new UserError("The pool server ended as soon as it had started.", lastWords(paths.log));
  return { connection, socket: paths.socket };
}

/** @returns null when nobody answers there, or somebody who is just leaving */
async function tryConnect(socketPath: string, options: LocalPoolOptions): Promise<PoolConnection | null> {
  try {
    return await connect(() => openSocket(socketPath), options.client);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (["ENOENT", "ENOTDIR", "ECONNREFUSED", "ECONNRESET", "EPIPE"].includes(code ?? "")) return null;
    if (error instanceof PoolCallError && error.reason === "disconnected") return null;
    throw error;
  }
}

/** Somebody else's socket in our place is not ours to talk to. */
export async function openSocket(socketPath: string): Promise<Duplex> {
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
