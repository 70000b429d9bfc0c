/** The slots of this host: what the vendors' tools list, joined with who holds the leases. */
import { readdirSync } from "node:fs";
import { freemem, hostname, totalmem } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import type { Slot, SlotHolder } from "../../protocol/entities.ts";
import { TrialId } from "../../protocol/entities.ts";
import type { Logger, SlotSource } from "../ports.ts";
import { findAmd } from "./amd.ts";
import { findCustom } from "./custom.ts";
import { type Device, type Inventory, leaseName } from "./device.ts";
import { createLeaseReader, type Lease } from "./leases.ts";
import { createFreedCheck, type Verdict } from "./freed.ts";
import { findNvidia } from "./nvidia.ts";

export const DEFAULT_LEASES_FOLDER = "/tmp/trainyard-leases";
/** An answer counts as of this moment for so long. */
const CACHE_MS = 2000;
/** A tool that failed, or hung, is not asked at every turn. */
const FAILURE_CACHE_MS = 30_000;
/** The first answer is waited for, since there is nothing before it; a tool that hangs keeps nobody longer. */
const FIRST_WAIT_MS = 3000;

export interface SlotSourceOptions {
  /** Null: TRAINYARD_LEASES, else the default. */
  leasesFolder: string | null;
  /** Number of CPU slots where there is no accelerator. Null: TRAINYARD_CPU_SLOTS, else 1. */
  cpuSlots: number | null;
  /** The person's own probe, instead of the vendors' tools. */
  probeCommand: string | null;
  /** This pool's folder: its own runs are then named by their trial. */
  pool?: string;
  logger: Logger;
}

export function leasesFolder(set: string | null): string {
  return set ?? (process.env.TRAINYARD_LEASES || DEFAULT_LEASES_FOLDER);
}

export function createSlotSource(options: SlotSourceOptions): SlotSource {
  const { probeCommand, logger } = options;
  const folder = leasesFolder(options.leasesFolder);
  const checkFreed = createFreedCheck();
  let answer: { devices: Device[]; askedAtMs: number; until: number } = {
    devices: [],
    askedAtMs: 0,
    until: 0,
  };
  let asking: Promise<void> | null = null;
  let firstWait: Promise<unknown> | null = null;
  let complaint = "";
  /** As they were when the tools last answered. */
  let known: Device[] = [];

  async function look(): Promise<{ devices: Device[]; failed: boolean }> {
    const found = probeCommand === null ? await findAccelerators() : [await findCustom(probeCommand)];
    const accelerators = found.flatMap((each) => (each.kind === "devices" ? each.devices : []));
    const reasons = found.flatMap((each) => (each.kind === "failed" ? [each.reason] : []));
    const said = reasons.join("; ");
    if (said !== complaint && said !== "") logger.warn("Accelerators cannot be listed", { reasons });
    complaint = said;
    if (accelerators.length > 0) {
      known = accelerators;
      return { devices: [...accelerators, ...reasons.map(unusable)], failed: reasons.length > 0 };
    }
    if (reasons.length === 0) return { devices: cpuDevices(options.cpuSlots), failed: false };
    if (known.length > 0) return { devices: known.map((device) => silent(device, said)), failed: true };
    // A tool that fails where the kernel has no accelerator is a leftover of an installation, not a broken machine.
    const cpus = probeCommand !== null || hasAccelerators() ? [] : cpuDevices(options.cpuSlots);
    return { devices: [...reasons.map(unusable), ...cpus], failed: true };
  }

  /** Null when the last answer is young enough. */
  function news(): Promise<void> | null {
    const askedAtMs = Date.now();
    if (askedAtMs < answer.until) return null;
    asking ??= look()
      .catch((error: unknown) => ({ devices: [unusable(String(error), 0)], failed: true }))
      .then(({ devices, failed }) => {
        answer = { devices, askedAtMs, until: Date.now() + (failed ? FAILURE_CACHE_MS : CACHE_MS) };
        asking = null;
      });
    return asking;
  }

  return {
    read: async () => {
      firstWait ??= Promise.race([news(), sleep(FIRST_WAIT_MS, undefined, { ref: false })]);
      await firstWait;
      const leaseOf = createLeaseReader(folder);
      const slots = answer.devices.map((device) => {
        const lease = leaseOf(device.slot.lease);
        const verdict = checkFreed(device, lease, answer.askedAtMs);
        if (verdict.kind === "occupied" && verdict.isOld) answer.until = 0;
        return describe(device, lease, verdict, options.pool ?? null);
      });
      return { news: news(), slots };
    },
  };
}

