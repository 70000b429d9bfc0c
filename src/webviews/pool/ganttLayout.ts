/** Where each span of a slot's time is drawn: one lane for each slot, time from left to right. Pure. */
import type { SlotSpan } from "../../cluster/protocol/scheduling.ts";

export interface Bar {
  span: SlotSpan;
  lane: number;
  x: number;
  width: number;
}
export interface Window {
  fromMs: number;
  toMs: number;
}

/** What is shorter than this would not be seen. */
const LEAST_PX = 2;

/** The slots of today in their order, then those that only the past has. */
export function lanesOf(slotIds: readonly string[], spans: readonly SlotSpan[]): string[] {
  return [...new Set([...slotIds, ...spans.map(({ slotId }) => slotId)])];
}

export function barsOf(
  lanes: readonly string[],
  spans: readonly SlotSpan[],
  { fromMs, toMs }: Window,
  widthPx: number,
): Bar[] {
  const scale = widthPx / (toMs - fromMs);
  const laneOf = new Map(lanes.map((id, index) => [id, index]));
  return spans.flatMap((span): Bar[] => {
    const lane = laneOf.get(span.slotId);
    const end = Math.min(span.to ?? toMs, toMs);
    const start = Math.max(span.from, fromMs);
    if (lane === undefined || end < fromMs || start > toMs) return [];
    const x = (start - fromMs) * scale;
    return [{ span, lane, x, width: Math.max(LEAST_PX, (end - start) * scale) }];
  });
}

/** The last one drawn lies on top. */
export function barAt(bars: readonly Bar[], lane: number, x: number): Bar | null {
  return bars.findLast((bar) => bar.lane === lane && x >= bar.x && x <= bar.x + bar.width) ?? null;
}
