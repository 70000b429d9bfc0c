/** What is said of who has a slot, in the editor and on the command line. Pure; times as the reader's clock shows them. */
import type { Slot, SlotHolder } from "./entities.ts";

type Named = Pick<Slot, "kind" | "index" | "name">;
type Held = Pick<Slot, "state" | "detail" | "trialId" | "holder">;

/** `"GPU 2"`, `"CPU slot 0"`; a slot of somebody's own probe by its name. */
export function slotLabel({ kind, index, name }: Named): string {
  if (kind === "cuda" || kind === "rocm") return `GPU ${index}`;
  return kind === "cpu" ? `CPU slot ${index}` : name;
}

/** With what it is: `"GPU 2 · NVIDIA H200"`; others say it in their name. */
export function slotTitle(slot: Named): string {
  return slot.kind === "cuda" || slot.kind === "rocm" ? `${slotLabel(slot)} · ${slot.name}` : slot.name;
}

/** `"held by alice since 10:31"`, `"trial 12.3 since 10:31"`; what is wrong with it; empty when it is free. */
export function heldText({ state, detail, trialId, holder }: Held, now = Date.now()): string {
  if (state !== "held" || !holder) return trialId === null ? (detail ?? "") : `trial ${trialId}`;
  const who = trialId === null ? `held by ${holder.account}` : `trial ${trialId}`;
  const silence =
    holder.silentSince === null ? "" : `, has not answered since ${clockText(holder.silentSince, now)}`;
  return `${who} since ${clockText(holder.since, now)}${silence}`;
}

/** What to do about a holder that hangs; null when it does not. Its slot is never taken away from it. */
export function silenceAdvice(slot: Named & Held, now = Date.now()): string | null {
  const { holder, trialId } = slot;
  if (!holder || holder.silentSince === null) return null;
  const next =
    trialId === null
      ? `ask ${holder.account} to look at process ${holder.pid} (run ${holder.run})`
      : `look at process ${holder.pid}, or kill the trial`;
  return `${slotLabel(slot)}: ${heldText(slot, now)}. The slot stays taken until its processes end: ${next}.`;
}

/** `"10:31"` today, `"Nov 28, 10:31"` before. */
function clockText(timeMs: SlotHolder["since"], now: number): string {
  const time = new Date(timeMs);
  const clock = `${two(time.getHours())}:${two(time.getMinutes())}`;
  if (time.toDateString() === new Date(now).toDateString()) return clock;
  return `${time.toLocaleDateString("en", { month: "short", day: "numeric" })}, ${clock}`;
}

function two(number: number): string {
  return String(number).padStart(2, "0");
}
