/** Where the pool of this machine is: its folder, and the socket that its server answers at. */
import { createHash } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { makeFolder } from "./makeFolder.ts";
import { messageOf, UserError } from "./userError.ts";

/** Paths of Unix sockets end here (sun_path is 108 bytes with its NUL). */
const LONGEST_SOCKET_PATH = 107;

export interface LocalPaths {
  /** The real path of the pool folder: `$TRAINYARD_HOME`, else `~/.trainyard`. */
  home: string;
  /** Where a server that is started listens. */
  socket: string;
  /** Where one may listen that was started in another session: XDG_RUNTIME_DIR is not set in all. */
  otherSockets: string[];
  log: string;
}

/** By the name that the person uses; nothing is made. */
export function poolFolder(home: string | null): string {
  return path.resolve(home ?? (process.env.TRAINYARD_HOME || path.join(os.homedir(), ".trainyard")));
}

/** @throws UserError when the folder cannot be made */
export function localPaths(home: string | null): LocalPaths {
  const wanted = poolFolder(home);
  let folder: string;
  try {
    makeFolder(path.join(wanted, "state"), 0o700);
    // Two names of one folder must lead to one server.
    folder = fs.realpathSync(wanted);
  } catch (error) {
    throw new UserError(
      `The pool folder ${wanted} cannot be used: ${messageOf(error)}.`,
      "Make it writable, or choose another with the setting trainyard.poolFolder or TRAINYARD_HOME.",
    );
  }
  const name = `${createHash("sha256").update(folder).digest("hex").slice(0, 16)}.sock`;
  const [socket = "", ...otherSockets] = socketFolders().map((candidate) => path.join(candidate, name));
  return { home: folder, socket, otherSockets, log: path.join(folder, "state", "server.log") };
}

/** The first is where to listen; /run/user/UID, where the system would have set the variable, is only looked into. */
function socketFolders(): string[] {
  const uid = process.getuid?.() ?? 0;
  const [set, usual] = [process.env.XDG_RUNTIME_DIR, `/run/user/${uid}`].map((folder) =>
    folder !== undefined && isOwn(folder, uid) ? [path.join(folder, "trainyard")] : [],
  );
  return [...new Set([...(set ?? []), `/tmp/trainyard-${uid}`, ...(usual ?? [])])];
}

function isOwn(folder: string, uid: number): boolean {
  // Room for `/trainyard/` and the name.
  if (!path.isAbsolute(folder) || Buffer.byteLength(folder) + 32 > LONGEST_SOCKET_PATH) return false;
  try {
    return fs.statSync(folder).uid === uid;
  } catch {
    return false; // a variable that points nowhere
  }
}
