/** The command line and environment of the server. */
import path from "node:path";
import { parseArgs } from "node:util";
import { leasesFolder } from "./resources/slotSource.ts";

export interface ServerOptions {
  /** Absolute path of the pool folder. */
  home: string;
  /** Absolute path of the Unix socket. */
  socket: string;
  /** Absolute path of the folder that holds the Python package `trainyard`. */
  pythonFolder: string;
  /** Absolute path of the host-wide leases. */
  leases: string;
  /** CPU slots where there is no accelerator; null for the default. */
  cpuSlots: number | null;
  /** Lists the accelerators instead of the vendors' tools. */
  probeCommand: string | null;
}

export const USAGE = "usage: node server.js --home DIR --socket PATH --python DIR";
const MAX_CPU_SLOTS = 1024;

/** @throws Error that says what is missing */
export function readOptions(args: readonly string[], environment: NodeJS.ProcessEnv): ServerOptions {
  const { values } = parseArgs({
    args: [...args],
    options: { home: { type: "string" }, socket: { type: "string" }, python: { type: "string" } },
  });
  const { home, socket, python } = values;
  if (home === undefined || socket === undefined || python === undefined)
    throw new Error("--home, --socket and --python are all needed");
  return {
    home: path.resolve(home),
    socket: path.resolve(socket),
    pythonFolder: path.resolve(python),
    leases: path.resolve(leasesFolder(environment.TRAINYARD_LEASES || null)),
    cpuSlots: readCount("TRAINYARD_CPU_SLOTS", environment.TRAINYARD_CPU_SLOTS),
    probeCommand: environment.TRAINYARD_PROBE_COMMAND || null,
  };
}

function readCount(name: string, text: string | undefined): number | null {
  if (text === undefined || text === "") return null;
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > MAX_CPU_SLOTS)
    throw new Error(`${name} is "${text}", not a whole number from 1 to ${MAX_CPU_SLOTS}`);
  return count;
}
