/** How busy the slots were while trials ran, as their tools said. In memory: after a restart it begins anew. */
import type { Slot } from "../../protocol/entities.ts";
import type { SlotUse } from "../../protocol/scheduling.ts";

const EVERY_MS = 30_000;
/** All of it travels to a panel, which is why it is not more. */
const KEPT_MS = 3_600_000;

export class SlotUseHistory {
  private samples: SlotUse[] = [];
  private lastMs = -Infinity;

  isDue(nowMs: number): boolean {
    return nowMs - this.lastMs >= EVERY_MS;
  }

  /** A slot of which no tool tells is left out. */
  note(nowMs: number, slots: readonly Pick<Slot, "id" | "utilisation">[]): void {
    this.lastMs = nowMs;
    this.samples = this.samples.filter(({ at }) => nowMs - at < KEPT_MS);
    for (const { id, utilisation } of slots)
      if (utilisation !== null)
        this.samples.push({ slotId: id, at: nowMs, percent: Math.min(100, Math.max(0, utilisation)) });
  }

  since(fromMs: number): SlotUse[] {
    return this.samples.filter(({ at }) => at >= fromMs);
  }
}
