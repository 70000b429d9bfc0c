/** On which of this host's loopback ports a run's processes listen: what a TensorBoard or a notebook serves. Linux only. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import type { RunPort } from "../../protocol/methods.ts";
import { findMarked } from "./processes.ts";

const LISTENING = "0A";
/** What a connection to 127.0.0.1 reaches, as the kernel writes it: itself, and what listens on every address. */
const REACHED = new Set(["0100007F", "00000000", "0".repeat(32), "0000000000000000FFFF00000100007F"]);
const TABLES = ["/proc/net/tcp", "/proc/net/tcp6"];

/** @param key of the run (RunSpec) @returns by port, each once */
export function portsOf(key: string): RunPort[] {
  const listening = TABLES.reduce((all, table) => new Map([...all, ...readTable(textOf(table))]), new Map<string, number>()); // prettier-ignore
  const ports = new Map<number, RunPort>();
  for (const { pid } of findMarked(key))
    for (const socket of socketsOf(pid)) {
      const port = listening.get(socket);
      if (port !== undefined && !ports.has(port))
        ports.set(port, { port, process: textOf(`/proc/${pid}/comm`).trim() });
    }
  return [...ports.values()].sort((a, b) => a.port - b.port);
}

/** @returns ports by the inode of the socket that listens there */
export function readTable(text: string): Map<string, number> {
  const found = new Map<string, number>();
  for (const line of text.split("\n").slice(1)) {
    // sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode ...
    const [, local = "", , state, , , , , , inode = ""] = line.trim().split(/ +/);
    const [address = "", port = ""] = local.split(":");
    if (state === LISTENING && REACHED.has(address)) found.set(inode, parseInt(port, 16));
  }
  return found;
}

/** Inodes of the sockets that a process has open. */
function socketsOf(pid: number): string[] {
  const folder = `/proc/${pid}/fd`;
  try {
    return readdirSync(folder).flatMap((name) => {
      const [, inode] = /^socket:\[(\d+)\]$/.exec(linkOf(`${folder}/${name}`)) ?? [];
      return inode === undefined ? [] : [inode];
    });
  } catch {
    return []; // gone in this moment, or not ours to see
  }
}

function linkOf(file: string): string {
  try {
    return readlinkSync(file);
  } catch {
    return "";
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "latin1");
  } catch {
    return "";
  }
}
