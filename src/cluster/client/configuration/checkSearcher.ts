/** What a searcher cannot do without. Pure. */
import type { Json, JsonObject } from "../../protocol/base.ts";
import { ExperimentConfiguration } from "../../protocol/configuration.ts";
import { findSearcher } from "../../search/searchers.ts";
import { missingSettings } from "../../search/settings.ts";
import { readSpace } from "../../search/space.ts";
import { added, SENSIBLE_COUNT } from "./checkSpace.ts";
import type { Located } from "./places.ts";
import { locate, type Source } from "./source.ts";
import { isMapping } from "./words.ts";

/** Trials of one experiment. */
const MOST_TRIALS = 100_000;
/** What is written for a setting that lacks, for a person to change. */
const SENSIBLE: Readonly<Record<string, Json>> = {
  metric: "val_loss",
  max_trials: 16,
  max_time: 100,
  num_rungs: 3,
};

export function checkSearcher(value: Readonly<Record<string, unknown>>, source: Source): Located[] {
  const read = ExperimentConfiguration.shape.searcher.safeParse(value.searcher);
  if (!read.success) return [];
  const searcher = read.data;
  const problems = missingSettings(searcher).map((key): Located => {
    const standard = SENSIBLE[key];
    const located = locate(source, ["searcher"], `\`searcher\`: ${searcher.name} needs \`${key}\`.`, "key");
    return standard === undefined ? located : { ...located, fix: added(["searcher", key], standard) };
  });
  const { hyperparameters = {} } = value;
  const space = isMapping(hyperparameters) ? readSpace(hyperparameters as JsonObject) : { problems: [] };
  if (searcher.name !== "grid" || "problems" in space) return problems;
  for (const name of space.space.uncounted) {
    const path = ["hyperparameters", ...name.split(".")];
    const message = `\`hyperparameters.${name}\`: a grid needs \`count\`, the number of its points.`;
    problems.push({
      ...locate(source, path, message, "key"),
      fix: added([...path, "count"], SENSIBLE_COUNT),
    });
  }
  if (problems.length === 0 && space.space.gridSize > MOST_TRIALS)
    problems.push(
      locate(
        source,
        ["hyperparameters"],
        `The grid has ${space.space.gridSize} points, and ${MOST_TRIALS} are possible.`,
        "key",
      ),
    );
  return problems;
}

/** What parses, and does not run in this version: a submit is refused with these. */
export function findNotYet(value: Readonly<Record<string, unknown>>, source: Source): Located[] {
  const read = ExperimentConfiguration.shape.searcher.safeParse(value.searcher);
  if (!read.success || findSearcher(read.data.name) !== undefined) return [];
  const message = `The searcher \`${read.data.name}\` does not run here; \`adaptive_asha\` is what came after it.`;
  return [
    {
      ...locate(source, ["searcher", "name"], message, "value"),
      fix: { title: "Change to `adaptive_asha`", set: [[["searcher", "name"], "adaptive_asha"]] },
    },
  ];
}
