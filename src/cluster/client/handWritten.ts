/** Hyperparameters as a person writes them: `lr=1e-3 net.act=relu`. Pure. */
import { parse } from "yaml";
import { Json, type JsonObject } from "../protocol/base.ts";
import { UserError } from "./userError.ts";

/** @throws UserError naming the one that cannot be read */
export function readAssignments(assignments: readonly string[]): JsonObject {
  const all: JsonObject = {};
  for (const assignment of assignments) {
    const end = assignment.indexOf("=");
    const names = assignment.slice(0, Math.max(0, end)).split(".");
    if (names.some((name) => name === "" || name === "__proto__"))
      throw new UserError(`\`${assignment}\` is no hyperparameter: write it as name=value, such as lr=0.01.`);
    put(all, names, valueOf(assignment.slice(end + 1)), assignment);
  }
  return all;
}

/** As the configuration would read it: 1e-3 is a number, true no text. */
function valueOf(text: string): Json {
  try {
    return Json.parse(parse(text) ?? null);
  } catch {
    return text;
  }
}

function put(
  all: JsonObject,
  [name = "", ...rest]: readonly string[],
  value: Json,
  assignment: string,
): void {
  if (rest.length === 0 && !Object.hasOwn(all, name)) {
    all[name] = value;
    return;
  }
  const inner = Object.hasOwn(all, name) ? all[name] : (all[name] = {});
  if (rest.length === 0 || typeof inner !== "object" || inner === null || Array.isArray(inner))
    throw new UserError(`\`${assignment}\`: \`${name}\` was given before.`);
  put(inner, rest, value, assignment);
}
