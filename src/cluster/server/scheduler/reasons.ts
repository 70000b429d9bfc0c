/** Why a trial waits, in one sentence that a person can read. Pure. */
import type { Plan } from "./plan.ts";
import type { OfferedSlot, PoolView, QueuedTrial } from "./view.ts";

/** Up to here those ahead are counted; beyond, the sentence would be another for thousands of trials with each that starts. */
const COUNTED = 10;

/** @returns one sentence for each trial that got nothing */
export function waitReasons(
  { slots, trials }: PoolView,
  { queue, waits, grants }: Plan,
): Map<string, string> {
  const taken = new Set(grants.flatMap(({ slotIds }) => slotIds));
  const free = slots.filter(({ id, usable, state }) => usable && state === "free" && !taken.has(id)).length;
  const neededBy = new Map(trials.map(({ id, slots: needed }) => [id, needed]));
  let ahead = 0;
  return new Map(
    queue.map((trial): [string, string] => {
      const wait = waits.get(trial.id);
      switch (wait?.why) {
        case "impossible":
          return [trial.id, impossible(trial, slots)];
        case "experimentLimit":
          return [
            trial.id,
            `Waits: its experiment may hold ${count(wait.limit, "slot")} at once (max_slots).`,
          ];
        case "userLimit":
          return [trial.id, `Waits: its owner may hold ${count(wait.limit, "slot")} at once.`];
        case "comingFree":
          ahead++;
          return [
            trial.id,
            `Its turn: waits for ${named(wait.from)} to give ${count(trial.slots, "slot")} back.`,
          ];
        case "reserved":
          return [
            trial.id,
            `Waits for ${count(trial.slots, "slot")}: ${free} of ${slots.length} ${free === 1 ? "is" : "are"} free, but kept for trial ${wait.first}, which needs ${neededBy.get(wait.first) ?? "more"} and would start later.`,
          ];
        case "heldByOthers":
          return [trial.id, waitsFor(trial, slots, free, 0)];
        case "firstInLine":
        case undefined:
          return [trial.id, waitsFor(trial, slots, free, ahead++)];
      }
    }),
  );
}

function impossible({ slots: needed }: QueuedTrial, slots: readonly OfferedSlot[]): string {
  const working = slots.filter(({ state }) => state !== "unusable").length;
  const broken = slots.find(({ state }) => state === "unusable");
  if (broken !== undefined && needed <= slots.length)
    return `Needs ${count(needed, "slot")}, but ${label(broken)} cannot be used: ${broken.detail ?? "no reason known"}.`;
  return `Needs ${count(needed, "slot")}, this pool has ${working}: submit with fewer.`;
}

function waitsFor(
  { slots: needed }: QueuedTrial,
  slots: readonly OfferedSlot[],
  free: number,
  ahead: number,
): string {
  const only = slots.length === 1 ? slots[0] : undefined;
  const holder = only !== undefined && only.state !== "free" && only.detail !== null ? only : undefined;
  const facts =
    holder === undefined
      ? [`${free} of ${slots.length} ${free === 1 ? "is" : "are"} free`]
      : [`${label(holder)} is ${holder.detail ?? "held"}`];
  if (ahead > COUNTED) facts.push(`more than ${roundDown(ahead)} trials are ahead`);
  else if (ahead > 0) facts.push(`${count(ahead, "trial")} ${ahead === 1 ? "is" : "are"} ahead`);
  return `Waits for ${count(needed, "slot")}: ${facts.join(", ")}.`;
}

/** 10, 100, 1000: so the sentence seldom changes. */
function roundDown(ahead: number): number {
  return 10 ** Math.floor(Math.log10(ahead - 1));
}

function named(trialIds: readonly string[]): string {
  const [first, second] = trialIds;
  if (first === undefined) return "others";
  if (second === undefined) return `trial ${first}`;
  if (trialIds.length === 2) return `trials ${first} and ${second}`;
  return `trial ${first} and ${trialIds.length - 1} others`;
}

function label(slot: OfferedSlot): string {
  return `${slot.kind === "cuda" || slot.kind === "rocm" ? "gpu" : slot.kind} ${slot.index}`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
