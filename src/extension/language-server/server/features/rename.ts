/** A hyperparameter's key and all that reads it get another name together. */
import { ErrorCodes, ResponseError } from "vscode-languageserver/node";
import type { Feature, Place } from "../feature.ts";
import { isPythons, rename } from "../links/rename.ts";
import { type Target, targetAt } from "../links/target.ts";
import { contains } from "../links/occurrences.ts";
import type { Workspace } from "../workspace.ts";

export const renaming = (workspace: Workspace): Feature => {
  const at = async (place: Place): Promise<Target | null> => {
    const target = await targetAt(workspace, place);
    if (target?.kind !== "parameter") return null;
    // Where Python has a name of its own, its rename is the better one.
    const isTheirs = target.around.files.some(
      (file) =>
        file.document === place.document &&
        file.facts.parameters.some(
          (read) => contains(read.nameRange, place.position) && isPythons({ file, read }),
        ),
    );
    return isTheirs && !target.isInExperiment ? null : target;
  };
  return {
    name: "rename of a hyperparameter",
    prepareRename: async (place) => {
      const target = await at(place);
      return target && { range: target.range, placeholder: target.name.split(".").at(-1) ?? target.name };
    },
    rename: async (place, newName) => {
      const target = await at(place);
      if (target === null) return null;
      const renamed = rename(target, newName.trim());
      if ("refusal" in renamed) throw new ResponseError(ErrorCodes.InvalidRequest, renamed.refusal);
      return { changes: Object.fromEntries(renamed.edits) };
    },
  };
};
