/** Rows of "Show What Will Be Sent". Pure. */
import type { FolderSize } from "../../cluster/client/snapshot/sizes.ts";
import type { SnapshotPlan } from "../../cluster/client/snapshot/plan.ts";
import { formatBytes, plural } from "../format.ts";

/** As the plan says it of what the person leaves out. */
const LEFT_OUT = "left out by you";

export interface WillSendRow {
  label: string;
  description: string;
  /** Relative to the snapshot's root. */
  path: string;
  /** What a person may do about it. */
  action: "leaveOut" | "takeIn" | "link" | "unlink" | null;
}

export function willSendRows(
  plan: Pick<SnapshotPlan, "root" | "files" | "bytes" | "linked" | "leftOut">,
  largest: readonly FolderSize[],
): (WillSendRow | { section: string })[] {
  const rows: (WillSendRow | { section: string })[] = [
    { section: `Will send: ${plural(plan.files, "file")}, ${formatBytes(plan.bytes)}; the largest are` },
    ...largest.map(({ path, files, bytes }): WillSendRow => ({
      label: `$(cloud-upload) ${path}`,
      description: `${formatBytes(bytes)}, ${plural(files, "file")}`,
      path,
      action: "leaveOut",
    })),
  ];
  if (plan.linked.length > 0) rows.push({ section: "Linked into the run, not part of the snapshot" });
  for (const { path, target, reason } of plan.linked)
    rows.push({
      label: `$(link) ${path}`,
      description: target === `${plan.root}/${path}` ? reason : `${target}, ${reason}`,
      path,
      action: reason.startsWith("linked by you") ? "unlink" : null,
    });
  if (plan.leftOut.length > 0) rows.push({ section: "Will not send" });
  for (const { path, reason, bytes, linkable } of plan.leftOut)
    rows.push({
      label: `$(circle-slash) ${path}`,
      description: bytes === null ? reason : `${reason}, ${formatBytes(bytes)}`,
      path,
      action: reason === LEFT_OUT ? "takeIn" : linkable ? "link" : null,
    });
  return rows;
}
