/** From a key to what reads it and back, and from a metric's name to what reports it and back. */
import type { Location } from "vscode-languageserver/node";
import type { Feature } from "../feature.ts";
import { inExperiments, inPython, targetAt } from "../links/target.ts";
import type { Workspace } from "../workspace.ts";

export const navigation = (workspace: Workspace): Feature => ({
  name: "from an experiment file to its script and back",
  definition: async (place) => {
    const target = await targetAt(workspace, place);
    if (target === null) return [];
    return (target.isInExperiment ? inPython(target) : inExperiments(target)).map(({ uri, range }) => ({
      targetUri: uri,
      targetRange: range,
      targetSelectionRange: range,
      originSelectionRange: target.range,
    }));
  },
  references: async (place) => {
    const target = await targetAt(workspace, place);
    return target === null ? [] : distinct([...inExperiments(target), ...inPython(target)]);
  },
});

function distinct(locations: readonly Location[]): Location[] {
  return [...new Map(locations.map((one) => [JSON.stringify(one), one])).values()];
}
