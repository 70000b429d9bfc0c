/** The editor passes messages to pages on as JSON, which has neither NaN nor infinity. Pure. */
import type { SeriesState } from "../../cluster/protocol/events.ts";

/** Where a curve is now, for a page, which reads its values as bytes. A script may report whatever it likes last. */
export function postableSeries(series: SeriesState): SeriesState {
  const { lastStep, lastValue, lastAt } = series;
  return { ...series, lastStep: finite(lastStep), lastValue: finite(lastValue), lastAt: finite(lastAt) };
}
function finite(value: number): number {
  return Number.isFinite(value) ? value : 0;
}

/** What is only shown is shown as its word. */
export function postableCell<T>(value: T): T | string {
  return typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
}
