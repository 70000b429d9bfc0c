/** Peak resident memory of a process in MB, as the kernel counts it (Linux). */
import { readFileSync } from "node:fs";

export function peakRssMb(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return (Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1]) * 1024) / 1e6;
}
