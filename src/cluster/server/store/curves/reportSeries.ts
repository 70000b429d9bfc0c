/** The points of a report, series by series. Pure. */
import type { RunReport } from "../../ports.ts";
import type { BlockSeries } from "./segment.ts";

interface Row {
  group: string;
  name: string;
  rank: number;
  step: number[];
  time: number[];
  value: number[];
}

/** @param systemStartMs zero of the x axis of the group `system`; null: its first sample in this report */
export function seriesOf(report: RunReport, systemStartMs: number | null): BlockSeries[] {
  const rows = new Map<string, Row>();
  let systemZeroMs = systemStartMs;
  const add = (group: string, rank: number, step: number, timeMs: number, values: Record<string, number>) => {
    for (const [name, value] of Object.entries(values)) {
      const id = `${rank}\u0000${group}\u0000${name}`;
      let row = rows.get(id);
      if (row === undefined) rows.set(id, (row = { group, name, rank, step: [], time: [], value: [] }));
      row.step.push(step);
      row.time.push(timeMs);
      row.value.push(value);
    }
  };
  for (const { rank, event } of report.events) {
    const timeMs = event.t * 1000;
    if (event.type === "metrics") add(event.group, rank, event.step, timeMs, event.values);
    if (event.type === "system") {
      systemZeroMs ??= timeMs;
      add("system", rank, (timeMs - systemZeroMs) / 1000, timeMs, event.values);
    }
  }
  return [...rows.values()].map(({ step, time, value, ...name }) => ({
    ...name,
    step: Float64Array.from(step),
    time: Float64Array.from(time),
    value: Float64Array.from(value),
  }));
}
