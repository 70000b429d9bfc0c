/** Which process this is, among those of all hosts that may share a folder. */
import fs from "node:fs";
import os from "node:os";
import * as z from "zod";
import { bootId, readProcess } from "./runs/processes.ts";

export const Identity = z.object({
  host: z.string(),
  bootId: z.string(),
  /** Containers of one host count their processes apart. */
  pidNamespace: z.string(),
  pid: z.number().int().positive(),
  startTicks: z.number().int(),
});
export type Identity = z.infer<typeof Identity>;

export function self(): Identity {
  return {
    host: os.hostname(),
    bootId: bootId(),
    pidNamespace: pidNamespace(),
    pid: process.pid,
    startTicks: startTicks(process.pid) ?? 0,
  };
}

export function isSame(a: Identity, b: Identity): boolean {
  return (
    a.host === b.host &&
    a.bootId === b.bootId &&
    a.pidNamespace === b.pidNamespace &&
    a.pid === b.pid &&
    a.startTicks === b.startTicks
  );
}

/** `elsewhere` cannot be looked at from here; `rebooted` has our host's name and another start of the machine. */
export function whereabouts(process: Identity): "running" | "gone" | "elsewhere" | "rebooted" {
  const here = self();
  if (process.host !== here.host) return "elsewhere";
  if (process.bootId !== here.bootId) return "rebooted";
  if (process.pidNamespace !== here.pidNamespace) return "elsewhere";
  return startTicks(process.pid) === process.startTicks ? "running" : "gone";
}

function pidNamespace(): string {
  try {
    return fs.readlinkSync("/proc/self/ns/pid");
  } catch {
    return "";
  }
}

/** Null for no process and for a zombie. Elsewhere than on Linux 0 for a living process. */
function startTicks(pid: number): number | null {
  if (process.platform === "linux") return readProcess(pid)?.startTicks ?? null;
  try {
    process.kill(pid, 0);
    return 0;
  } catch {
    return null;
  }
}
