/** What the language server is told of each pool: small, and made anew only of what has changed. */
import type * as vscode from "vscode";
import type { Experiment, Trial } from "../../../cluster/protocol/entities.ts";
import type { Pool } from "../../pool/pool.ts";
import type { Pools } from "../../pool/pools.ts";
import type { ExperimentFacts, PoolFacts } from "../contract.ts";

const MOST_EXPERIMENTS = 200;
/** Experiments whose trials are told, and of each so many. */
const MOST_WITH_TRIALS = 50;
const MOST_TRIALS = 20;

export class PoolFactsBook implements vscode.Disposable {
  readonly #subscription: vscode.Disposable;
  readonly #kept = new WeakMap<Pool, Map<number, ExperimentFacts>>();

  constructor(pools: Pools) {
    this.#subscription = pools.onDidChange(({ pool, change }) => {
      if (change.everything) this.#kept.delete(pool);
      else for (const id of change.experiments) this.#kept.get(pool)?.delete(id);
    });
  }

  dispose(): void {
    this.#subscription.dispose();
  }

  of(pool: Pool): PoolFacts {
    const { mirror } = pool;
    const newest = [...(mirror?.experiments.values() ?? [])]
      .sort((a, b) => b.id - a.id)
      .slice(0, MOST_EXPERIMENTS);
    return {
      id: pool.id,
      name: pool.name,
      isConnected: pool.status.state === "connected",
      slots: (mirror?.slots ?? []).map(({ name, kind, state }) => ({ name, kind, state })),
      experiments: newest.map((experiment, place) =>
        this.#factsOf(pool, experiment, place < MOST_WITH_TRIALS),
      ),
      hasMore: (mirror?.total ?? 0) > newest.length,
    };
  }

  #factsOf(pool: Pool, experiment: Experiment, withTrials: boolean): ExperimentFacts {
    if (!withTrials) return experimentFacts(experiment, []);
    let kept = this.#kept.get(pool);
    if (!kept) this.#kept.set(pool, (kept = new Map<number, ExperimentFacts>()));
    let found = kept.get(experiment.id);
    if (!found) {
      found = experimentFacts(experiment, pool.mirror?.trialsOf(experiment.id) ?? []);
      kept.set(experiment.id, found);
    }
    return found;
  }
}

/** Pure. @param trials as many as there are: a search may have 100,000 */
export function experimentFacts(
  {
    id,
    name,
    state,
    metric,
    trialCounts,
  }: Pick<Experiment, "id" | "name" | "state" | "metric" | "trialCounts">,
  trials: readonly Pick<Trial, "id" | "number" | "state" | "best">[],
): ExperimentFacts {
  const sign = metric?.smallerIsBetter === false ? -1 : 1;
  const badness = ({ best }: Pick<Trial, "best">): number =>
    best === null || Number.isNaN(best.value) ? Infinity : sign * best.value;
  return {
    id,
    name,
    state,
    trialsMade: Object.values(trialCounts).reduce((sum, count) => sum + count, 0),
    trials: firstBy(trials, MOST_TRIALS, (a, b) => badness(a) - badness(b) || b.number - a.number).map(
      (trial) => ({ id: trial.id, state: trial.state, best: trial.best?.value ?? null }),
    ),
  };
}

/** As sorting and taking the first `most`, in one pass. */
function firstBy<T>(all: readonly T[], most: number, compare: (a: T, b: T) => number): T[] {
  const first: T[] = [];
  for (const one of all) {
    const last = first[most - 1];
    if (last !== undefined && compare(one, last) >= 0) continue;
    const at = first.findIndex((other) => compare(one, other) < 0);
    first.splice(at < 0 ? first.length : at, 0, one);
    first.length = Math.min(first.length, most);
  }
  return first;
}
