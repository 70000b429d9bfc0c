/** What a configuration's search would do, and on a pool: when it would start and how long it would take there. */
import { randomInt } from "node:crypto";
import { realpath } from "node:fs/promises";
import path from "node:path";
import type { StartsIn } from "../protocol/scheduling.ts";
import { previewSearch, type SearchPreview } from "../search/preview.ts";
import type { Search } from "../search/searcher.ts";
import { timeMetricOf } from "../search/settings.ts";
import { readSpace } from "../search/space.ts";
import { spanOf } from "../search/span.ts";
import { ConfigurationError, type LoadedConfiguration, loadConfiguration } from "./configuration.ts";
import type { PoolCalls } from "./poolCalls.ts";

export interface PreviewedSearch {
  configuration: LoadedConfiguration;
  search: Search;
  preview: SearchPreview;
}

export interface Expectation {
  /** Null: it is not known, or never. */
  startsIn: StartsIn | null;
  /** Why it would wait, as a sentence. */
  reason: string;
  /** From its first trial's start to its last one's end; null when no earlier trial tells it. */
  lasts: StartsIn | null;
  /** Trials that train at the same time: what the search, its limit and the slots allow. */
  atOnce: number;
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
  const usable = slots.filter(({ state }) => state === "free" || state === "held").length;
  const concurrency = preview.brackets.reduce((sum, one) => sum + one.concurrency, 0);
  const limit = Math.min(usable, resources.max_slots ?? Infinity);
  const fits = slotsPerTrial === 0 ? Infinity : Math.floor(limit / slotsPerTrial);
  const atOnce = Math.max(1, Math.min(concurrency, fits, preview.trials));
  const span = spanOf({ lengths: preview.lengths, atOnce });
  return {
    startsIn,
    reason,
    lasts:
      pace === null || preview.totalUnits === null
        ? null
        : { fromMs: span.from * pace.fastMsPerUnit, toMs: span.to * pace.slowMsPerUnit },
    atOnce,
    slots: usable,
    trials: pace?.trials ?? 0,
  };
}
