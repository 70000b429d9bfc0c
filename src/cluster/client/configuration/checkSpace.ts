/** What is wrong, or odd, with hyperparameters, and what would mend it. Pure. */
import type { Json, JsonObject } from "../../protocol/base.ts";
import { closest } from "../../protocol/closest.ts";
import { own } from "../../protocol/own.ts";
import { HYPERPARAMETER_TYPES, keysOfType, readSpace, type SpaceProblem } from "../../search/space.ts";
import type { Fix, Located } from "./places.ts";
import { locate, type Path, type Source } from "./source.ts";
import { dotted, isMapping, steps, valueAt } from "./words.ts";

/** What is written for a key that lacks, for a person to change. */
const SENSIBLE: Readonly<Record<string, Readonly<Record<string, Json>>>> = {
  int: { minval: 1, maxval: 10 },
  double: { minval: 0, maxval: 1 },
  log: { minval: -5, maxval: -1, base: 10 },
  categorical: { vals: [] },
  const: {},
};
export const SENSIBLE_COUNT = 5;

export function checkHyperparameters(value: unknown, source: Source): Located[] {
  if (!isMapping(value)) return [];
  const read = readSpace(value as JsonObject);
  return "problems" in read ? read.problems.map((problem) => located(problem, source)) : [];
}

function located({ path, message }: SpaceProblem, source: Source): Located {
  const place = ["hyperparameters", ...path];
  const found = valueAt(source.value, place);
  const key = String(path.at(-1));
  const parent = valueAt(source.value, place.slice(0, -1));
  const type = isMapping(parent) ? parent.type : undefined;
  const keys = keysOfType(type);
  // A key that lacks is said at the one that lacks it.
  if (found === undefined) {
    const at = place.slice(0, -1);
    const standard = own(own(SENSIBLE, String(type)) ?? {}, key);
    return {
      ...locate(source, at, `\`${dotted(at)}\`: ${message}.`, "key"),
      ...(standard === undefined ? {} : { fix: added([...at, key], standard) }),
    };
  }
  const isUnknownKey = keys.length > 0 && !keys.includes(key);
  const known = isUnknownKey
    ? closest(
        key,
        keys.filter((each) => !isMapping(parent) || !(each in parent)),
      )
    : key === "type" && typeof found === "string"
      ? closest(found, HYPERPARAMETER_TYPES)
      : null;
  const meant = known === null ? "" : ` Did you mean \`${known}\`?`;
  const text = `\`${dotted(place)}\`: ${message}.${meant}`;
  if (isUnknownKey) {
    const fix: Fix =
      known === null
        ? { title: `Remove \`${key}\``, remove: true }
        : { title: `Change to \`${known}\``, replace: known };
    return { ...locate(source, place, text, "key"), fix };
  }
  const swap = swapped(place, found);
  return {
    ...locate(source, place, text, "value"),
    ...(known === null ? {} : { fix: { title: `Change to \`${known}\``, set: [[steps(place), known]] } }),
    ...(swap === null ? {} : { fix: swap }),
  };
}

function swapped(place: Path, found: unknown): Fix | null {
  if (!isMapping(found)) return null;
  const { minval, maxval } = found;
  if (typeof minval !== "number" || typeof maxval !== "number" || minval <= maxval) return null;
  const at = steps(place);
  return {
    title: "Swap `minval` and `maxval`",
    set: [
      [[...at, "minval"], maxval],
      [[...at, "maxval"], minval],
    ],
  };
}

/** Adds a key with a value. */
export function added(path: Path, value: Json): Fix {
  return { title: `Add \`${String(path.at(-1))}: ${JSON.stringify(value)}\``, set: [[steps(path), value]] };
}

/** Bounds of `log` that are what it shall draw, where exponents are wanted. */
export function suspiciousBounds(source: Source): Located[] {
  const found: Located[] = [];
  const visit = (value: unknown, path: Path): void => {
    if (!isMapping(value)) return;
    if (value.type !== "log") {
      for (const [key, inner] of Object.entries(value)) visit(inner, [...path, key]);
      return;
    }
    const { minval, maxval, base } = value;
    if (typeof minval !== "number" || typeof maxval !== "number" || typeof base !== "number") return;
    if (!(base > 1 && 0 < minval && minval < maxval && maxval <= 1)) return;
    const exponents = [minval, maxval].map((one) => Number((Math.log(one) / Math.log(base)).toFixed(4)));
    const [low = 0, high = 0] = exponents;
    const message =
      `\`${dotted(path)}\`: the bounds of \`log\` are exponents, so this draws from ${short(base ** minval)} to ` +
      `${short(base ** maxval)}. For ${short(minval)} to ${short(maxval)} write ${low} and ${high}.`;
    found.push({
      ...locate(source, [...path, "minval"], message, "value"),
      severity: "warning",
      fix: {
        title: `Change to the exponents ${low} and ${high}`,
        set: [
          [[...steps(path), "minval"], low],
          [[...steps(path), "maxval"], high],
        ],
      },
    });
  };
  visit(valueAt(source.value, ["hyperparameters"]), ["hyperparameters"]);
  return found;
}

function short(value: number): string {
  return String(Number(value.toPrecision(3)));
}
