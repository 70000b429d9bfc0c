/** Answers when a trial would start on the chosen pool, and how fast earlier ones were: only of a pool that is connected anyway. */
import { usableSlots } from "../../../cluster/search/expectation.ts";
import type { SubmitMemory } from "../../commands/submitMemory.ts";
import type { Pool } from "../../pool/pool.ts";
import { LOCAL, type Pools } from "../../pool/pools.ts";
import { keepLatest } from "../keepLatest.ts";
import type { Forecast, ForecastRequest } from "../contract.ts";

/** Of the protocol. */
const MOST_SLOTS = 1024;
/** The queue is not asked more often than this for the same. */
const KEEP_MS = 5000;
const MOST_KEPT = 20;

export class Forecasts {
  readonly #pools: Pools;
  readonly #memory: SubmitMemory;
  readonly #kept = new Map<string, { until: number; answer: Promise<Forecast | null> }>();

  constructor(pools: Pools, memory: SubmitMemory) {
    this.#pools = pools;
    this.#memory = memory;
  }

  /** Null: not known now. */
  async of(request: ForecastRequest): Promise<Forecast | null> {
    const pool = this.#pools.get(this.#memory.pool ?? LOCAL);
    if (pool?.status.state !== "connected" || request.slotsPerTrial > MOST_SLOTS) return null;
    const key = JSON.stringify([pool.id, request]);
    const known = this.#kept.get(key);
    if (known !== undefined && known.until > Date.now()) return known.answer;
    const answer = ask(pool, request).catch(() => null);
    keepLatest(this.#kept, key, { until: Date.now() + KEEP_MS, answer }, MOST_KEPT);
    return answer;
  }
}

async function ask(pool: Pool, request: ForecastRequest): Promise<Forecast> {
  const { script, configuration, timeMetric, slotsPerTrial, priority } = request;
  const [{ startsIn, reason }, { pace }] = await Promise.all([
    pool.call("queue/forecast", { slots: slotsPerTrial, priority: priority ?? undefined }),
    pool.call("search/pace", { script, configuration, timeMetric, slotsPerTrial }),
  ]);
  return { poolName: pool.name, pace, usableSlots: usableSlots(pool.mirror?.slots ?? []), startsIn, reason };
}
