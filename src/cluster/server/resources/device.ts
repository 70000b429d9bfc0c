import { createHash } from "node:crypto";
import type { SpecSlot } from "../../protocol/runDirectory.ts";

/** One accelerator (or CPU slot) of this host, as the vendor's tool describes it; who holds it is not its matter. */
export interface Device {
  slot: SpecSlot;
  name: string;
  memoryBytes: number | null;
  usedMemoryBytes: number | null;
  /** 0 to 100. */
  utilisation: number | null;
  /** What is wrong with it, or null. */
  problem: string | null;
  /** Processes that compute on it, whoever started them. */
  processes: { pid: number; name: string | null }[];
}
/** `none`: the tool is not there, or finds nothing. */
export type Inventory =
  { kind: "devices"; devices: Device[] } | { kind: "none" } | { kind: "failed"; reason: string };

/** Lease files have one name on a host, whichever server asks: from the device's own id. */
export function leaseName(prefix: string, id: string): string {
  const name = `${prefix}-${id}`;
  if (/^[A-Za-z0-9_.-]{1,120}$/.test(name)) return name;
  return `${prefix}-${createHash("sha256").update(id).digest("hex").slice(0, 40)}`;
}
