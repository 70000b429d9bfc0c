/** Which slots are held and do nothing. Pure. */
import type { SlotSpan, SlotUse } from "../../cluster/protocol/scheduling.ts";

const IDLE_BELOW_PERCENT = 5;
const IDLE_MS = 5 * 60_000;

/** Held by one run all the while, and every sample of the last minutes says that it did next to nothing. */
export function idleSlots(
  spans: readonly Pick<SlotSpan, "slotId" | "from" | "to">[],
  use: readonly SlotUse[],
  nowMs: number,
): Set<string> {
  const held = spans.filter(({ to, from }) => to === null && nowMs - from > IDLE_MS);
  return new Set(
    held.flatMap(({ slotId, from }) => {
      const own = use.filter((one) => one.slotId === slotId && one.at >= from);
      const isLongEnough = own.some(({ at }) => nowMs - at >= IDLE_MS);
      const recent = own.filter(({ at }) => nowMs - at < IDLE_MS);
      const isIdle = recent.length > 0 && recent.every(({ percent }) => percent < IDLE_BELOW_PERCENT);
      return isLongEnough && isIdle ? [slotId] : [];
    }),
  );
}
