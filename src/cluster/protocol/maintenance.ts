/**
 * What a person has done to a pool's files as a whole: checked, repaired, backed up. The pool's own program does it on its
 * host, beside the server or without one (`node server.js maintain`): the first line of its standard input is the request,
 * each line of its standard output one of these. The end of its standard input cancels.
 */
import * as z from "zod";
import { PoolPath } from "./base.ts";

export const MaintenanceRequest = z.discriminatedUnion("verb", [
  z.object({
    verb: z.literal("check"),
    /** The pool folder. */
    home: PoolPath,
    /** Also reads all content: digests of checkpoints, every point of every curve, every object of the snapshots. */
    full: z.boolean(),
    /** Stops the server, if there is one, and repairs what is found. Training goes on. */
    repair: z.boolean(),
  }),
  z.object({ verb: z.literal("backup"), home: PoolPath, folder: PoolPath }),
]);
export type MaintenanceRequest = z.infer<typeof MaintenanceRequest>;
export type Verb = MaintenanceRequest["verb"];

export const Finding = z.object({
  check: z.string(),
  /** One sentence. */
  what: z.string(),
  /** A path in the pool folder, or a row of its database. */
  where: z.string(),
  /** `error`: something is lost or wrong; `warning`: nothing is, but it is in the way. */
  severity: z.enum(["error", "warning"]),
  /** What repairing does; null where nothing can be done. */
  repair: z.string().nullable(),
});
export type Finding = z.infer<typeof Finding>;

export const Counts = z.object({
  experiments: z.number(),
  trials: z.number(),
  runs: z.number(),
  checkpoints: z.number(),
});
export type Counts = z.infer<typeof Counts>;

export const CheckReport = z.object({
  home: z.string(),
  full: z.boolean(),
  /** What was looked at. */
  counts: Counts,
  /** What is wrong, or still is after a repair. */
  findings: z.array(Finding),
  /** What was repaired, with what was done. */
  repaired: z.array(Finding.extend({ done: z.string() })),
  /** Where is what a repair took away; null when it took nothing. */
  lostAndFound: z.string().nullable(),
  /** A server was stopped for the repair. */
  hasStopped: z.boolean(),
});
export type CheckReport = z.infer<typeof CheckReport>;

export const BackupReport = z.object({
  folder: z.string(),
  counts: Counts,
  /** Copied now, linked now (they take no room), and there already. */
  copiedBytes: z.number(),
  linkedBytes: z.number(),
  keptBytes: z.number(),
  seconds: z.number(),
});
export type BackupReport = z.infer<typeof BackupReport>;

export const MaintenanceLine = z.discriminatedUnion("type", [
  /** `fraction`: 0 to 1 of the whole; null where it cannot be known. */
  z.object({ type: z.literal("progress"), text: z.string(), fraction: z.number().nullable() }),
  z.object({ type: z.literal("checked"), report: CheckReport }),
  z.object({ type: z.literal("backedUp"), report: BackupReport }),
  z.object({ type: z.literal("failed"), message: z.string(), remedy: z.string().nullable() }),
]);
export type MaintenanceLine = z.infer<typeof MaintenanceLine>;
