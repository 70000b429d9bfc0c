/** Whether the checkpoints of what runs will fill the pool's disk before it has ended. Pure. */
import { formatBytes } from "../bytes.ts";

export interface RunningTrial {
  experimentId: number;
  /** Of the current run, by when they were written (ms). */
  checkpoints: readonly { createdAt: number; bytes: number }[];
  /** How long it will go on, ms; null when it does not say. */
  remainingMs: number | null;
}
export interface ForecastInput {
  now: number;
  freeBytes: number;
  trials: readonly RunningTrial[];
  /** What the checkpoints of each experiment take. */
  experiments: readonly { id: number; bytes: number }[];
}

/** Two checkpoints at least tell a rate. */
const FEWEST = 2;
/** Of a trial that does not say how long it goes on, so much is looked ahead. */
const HORIZON_MS = 24 * 3_600_000;
const NAMED = 3;

/** @returns when the disk will be full (ms), or null when it will not before all that runs has ended */
export function fullAt({ now, freeBytes, trials }: Omit<ForecastInput, "experiments">): number | null {
  const growing = trials
    .map((trial) => ({ perMs: rateOf(trial), remainingMs: trial.remainingMs ?? HORIZON_MS }))
    .filter(({ perMs, remainingMs }) => perMs > 0 && remainingMs > 0)
    .sort((a, b) => a.remainingMs - b.remainingMs);
  let free = freeBytes;
  let at = 0;
  let perMs = growing.reduce((sum, trial) => sum + trial.perMs, 0);
  for (const trial of growing) {
    const needed = perMs * (trial.remainingMs - at);
    if (needed > free) return now + at + free / perMs;
    free -= needed;
    at = trial.remainingMs;
    perMs -= trial.perMs;
  }
  return null;
}

/** The warning in sentences, with the experiments whose checkpoints take most; null when the disk suffices. */
export function forecastWarning(input: ForecastInput): string | null {
  const at = fullAt(input);
  if (at === null) return null;
  const biggest = input.experiments
    .filter(({ bytes }) => bytes > 0)
    .sort((a, b) => b.bytes - a.bytes)
    .slice(0, NAMED)
    .map(({ id, bytes }) => `experiment ${id} (${formatBytes(bytes)})`);
  return `The disk of the pool will be full ${inWords(at - input.now)}, before what runs has ended, if checkpoints are written as they are now. Most is taken by ${listed(biggest)}: \`trainyard checkpoints collect\`, or Free Space in the editor, shows what can go.`;
}

function rateOf({ checkpoints }: RunningTrial): number {
  if (checkpoints.length < FEWEST) return 0;
  const sorted = [...checkpoints].sort((a, b) => a.createdAt - b.createdAt);
  const [first] = sorted;
  const last = sorted.at(-1);
  if (first === undefined || last === undefined || last.createdAt <= first.createdAt) return 0;
  // The first was there before the time that is measured.
  const bytes = sorted.slice(1).reduce((sum, each) => sum + each.bytes, 0);
  return bytes / (last.createdAt - first.createdAt);
}

/** Roughly: the sentence would be another with every look. */
function inWords(ms: number): string {
  const hours = ms / 3_600_000;
  if (hours < 1) return "within the hour";
  return hours < 24 ? `in about ${Math.round(hours)} h` : `in about ${Math.round(hours / 24)} days`;
}

function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1) ?? ""}`;
}
