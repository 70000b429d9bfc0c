import type { JsonObject } from "../../../src/cluster/protocol/base.ts";
import { ExperimentConfiguration } from "../../../src/cluster/protocol/configuration.ts";
import type { Search } from "../../../src/cluster/search/searcher.ts";
import { readSpace } from "../../../src/cluster/search/space.ts";

/** A search as a configuration asks for it. */
export function searchOf(
  searcher: unknown,
  hyperparameters: JsonObject = { x: { type: "double", minval: 0, maxval: 1 } },
  experimentSeed = 1,
): Search {
  const read = readSpace(hyperparameters);
  if ("problems" in read) throw new Error(JSON.stringify(read.problems));
  const { searcher: configuration } = ExperimentConfiguration.parse({ searcher });
  return { configuration, space: read.space, experimentSeed };
}
