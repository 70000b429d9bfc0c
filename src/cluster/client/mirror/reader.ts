/** Asks the pool for what a mirror does not hold, and adds it there. What is asked for twice at a time is read once. */
import type { Input, Result } from "../../protocol/methods.ts";
import type { PoolMirror } from "../mirror.ts";
import type { PoolCalls } from "../poolCalls.ts";

/** An answer that the server makes in a moment. */
const TRIALS_A_CALL = 500;

export interface Page<Id> {
  ids: Id[];
  /** How many there are, these among them. */
  total: number;
}

export class MirrorReader {
  readonly #mirror: PoolMirror;
  readonly #call: PoolCalls["call"];
  readonly #running = new Map<string, Promise<void>>();

  constructor(mirror: PoolMirror, call: PoolCalls["call"]) {
    this.#mirror = mirror;
    this.#call = call;
  }

  /** Experiments of a list, with the trial of those that have one. @throws PoolCallError for a filter that cannot be read */
  async experiments(page: Input<"experiment/page">, signal?: AbortSignal): Promise<Page<number>> {
    const { experiments, total } = await this.#held(() => this.#call("experiment/page", page, { signal }));
    return { ids: experiments.map(({ id }) => id), total };
  }

  /** Trials of an experiment. @throws PoolCallError */
  async trials(page: Input<"trial/page">, signal?: AbortSignal): Promise<Page<string>> {
    const { trials, total } = await this.#held(() => this.#call("trial/page", page, { signal }));
    return { ids: trials.map(({ id }) => id), total };
  }

  /** The experiment itself, and its trial where it has one. @throws PoolCallError when there is none */
  experiment(experimentId: number): Promise<void> {
    if (this.#mirror.experiments.has(experimentId)) return Promise.resolve();
    return this.#once(`experiment ${experimentId}`, async () => {
      await this.#held(async () => {
        const { experiment, trials } = await this.#call("experiment/read", { experimentId, limit: 1 });
        return { experiments: [experiment], trials };
      });
    });
  }

  /** A trial with its experiment, its runs and its checkpoints. @throws PoolCallError when there is none */
  trial(trialId: string): Promise<void> {
    if (this.#mirror.isWholeTrial(trialId) && this.#mirror.trials.has(trialId)) return Promise.resolve();
    return this.#once(`trial ${trialId}`, async () => {
      const epoch = this.#mirror.epoch;
      const { experiment, trial, ...rest } = await this.#call("trial/get", { trialId });
      const whole = epoch === this.#mirror.epoch ? { trialId } : {};
      this.#mirror.hold({ experiments: [experiment], trials: [trial], ...rest }, whole);
    });
  }

  /** An experiment with all that it has; the mirror tells of each part as it comes. @throws PoolCallError when there is none */
  whole(experimentId: number): Promise<void> {
    const mirror = this.#mirror;
    if (mirror.isWhole(experimentId) && mirror.experiments.has(experimentId)) return Promise.resolve();
    return this.#once(`whole ${experimentId}`, async () => {
      for (;;) {
        const epoch = mirror.epoch;
        let after: number | null = 0;
        while (after !== null && epoch === mirror.epoch) {
          const part: Result<"experiment/read"> = await this.#call("experiment/read", {
            experimentId,
            after,
            limit: TRIALS_A_CALL,
          });
          if (epoch !== mirror.epoch) break;
          after = part.next;
          mirror.hold({ ...part, experiments: [part.experiment] }, after === null ? { experimentId } : {});
        }
        if (epoch === mirror.epoch) return;
      }
    });
  }

  /** An answer from before a snapshot may be older than it: then it is asked for again. */
  async #held<T extends object>(ask: () => Promise<T>): Promise<T> {
    for (;;) {
      const epoch = this.#mirror.epoch;
      const answer = await ask();
      if (epoch !== this.#mirror.epoch) continue;
      this.#mirror.hold(answer);
      return answer;
    }
  }

  #once(what: string, read: () => Promise<void>): Promise<void> {
    let running = this.#running.get(what);
    if (running === undefined) {
      running = read().finally(() => this.#running.delete(what));
      this.#running.set(what, running);
    }
    return running;
  }
}
