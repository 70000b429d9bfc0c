/** What a configuration's search would do, and on a pool: when it would start and how long it would take there. */
import { randomInt } from "node:crypto";
import { realpath } from "node:fs/promises";
import path from "node:path";
import type { StartsIn } from "../protocol/scheduling.ts";
import { durationOf, type Duration, usableSlots } from "../search/expectation.ts";
import { previewSearch, type SearchPreview } from "../search/preview.ts";
import type { Search } from "../search/searcher.ts";
import { timeMetricOf } from "../search/settings.ts";
import { readSpace } from "../search/space.ts";
import { ConfigurationError, type LoadedConfiguration, loadConfiguration } from "./configuration.ts";
import type { PoolCalls } from "./poolCalls.ts";

export interface PreviewedSearch {
  configuration: LoadedConfiguration;
  search: Search;
  preview: SearchPreview;
}

export interface Expectation extends Duration {
  /** Null: it is not known, or never. */
  startsIn: StartsIn | null;
  /** Why it would wait, as a sentence. */
  reason: string;
  slots: number;
  /** Earlier trials that it is taken from. */
  trials: number;
}

/** @param seed the experiment seed; null: that of the configuration, else any. @throws ConfigurationError, UserError */
export async function loadSearch(file: string, seed: number | null): Promise<PreviewedSearch> {
  const configuration = await loadConfiguration(await realpath(file).catch(() => path.resolve(file)));
  const { value, notYet } = configuration;
  if (notYet.length > 0) throw new ConfigurationError(notYet);
  const read = readSpace(value.hyperparameters);
  if ("problems" in read) throw new Error("a configuration that was loaded is checked");
  const search: Search = {
    configuration: value.searcher,
    space: read.space,
    experimentSeed: seed ?? value.reproducibility.experiment_seed ?? randomInt(2 ** 31 - 1),
  };
  return { configuration, search, preview: previewSearch(search) };
}

/** @param script absolute path, where it is known which one it would be @param slotsPerTrial null: as the configuration says */
export async function expectationOf(
  pool: PoolCalls,
  { configuration, preview }: PreviewedSearch,
  asked: { script: string | null; slotsPerTrial: number | null },
  signal?: AbortSignal,
): Promise<Expectation> {
  const { resources, searcher } = configuration.value;
  const slotsPerTrial = asked.slotsPerTrial ?? resources.slots_per_trial;
  const options = signal === undefined ? {} : { signal };
  const [{ slots }, { startsIn, reason }, { pace }] = await Promise.all([
    pool.call("pool/status", {}, options),
    pool.call("queue/forecast", { slots: slotsPerTrial, priority: resources.priority ?? undefined }, options),
    pool.call(
      "search/pace",
      {
        script: asked.script,
        configuration: configuration.file,
        timeMetric: timeMetricOf(searcher),
        slotsPerTrial,
      },
      options,
    ),
  ]);
  const usable = usableSlots(slots);
  return {
    startsIn,
    reason,
    ...durationOf(
      { preview, slotsPerTrial, maxSlots: resources.max_slots ?? null },
      { pace, usableSlots: usable },
    ),
    slots: usable,
    trials: pace?.trials ?? 0,
  };
}
