/** Which process this is, among those of all hosts that may share a folder. */
import fs from "node:fs";
import os from "node:os";
import type { Identity } from "../protocol/poolLock.ts";
import { bootId, readProcess } from "./runs/processes.ts";

export function self(): Identity {
  return {
    host: os.hostname(),
    bootId: bootId(),
    pidNamespace: pidNamespace(),
    pid: process.pid,
    startTicks: startTicks(process.pid) ?? 0,
  };
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
