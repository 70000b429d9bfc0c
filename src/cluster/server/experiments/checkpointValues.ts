/**
 * Which values of metrics belong to a checkpoint. Its manifest has what was reported last before it; a script that
 * checkpoints first and validates after it says the value of the checkpoint's own step only later. Pure.
 */
import type { Checkpoint } from "../../protocol/entities.ts";
import type { ReportedEvent } from "../ports.ts";

/** From the lowest to the highest step that the events have values of; null when they have none. */
export function stepsOf(events: readonly ReportedEvent[]): { from: number; to: number } | null {
  let from = Infinity;
  let to = -Infinity;
  for (const { event } of events)
    if (event.type === "metrics" && Number.isFinite(event.step)) {
      from = Math.min(from, event.step);
      to = Math.max(to, event.step);
    }
  return from <= to ? { from, to } : null;
}

/** The checkpoints, all of one run, with what its events report for their own steps. Doing it twice does no harm. */
export function withReported(
  checkpoints: readonly Checkpoint[],
  events: readonly ReportedEvent[],
): Checkpoint[] {
  const reported = new Map<number, Map<string, number>>(checkpoints.map(({ step }) => [step, new Map()]));
  for (const { rank, event } of events) {
    const values = rank === 0 && event.type === "metrics" ? reported.get(event.step) : undefined;
    if (values === undefined || event.type !== "metrics") continue;
    for (const [name, value] of Object.entries(event.values)) values.set(`${event.group}/${name}`, value);
  }
  return checkpoints.map((checkpoint) => withValues(checkpoint, reported.get(checkpoint.step) ?? new Map()));
}

/** @param values of the checkpoint's own step; one that is not a number leaves no older value in its place */
export function withValues(checkpoint: Checkpoint, values: ReadonlyMap<string, number>): Checkpoint {
  if (values.size === 0) return checkpoint;
  const metrics = { ...checkpoint.metrics, ...Object.fromEntries(values) };
  return {
    ...checkpoint,
    metrics: Object.fromEntries(Object.entries(metrics).filter(([, value]) => Number.isFinite(value))),
  };
}
