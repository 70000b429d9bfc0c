/** Texts of the pools tree. Pure. */
import type { PoolDisk, Slot } from "../../cluster/protocol/entities.ts";
import { heldText, silenceAdvice, slotLabel } from "../../cluster/protocol/slotWords.ts";
import { formatBytes, oneLine, plural } from "../format.ts";

export function poolDescription(
  state: "idle" | "connecting" | "connected" | "disconnected",
  slots: readonly Pick<Slot, "state">[],
  detail: string | null = null,
  disk: Pick<PoolDisk, "state"> | null = null,
): string {
  switch (state) {
    case "connecting":
      return "connecting";
    case "disconnected":
      return detail === null ? "does not answer" : `does not answer · ${oneLine(detail)}`;
    case "idle":
      return "not connected yet";
    case "connected": {
      const free = slots.filter((slot) => slot.state === "free").length;
      const ofSlots = `${free} of ${plural(slots.length, "slot")} free`;
      const ofDisk = disk === null ? null : DISK_WORDS[disk.state];
      return ofDisk === null ? ofSlots : `${ofSlots} · ${ofDisk}`;
    }
  }
}

const DISK_WORDS: Readonly<Record<PoolDisk["state"], string | null>> = {
  ok: null,
  filling: "disk is filling up",
  full: "disk is full",
  failing: "disk fails",
  silent: "disk does not answer",
};

/** A forwarded port: what it is there, and where it is here. */
export function portRow(forwarding: { port: number; process: string; runId: string; localPort: number }): {
  label: string;
  description: string;
} {
  const { port, runId, localPort } = forwarding;
  const process = oneLine(forwarding.process, 40);
  const parts = [`127.0.0.1:${localPort} here`, process, `run ${runId}`];
  return { label: `Port ${port}`, description: parts.filter((part) => part !== "").join(" · ") };
}

export interface SlotRow {
  description: string;
  tooltip: string;
  icon: string;
  color: string | null;
}

const STATES: Readonly<Record<Slot["state"], { word: string; icon: string; color: string | null }>> = {
  free: { word: "free", icon: "circle-large-outline", color: null },
  held: { word: "held", icon: "circle-large-filled", color: "charts.blue" },
  foreign: { word: "used by others", icon: "circle-large-filled", color: "charts.yellow" },
  unusable: { word: "unusable", icon: "error", color: "testing.iconFailed" },
};

export function slotRow(slot: Slot, experiment: { id: number; name: string } | null): SlotRow {
  const { word, icon, color } = STATES[slot.state];
  const isHeld = slot.state === "held";
  const advice = silenceAdvice(slot);
  const used = slot.usedMemoryBytes === null ? "" : `${formatBytes(slot.usedMemoryBytes)} of `;
  const memory = slot.memoryBytes === null ? null : `${used}${formatBytes(slot.memoryBytes)}`;
  const busy = slot.utilisation === null ? null : `${Math.round(slot.utilisation * 100)}%`;
  const isText = (part: string | null): part is string => part !== null && part !== "";
  const state =
    experiment !== null
      ? [word, `#${experiment.id} ${experiment.name}`, advice && "does not answer"]
      : isHeld
        ? [heldText(slot)]
        : [word, slot.detail];
  const summary = `${slotLabel(slot)}: ${isHeld ? heldText(slot) : word}`;
  return {
    description: [...state, memory, busy].filter(isText).join(" · "),
    tooltip: [slot.name, summary, isHeld ? null : slot.detail, memory, advice].filter(isText).join("\n"),
    icon: advice === null ? icon : "warning",
    color: advice === null ? color : "list.warningForeground",
  };
}