async function findAccelerators(): Promise<Inventory[]> {
  const [nvidia, amd] = await Promise.all([findNvidia(), findAmd()]);
  return [nvidia, amd];
}

/** True when the kernel has an accelerator, whatever the tools say. */
function hasAccelerators(): boolean {
  try {
    return readdirSync("/dev").some((name) => /^(nvidia\d+|kfd)$/.test(name));
  } catch {
    return false;
  }
}

function silent(device: Device, problem: string): Device {
  return { ...device, problem, usedMemoryBytes: null, utilisation: null, processes: [] };
}

function unusable(reason: string, index: number): Device {
  return {
    slot: { id: `probe:${index}`, kind: "custom", index, lease: leaseName("probe", String(index)) },
    name: "Accelerators",
    memoryBytes: null,
    usedMemoryBytes: null,
    utilisation: null,
    problem: reason,
    processes: [],
  };
}

function cpuDevices(set: number | null): Device[] {
  const fromEnvironment = Number(process.env.TRAINYARD_CPU_SLOTS);
  const count = set ?? (Number.isInteger(fromEnvironment) && fromEnvironment > 0 ? fromEnvironment : 1);
  return Array.from({ length: Math.min(1024, Math.max(1, count)) }, (_, index) => ({
    slot: { id: `cpu:${index}`, kind: "cpu", index, lease: `cpu-${index}` },
    name: count === 1 ? `CPU of ${hostname()}` : `CPU slot ${index} of ${hostname()}`,
    memoryBytes: totalmem(),
    usedMemoryBytes: totalmem() - freemem(),
    utilisation: null,
    problem: null,
    processes: [],
  }));
}

function describe(device: Device, lease: Lease | null, verdict: Verdict, pool: string | null): Slot {
  const { slot, name, memoryBytes, usedMemoryBytes, utilisation, problem, processes } = device;
  const base = { ...slot, name, memoryBytes, usedMemoryBytes, utilisation, trialId: null, holder: null };
  if (lease !== null) {
    const trial = lease.holder?.run.split(".").slice(0, 2).join(".");
    const isOurs = lease.holder !== null && lease.holder.pool === pool && TrialId.safeParse(trial).success;
    const trialId = isOurs && trial ? trial : null;
    return { ...base, state: "held", detail: holderText(lease), trialId, holder: holderOf(lease) };
  }
  if (problem !== null) return { ...base, state: "unusable", detail: problem };
  if (processes.length > 0) return { ...base, state: "foreign", detail: foreignText(processes) };
  if (verdict.kind === "occupied") return { ...base, state: "foreign", detail: verdict.reason };
  return { ...base, state: "free", detail: null };
}

function holderOf({ holder, silentSinceMs }: Lease): SlotHolder | null {
  if (holder === null) return null;
  const { account, run, pid, since } = holder;
  return { account, run, pid, since: since * 1000, silentSince: silentSinceMs };
}

/** As the server's clock has it: who reads it where, nobody knows. */
function holderText({ holder, silentSinceMs }: Lease): string {
  if (holder === null) return "held by someone who does not say so";
  const since = timeText(holder.since * 1000);
  const time = since === null ? "" : `, since ${since}`;
  const last = silentSinceMs === null ? null : timeText(silentSinceMs);
  const silence = last === null ? "" : `, has not answered since ${last}`;
  return `held by ${holder.account} (run ${holder.run}, process ${holder.pid}${time})${silence}`;
}

function timeText(timeMs: number): string | null {
  const time = new Date(timeMs);
  return Number.isNaN(time.getTime()) ? null : `${time.toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

function foreignText(processes: Device["processes"]): string {
  const names = processes
    .slice(0, 3)
    .map(({ pid, name }) => (name === null ? `process ${pid}` : `${name} (${pid})`));
  const more = processes.length > 3 ? ` and ${processes.length - 3} more` : "";
  return `in use by ${names.join(", ")}${more}, which hold no lease`;
}
