/** Where the client keeps what it remembers between runs, shared by the editor and the command line. */
import os from "node:os";
import path from "node:path";

/** `TRAINYARD_STATE` moves it. */
export function defaultStateFolder(): string {
  const moved = process.env.TRAINYARD_STATE;
  if (moved) return path.resolve(moved);
  const base = process.env.XDG_STATE_HOME || path.join(os.homedir(), ".local", "state");
  return path.join(base, "trainyard");
}
