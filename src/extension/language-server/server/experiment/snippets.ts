/** What belongs to a hyperparameter of each type, to be filled in. Pure. */
import type { Syntax } from "./written.ts";

const PARTS: Readonly<Record<string, readonly (readonly [key: string, sensible: string])[]>> = {
  const: [["val", "0"]],
  int: [
    ["minval", "1"],
    ["maxval", "10"],
  ],
  double: [
    ["minval", "0"],
    ["maxval", "1"],
  ],
  log: [
    ["minval", "-5"],
    ["maxval", "-1"],
    ["base", "10"],
  ],
  categorical: [["vals", "[]"]],
};

/** Keys beside `type` that are not there yet, each with a value to be changed. @param first number of the first place to fill in */
export function partsOfType(
  syntax: Syntax,
  type: string,
  { isGrid, present, first }: { isGrid: boolean; present: readonly string[]; first: number },
): string[] {
  const isRange = type !== "const" && type !== "categorical";
  const parts = [...(PARTS[type] ?? []), ...(isGrid && isRange ? [["count", "5"] as const] : [])];
  return parts
    .filter(([key]) => !present.includes(key))
    .map(([key, value], index) => {
      const place = value === "[]" ? `[$${index + first}]` : `\${${index + first}:${value}}`;
      return `${key}${syntax === "toml" ? " = " : ": "}${place}`;
    });
}

/** What comes behind the name of a new one. */
export function newHyperparameter(syntax: Syntax, type: string, isGrid: boolean): string {
  const between = syntax === "toml" ? " = " : ": ";
  if (type === "const") return `${between}\${2:0}`;
  const said = syntax === "toml" ? `"${type}"` : type;
  const parts = [`type${between}${said}`, ...partsOfType(syntax, type, { isGrid, present: [], first: 2 })];
  return syntax === "toml" ? `${between}{ ${parts.join(", ")} }` : `${between}{${parts.join(", ")}}`;
}
