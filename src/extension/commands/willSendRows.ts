/** Rows of "Show What Will Be Sent". Pure. */
import type { FolderSize } from "../../cluster/client/snapshot/sizes.ts";
import type { SnapshotPlan } from "../../cluster/client/snapshot/plan.ts";
import { LEFT_OUT_REASON } from "../../cluster/client/snapshot/reasons.ts";
import { formatBytes, plural } from "../format.ts";

export interface WillSendRow {
  label: string;
  description: string;
  /** Relative to the snapshot's root. */
  path: string;
  /** What a person may do about it; Enter does the first. */
  actions: readonly WillSendAction[];
}
export type WillSendAction = "leaveOut" | "takeIn" | "send" | "link" | "unlink" | "map" | "unmap";

export function willSendRows(
  plan: Pick<SnapshotPlan, "root" | "files" | "bytes" | "sent" | "mapped" | "linked" | "leftOut">,
  largest: readonly FolderSize[],
  poolName: string,
): (WillSendRow | { section: string })[] {
  const rows: (WillSendRow | { section: string })[] = [
    { section: `Will send: ${plural(plan.files, "file")}, ${formatBytes(plan.bytes)}; the largest are` },
    ...largest.map(({ path, files, bytes }): WillSendRow => ({
      label: `$(cloud-upload) ${path}`,
      description: `${formatBytes(bytes)}, ${plural(files, "file")}`,
      path,
      actions: ["leaveOut"],
    })),
  ];
  if (plan.sent.length > 0) rows.push({ section: "Of these, sent although git ignores it" });
  for (const { path, files, bytes } of plan.sent)
    rows.push({
      label: `$(cloud-upload) ${path}`,
      description: files === 0 ? "nothing is there" : `${formatBytes(bytes)}, ${plural(files, "file")}`,
      path,
      actions: ["leaveOut"],
    });
  if (plan.mapped.length > 0) rows.push({ section: `On ${poolName} already, linked into the run` });
  for (const { path, target, reason, isOwn } of plan.mapped)
    rows.push({
      label: `$(remote) ${path}`,
      description: `${target}, ${reason}`,
      path,
      actions: isOwn ? ["unmap"] : [],
    });
  if (plan.linked.length > 0) rows.push({ section: "Linked into the run, not part of the snapshot" });
  for (const { path, target, reason } of plan.linked)
    rows.push({
      label: `$(link) ${path}`,
      description: target === `${plan.root}/${path}` ? reason : `${target}, ${reason}`,
      path,
      actions: reason.startsWith("linked by you") ? ["unlink"] : [],
    });
  if (plan.leftOut.length > 0) rows.push({ section: "Will not send" });
  for (const { path, reason, bytes, ...can } of plan.leftOut)
    rows.push({
      label: `$(circle-slash) ${path}`,
      description: bytes === null ? reason : `${reason}, ${formatBytes(bytes)}`,
      path,
      actions: waysFor(reason, can),
    });
  return rows;
}

function waysFor(
  reason: string,
  { linkable, sendable }: { linkable?: boolean | undefined; sendable?: boolean | undefined },
): readonly WillSendAction[] {
  if (reason === LEFT_OUT_REASON) return ["takeIn"];
  if (!sendable) return [];
  return linkable ? ["link", "send", "map"] : ["send", "map"];
}
