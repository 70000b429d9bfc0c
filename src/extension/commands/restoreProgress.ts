/** How far a restore is, in words and as a part. Pure. */
import type { RestoreProgress } from "../../cluster/client/restore.ts";
import { formatBytes, formatDuration } from "../format.ts";
import type { ProgressReport } from "../progress.ts";

/** `120 MB of 1.1 GB, 82 MB/s, 12 s left`. */
export function progressOf({ phase, bytes, totalBytes, ...pace }: RestoreProgress): ProgressReport {
  const parts = [`${formatBytes(bytes)} of ${formatBytes(totalBytes)}`];
  if (pace.bytesPerSecond !== null) parts.push(`${formatBytes(Math.round(pace.bytesPerSecond))}/s`);
  if (pace.secondsLeft !== null) parts.push(`${formatDuration(pace.secondsLeft * 1000)} left`);
  const done = parts.join(", ");
  return {
    message: phase === "verifying" ? `checking what is there, ${done}` : done,
    fraction: totalBytes > 0 ? bytes / totalBytes : 1,
  };
}
