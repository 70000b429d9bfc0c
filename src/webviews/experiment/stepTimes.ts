/** Where the steps' time goes, of the last minute: "GPU 31% busy; 62% of each step waits for data". */
import type { SeriesState } from "../../cluster/protocol/events.ts";
import type { Trial } from "../../cluster/protocol/entities.ts";
import { Columns } from "./curves/columns.ts";
import type { SeriesRead } from "./curves/seriesLoader.ts";
import { readCurves } from "./readCurves.ts";
import type { PageContext } from "./view.ts";

const LAST_MS = 60_000;
const ASK_MS = 5000;
const WAIT = "data_wait_percent";
const GPU = /^gpu\d+_percent$/;
/** More samples than a minute has. */
const POINTS = 200;

/** The series that the sentence is made of, none where no loader tells; and the minute, by the pool's clock. */
export function stepSeries(
  series: Iterable<SeriesState>,
  trialId: string,
): { wanted: SeriesState[]; fromMs: number; toMs: number } {
  const ofTrial = [...series].filter(
    (one) => one.trialId === trialId && one.group === "system" && one.rank === 0,
  );
  const toMs = Math.max(...ofTrial.map(({ lastAt }) => lastAt));
  const fromMs = toMs - LAST_MS;
  const recent = ofTrial.filter(({ lastAt }) => lastAt > fromMs);
  const tells = recent.some(({ name }) => name === WAIT);
  return { wanted: tells ? recent.filter(({ name }) => name === WAIT || GPU.test(name)) : [], fromMs, toMs };
}

/** @param means of the last minute, 0 to 100, by the series' names; of several GPUs the mean counts */
export function stepWords(means: ReadonlyMap<string, number>): string | null {
  const wait = means.get(WAIT);
  if (wait === undefined) return null;
  const gpus = [...means].filter(([name]) => GPU.test(name)).map(([, percent]) => percent);
  const waits = `${Math.round(wait)}% of each step waits for data`;
  return gpus.length === 0 ? waits : `GPU ${Math.round(meanOf(gpus))}% busy; ${waits}`;
}

export class StepTimes {
  private readonly context: PageContext;
  private readonly onKnown: () => void;
  private known: { trialId: string; words: string | null } | null = null;
  private askedFor = "";
  private askedAt = 0;

  constructor(context: PageContext, onKnown: () => void) {
    this.context = context;
    this.onKnown = onKnown;
  }

  /** Null while nothing is known, or the trial does not run. */
  of(trial: Trial, series: Iterable<SeriesState>, isConnected: boolean): string | null {
    const now = this.context.now();
    const { wanted, fromMs, toMs } = stepSeries(series, trial.id);
    if (trial.state !== "running" || wanted.length === 0) return null;
    if (isConnected && (this.askedFor !== trial.id || now - this.askedAt >= ASK_MS)) {
      this.askedFor = trial.id;
      this.askedAt = now;
      void this.ask(trial.id, wanted, { fromTimeMs: fromMs, toTimeMs: toMs });
    }
    return this.known?.trialId === trial.id ? this.known.words : null;
  }

  private async ask(
    trialId: string,
    wanted: readonly SeriesState[],
    time: { fromTimeMs: number; toTimeMs: number },
  ): Promise<void> {
    const resolution = { points: POINTS, fromStep: null, toStep: null, ...time };
    const reads = wanted.map(({ group, name, rank }): SeriesRead => {
      return { trialId, group, name, rank, cursor: 0, resolution };
    });
    try {
      const answers = await readCurves(this.context.bridge, reads);
      const means = new Map<string, number>();
      answers.forEach(({ columns, count, byteOffset }, index) => {
        const points = new Columns();
        points.append(columns, count, count, byteOffset);
        // The reading may add the neighbours of the range.
        const values = points.value.filter((_, at) => (points.time[at] ?? 0) >= time.fromTimeMs);
        const name = wanted[index]?.name;
        if (name !== undefined && values.length > 0) means.set(name, meanOf(values));
      });
      this.known = { trialId, words: stepWords(means) };
      this.onKnown();
    } catch (error) {
      this.context.bridge.problem(
        `What the steps of ${trialId} wait for could not be read: ${String(error)}`,
      );
    }
  }
}

function meanOf(values: ArrayLike<number>): number {
  return Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;
}
