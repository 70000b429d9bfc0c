/** Rows of the restore pick. Pure. */
import { rankCheckpoints } from "../../cluster/client/checkpointChoice.ts";
import type { Checkpoint, MetricChoice } from "../../cluster/protocol/entities.ts";
import { formatAge, formatBytes } from "../format.ts";
import { checkpointValue, metricName } from "../views/labels.ts";

export interface CheckpointRow {
  checkpoint: Checkpoint;
  label: string;
  description: string;
  detail: string;
}

/** Best first, so that Enter restores it. */
export function checkpointRows(
  checkpoints: readonly Checkpoint[],
  metric: MetricChoice | null,
  nowMs: number,
): CheckpointRow[] {
  const ranked = rankCheckpoints(checkpoints, metric);
  const latest = Math.max(...checkpoints.map(({ step }) => step));
  return ranked.map((checkpoint, index) => {
    const value = checkpointValue(checkpoint, metric);
    const marks = [
      index === 0 && value !== null ? "best" : null,
      checkpoint.step === latest ? "latest" : null,
      checkpoint.pinned ? "pinned" : null,
    ].filter((mark) => mark !== null);
    return {
      checkpoint,
      label: `${checkpoint.pinned ? "$(pinned) " : ""}Step ${checkpoint.step}`,
      description: [value, ...marks].filter((part) => part !== null).join(" · "),
      detail: `${formatBytes(checkpoint.bytes)} · ${formatAge(checkpoint.createdAt, nowMs)}`,
    };
  });
}

/** What "best" means here, and whether somebody said so. */
export function explainMetric(metric: MetricChoice | null): string {
  if (!metric) return "No metric to rank them by: the latest is first";
  const way = metric.smallerIsBetter ? "smaller is better" : "larger is better";
  const words = `Best by ${metricName(metric)}, ${way}`;
  return metric.origin === "guess"
    ? `${words}: a guess from its name, change it with the button above`
    : words;
}

/** Metrics that the checkpoints have values of, as `<group>/<name>` apart. */
export function metricsOf(checkpoints: readonly Checkpoint[]): { group: string; name: string }[] {
  const names = new Set(checkpoints.flatMap(({ metrics }) => Object.keys(metrics)));
  return [...names].sort().map((full) => {
    const at = full.indexOf("/");
    return { group: full.slice(0, at), name: full.slice(at + 1) };
  });
}
