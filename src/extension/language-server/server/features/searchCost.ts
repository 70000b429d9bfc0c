/**
 * Above `searcher:`: what the search would cost. While the document has a mistake in it the last cost that could be read stays,
 * and says so: a lens that comes and goes would move the lines that one is typing in.
 */
import type { Forecast } from "../../contract.ts";
import { keepLatest } from "../../keepLatest.ts";
import { searchOf, type WrittenSearch } from "../cost/searchOf.ts";
import { costText } from "../cost/words.ts";
import type { OpenDocument } from "../documents.ts";
import type { Feature } from "../feature.ts";
import type { Workspace } from "../workspace.ts";

/** Documents whose last cost is kept. */
const MOST_KEPT = 50;

export function searchCost(workspace: Workspace): Feature {
  const last = new Map<string, WrittenSearch>();
  /** The same object until the document is another one: several requests come for each version. */
  const read = new WeakMap<object, WrittenSearch | null>();

  const written = (document: OpenDocument, experiment: object & { value: unknown }): WrittenSearch | null => {
    let found = read.get(experiment);
    if (found === undefined) {
      found = searchOf(experiment.value);
      read.set(experiment, found);
    }
    if (found === null) return null;
    keepLatest(last, document.uri, found, MOST_KEPT);
    return found;
  };

  const forecastOf = async (document: OpenDocument, search: WrittenSearch): Promise<Forecast | null> =>
    workspace.ask("trainyard/forecast", {
      script: (await workspace.scriptOf(document))?.path ?? null,
      configuration: document.path,
      timeMetric: search.timeMetric,
      slotsPerTrial: search.slotsPerTrial,
      priority: search.priority,
    });

  return {
    name: "cost of a search",
    lenses: async (document) => {
      const { experiment } = document;
      if (!workspace.state.settings.lenses || experiment === null) return [];
      const range = experiment.rangeOf(["searcher"], "key");
      if (range === null) return [];
      const now = written(document, experiment);
      const search = now ?? last.get(document.uri);
      if (!search || search.preview.trials < 2) return [];
      const text = costText(search, await forecastOf(document, search), new Date());
      return [
        {
          range,
          command: {
            title: now === null ? `before the last mistake: ${text}` : text,
            command: document.path === null ? "" : "trainyard.previewSearch",
            arguments: document.path === null ? [] : [document.path],
          },
        },
      ];
    },
  };
}
