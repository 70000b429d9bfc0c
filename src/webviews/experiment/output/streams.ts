/** Which of a run's two outputs is shown to a person who has not chosen one. Pure. */
import { formatBytes } from "../format.ts";

export type StreamName = "stdout" | "stderr";
export type StreamSizes = Readonly<Record<StreamName, number>>;

/**
 * Many scripts print to stderr alone (progress bars, logging), and when one fails its traceback is there. What is shown
 * and has something stays, so that nobody is taken away from what they read.
 */
export function streamToShow(shown: StreamName, sizes: StreamSizes, hasFailed: boolean): StreamName {
  if (hasFailed && sizes.stderr > 0) return "stderr";
  const other = shown === "stdout" ? "stderr" : "stdout";
  return sizes[shown] === 0 && sizes[other] > 0 ? other : shown;
}

/** `stderr (2 KB)`: what the other one holds can be seen without choosing it. */
export function streamLabel(stream: StreamName, sizes: StreamSizes | null): string {
  if (sizes === null) return stream;
  return `${stream} (${sizes[stream] === 0 ? "empty" : formatBytes(sizes[stream])})`;
}
