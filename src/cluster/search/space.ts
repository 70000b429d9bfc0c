/**
 * The search space, `hyperparameters:` of a configuration, with Determined's names and meanings: constants, `int`, `double`,
 * `log` (its bounds are exponents), `categorical`, nested to any depth. Pure.
 */
import * as z from "zod";
import { Json, type JsonObject } from "../protocol/base.ts";
import type { SpaceAxis } from "../protocol/search.ts";
import type { RandomStream } from "./random.ts";

const Count = z
  .number()
  .int()
  .min(1)
  .max(1_000_000)
  .optional()
  .describe("Points of a grid, evenly from `minval` to `maxval`. Only a grid needs it.");
const Whole = z.number().int();
const MIN = "The smallest value.";
const ABOVE = "`minval` is above `maxval`";
const NOT_BELOW = "`minval` is not below `maxval`";
const BASE = "What the exponents are of: 10, in most cases.";

const Hyperparameter = z.discriminatedUnion("type", [
  z
    .strictObject({
      type: z.literal("const").describe("Always the same value, as without a map."),
      val: Json.describe("The value, of any kind."),
    })
    .describe("A constant."),
  z
    .strictObject({
      type: z.literal("int").describe("A whole number, each as likely as the others."),
      minval: Whole.describe(MIN),
      maxval: Whole.describe("The largest value; it is among those that are drawn."),
      count: Count,
    })
    .refine(({ minval, maxval }) => minval <= maxval, ABOVE)
    .refine(({ minval, maxval }) => maxval - minval < 2 ** 32, "it holds more than 2^32 numbers")
    .describe("A whole number from `minval` to `maxval`."),
  z
    .strictObject({
      type: z.literal("double").describe("A number, evenly distributed."),
      minval: z.number().describe(MIN),
      maxval: z.number().describe("What all values are below."),
      count: Count,
    })
    .refine(({ minval, maxval }) => minval < maxval, NOT_BELOW)
    .describe("A number from `minval` to `maxval`."),
  z
    .strictObject({
      type: z
        .literal("log")
        .describe("A number whose logarithm is evenly distributed, such as a learning rate."),
      minval: z.number().describe("The exponent of the smallest value: -5 is 0.00001 with base 10."),
      maxval: z.number().describe("The exponent of the largest value: -1 is 0.1 with base 10."),
      base: z.number().positive().describe(BASE),
      count: Count,
    })
    .refine(({ minval, maxval }) => minval < maxval, NOT_BELOW)
    .refine(
      ({ minval, maxval, base }) => Number.isFinite(base ** maxval) && Number.isFinite(base ** minval),
      "`minval` and `maxval` are exponents (-4 is 0.0001), and these are too large",
    )
    .describe("A number from base^`minval` to base^`maxval`, evenly by its logarithm."),
  z
    .strictObject({
      type: z.literal("categorical").describe("One of a list, each as likely as the others."),
      vals: z.array(Json).min(1).max(1_000_000).describe("The values, of any kind."),
    })
    .describe("One of the values in `vals`."),
]);
type Hyperparameter = z.infer<typeof Hyperparameter>;

export const HYPERPARAMETER_TYPES = ["const", "int", "double", "log", "categorical"];

/** Keys of a hyperparameter of that type; none: there is no such type. */
export function keysOfType(type: unknown): string[] {
  const found = Hyperparameter.options.find(({ shape }) => shape.type.value === type);
  return found ? Object.keys(found.shape) : [];
}

/** One that draws, as JSON schemas: one for each type. */
export function hyperparameterSchema(): unknown {
  return z.toJSONSchema(Hyperparameter, { io: "input", unrepresentable: "any" });
}

/** What only a hyperparameter has, so that a map with one of them and an unknown `type` is a mistake and no nested map. */
const OWN_KEYS = ["minval", "maxval", "vals", "val"];

/** Children are in the order of the draws: their names, sorted, at every depth. */
type Node = { children: readonly (readonly [string, Node])[] } | { leaf: Hyperparameter };

export interface SpaceProblem {
  /** Keys from the top of `hyperparameters`. */
  path: string[];
  message: string;
}

export class SearchSpace {
  readonly #root: Node;
  readonly #leaves: readonly { name: string; leaf: Hyperparameter }[];

  constructor(root: Node) {
    this.#root = root;
    this.#leaves = leavesOf(root, []);
  }

  /** Dotted names of what has a range. */
  get ranges(): string[] {
    return this.#leaves.filter(({ leaf }) => leaf.type !== "const").map(({ name }) => name);
  }
  /** What has a range, for those who show it. */
  get axes(): SpaceAxis[] {
    return this.#leaves.flatMap(({ name, leaf }) => axisOf(name, leaf));
  }
  /** Dotted names of ranges without the `count` that a grid needs. */
  get uncounted(): string[] {
    return this.#leaves.filter(({ leaf }) => gridCount(leaf) === null).map(({ name }) => name);
  }

  /** One value for each name. Constants draw nothing. */
  draw(random: RandomStream): JsonObject {
    return build(this.#root, (leaf) => drawOne(leaf, random)) as JsonObject;
  }

  /** Points of the grid. @throws Error where a count is missing */
  get gridSize(): number {
    return this.#leaves.reduce((points, { leaf }) => points * (gridCount(leaf) ?? counted(leaf).length), 1);
  }
  /** @param index 0 to gridSize-1; the last name changes fastest */
  gridPoint(index: number): JsonObject {
    const chosen = new Map<Hyperparameter, Json>();
    let rest = index;
    for (const { leaf } of this.#leaves.toReversed()) {
      const values = counted(leaf);
      chosen.set(leaf, values[rest % values.length] ?? null);
      rest = Math.floor(rest / values.length);
    }
    return build(this.#root, (leaf) => chosen.get(leaf) ?? null) as JsonObject;
  }

  /**
   * What a person gave, with the constants that are not among it. Values may lie outside of the ranges: they are the person's.
   *
   * @returns the hyperparameters, or all that is wrong with them
   */
  complete(given: JsonObject): { hyperparameters: JsonObject } | { problems: SpaceProblem[] } {
    const problems: SpaceProblem[] = [];
    const hyperparameters = completed(this.#root, given, [], problems) as JsonObject;
    return problems.length > 0 ? { problems } : { hyperparameters };
  }

  /** Where this space is not inside of another one. None: it is the same, or narrower. */
  outsideOf(other: SearchSpace): SpaceProblem[] {
    const before = new Map(other.#leaves.map(({ name, leaf }) => [name, leaf]));
    const now = new Set(this.#leaves.map(({ name }) => name));
    const gone = [...before.keys()].filter((name) => !now.has(name));
    return [
      ...gone.map((name) => ({ path: name.split("."), message: "it cannot be left out" })),
      ...this.#leaves.flatMap(({ name, leaf }) => {
        const known = before.get(name);
        const message = known === undefined ? "it is new" : whyWider(known, leaf);
        return message === null ? [] : [{ path: name.split("."), message }];
      }),
    ];
  }

  /** The values where nothing has a range; null where something has. */
  get constants(): JsonObject | null {
    return this.ranges.length > 0 ? null : this.gridPoint(0);
  }
}

/** @returns the space, or all that is wrong with it */
export function readSpace(
  hyperparameters: JsonObject,
): { space: SearchSpace } | { problems: SpaceProblem[] } {
  const problems: SpaceProblem[] = [];
  const root = readMap(hyperparameters, [], problems);
  return problems.length > 0 ? { problems } : { space: new SearchSpace(root) };
}

function readMap(map: JsonObject, path: string[], problems: SpaceProblem[]): Node {
  const names = Object.keys(map).sort();
  return { children: names.map((name) => [name, readOne(map[name] ?? null, [...path, name], problems)]) };
}

/** A map of hyperparameters, which is none itself. */
export function isNested(value: unknown): boolean {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const { type } = value as JsonObject;
  if (typeof type === "string" && HYPERPARAMETER_TYPES.includes(type)) return false;
  return type === undefined || !OWN_KEYS.some((key) => key in value);
}

function readOne(value: Json, path: string[], problems: SpaceProblem[]): Node {
  const constant: Node = { leaf: { type: "const", val: value } };
  if (typeof value !== "object" || value === null || Array.isArray(value)) return constant;
  if (isNested(value)) return readMap(value, path, problems);
  const { type } = value;
  if (typeof type !== "string" || !HYPERPARAMETER_TYPES.includes(type)) {
    problems.push({
      path: [...path, "type"],
      message: `${JSON.stringify(type)} is no type of a hyperparameter: ${HYPERPARAMETER_TYPES.join(", ")} are`,
    });
    return constant;
  }
  const read = Hyperparameter.safeParse(value);
  if (read.success) return { leaf: read.data };
  for (const issue of read.error.issues) {
    const keys = issue.code === "unrecognized_keys" ? issue.keys : [undefined];
    for (const key of keys)
      problems.push({
        path: [...path, ...issue.path.map(String), ...(key === undefined ? [] : [key])],
        message:
          key === undefined
            ? words(issue, value)
            : `\`${key}\` is no key of a hyperparameter of type ${type}`,
      });
  }
  return constant;
}

function words(issue: z.core.$ZodIssue, value: JsonObject): string {
  const [key] = issue.path;
  return typeof key === "string" && value[key] === undefined
    ? `a hyperparameter of type ${JSON.stringify(value.type)} needs \`${key}\``
    : issue.message;
}

function leavesOf(node: Node, path: string[]): { name: string; leaf: Hyperparameter }[] {
  if ("leaf" in node) return [{ name: path.join("."), leaf: node.leaf }];
  return node.children.flatMap(([name, child]) => leavesOf(child, [...path, name]));
}

/** Longer lists of values are shown in part. */
const MOST_SHOWN_VALUES = 1000;

function axisOf(name: string, leaf: Hyperparameter): SpaceAxis[] {
  switch (leaf.type) {
    case "const":
      return [];
    case "categorical":
      return [{ name, type: leaf.type, vals: leaf.vals.slice(0, MOST_SHOWN_VALUES) }];
    case "log":
      return [{ name, type: leaf.type, minval: leaf.minval, maxval: leaf.maxval, base: leaf.base }];
    case "int":
    case "double":
      return [{ name, type: leaf.type, minval: leaf.minval, maxval: leaf.maxval }];
  }
}

function build(node: Node, valueOf: (leaf: Hyperparameter) => Json): Json {
  if ("leaf" in node) return valueOf(node.leaf);
  return Object.fromEntries(node.children.map(([name, child]) => [name, build(child, valueOf)]));
}

function drawOne(leaf: Hyperparameter, random: RandomStream): Json {
  switch (leaf.type) {
    case "const":
      return leaf.val;
    case "int":
      return leaf.minval + random.below(leaf.maxval - leaf.minval + 1);
    case "double":
      return random.uniform(leaf.minval, leaf.maxval);
    case "log":
      return leaf.base ** random.uniform(leaf.minval, leaf.maxval);
    case "categorical":
      return leaf.vals[random.below(leaf.vals.length)] ?? null;
  }
}

/** How many gridValues() has, without making them. */
function gridCount(leaf: Hyperparameter): number | null {
  switch (leaf.type) {
    case "const":
      return 1;
    case "categorical":
      return leaf.vals.length;
    case "int":
      return leaf.count === undefined ? null : Math.min(leaf.count, leaf.maxval - leaf.minval + 1);
    case "double":
    case "log":
      return leaf.count ?? null;
  }
}

/** Null where the `count` is missing. */
function gridValues(leaf: Hyperparameter): Json[] | null {
  switch (leaf.type) {
    case "const":
      return [leaf.val];
    case "categorical":
      return leaf.vals;
    case "int": {
      const { minval, maxval, count } = leaf;
      if (count === undefined) return null;
      return evenly(minval, maxval, Math.min(count, maxval - minval + 1)).map(rounded);
    }
    case "double":
      return leaf.count === undefined ? null : evenly(leaf.minval, leaf.maxval, leaf.count);
    case "log":
      return leaf.count === undefined
        ? null
        : evenly(leaf.minval, leaf.maxval, leaf.count).map((exponent) => leaf.base ** exponent);
  }
}

function counted(leaf: Hyperparameter): Json[] {
  const values = gridValues(leaf);
  if (values === null) throw new Error("a grid needs a count for every range");
  return values;
}

/** Both ends and what lies evenly between; the middle where there is one. */
function evenly(min: number, max: number, count: number): number[] {
  if (count === 1) return [(min + max) / 2];
  return Array.from({ length: count }, (_, index) => min + (index * (max - min)) / (count - 1));
}

/** A half goes away from zero. */
function rounded(value: number): number {
  return Math.sign(value) * Math.round(Math.abs(value)) || 0;
}

function completed(node: Node, given: Json | undefined, path: string[], problems: SpaceProblem[]): Json {
  if ("leaf" in node) {
    if (given !== undefined) {
      const message = whyNoValue(node.leaf, given);
      if (message !== null) problems.push({ path, message });
      return given;
    }
    if (node.leaf.type === "const") return node.leaf.val;
    problems.push({ path, message: "a value is missing" });
    return null;
  }
  if (given !== undefined && (typeof given !== "object" || given === null || Array.isArray(given))) {
    problems.push({ path, message: "it holds others, and is no value itself" });
    return null;
  }
  const known = new Set(node.children.map(([name]) => name));
  for (const name of Object.keys(given ?? {}))
    if (!known.has(name)) problems.push({ path: [...path, name], message: "there is none of that name" });
  return Object.fromEntries(
    node.children.map(([name, child]) => [
      name,
      completed(
        child,
        given && Object.hasOwn(given, name) ? given[name] : undefined,
        [...path, name],
        problems,
      ),
    ]),
  );
}

/** Outside of a range is a person's to choose, another type is a mistake. @returns why; null for a value that it can have */
function whyNoValue(leaf: Hyperparameter, value: Json): string | null {
  switch (leaf.type) {
    case "int":
      return Number.isSafeInteger(value) ? null : `${JSON.stringify(value)} is no whole number`;
    case "double":
    case "log":
      return typeof value === "number" && Number.isFinite(value)
        ? null
        : `${typeof value === "number" ? value : JSON.stringify(value)} is no number`;
    case "categorical":
      return leaf.vals.some((each) => typeof each === typeof value)
        ? null
        : `${JSON.stringify(value)} is of another type than ${leaf.vals.map((each) => JSON.stringify(each)).join(", ")}`;
    case "const":
      return null;
  }
}

/** @returns why `now` is not inside of `before`; null where it is */
function whyWider(before: Hyperparameter, now: Hyperparameter): string | null {
  if (now.type === "const")
    return contains(before, now.val) ? null : `${JSON.stringify(now.val)} is outside of it`;
  if (now.type === "categorical") {
    const more = now.vals.find((value) => !contains(before, value));
    return more === undefined ? null : `${JSON.stringify(more)} is outside of it`;
  }
  if (now.type !== before.type || (before.type === "log" && now.type === "log" && now.base !== before.base))
    return `it has another type, or base: it was ${JSON.stringify(before)}`;
  if (now.minval < before.minval) return `\`minval\` ${now.minval} is below ${before.minval}`;
  if (now.maxval > before.maxval) return `\`maxval\` ${now.maxval} is above ${before.maxval}`;
  return null;
}

function contains(leaf: Hyperparameter, value: Json): boolean {
  switch (leaf.type) {
    case "const":
      return isSame(leaf.val, value);
    case "categorical":
      return leaf.vals.some((each) => isSame(each, value));
    case "int":
      return Number.isInteger(value) && isBetween(leaf.minval, value, leaf.maxval);
    case "double":
      return isBetween(leaf.minval, value, leaf.maxval);
    case "log":
      return (
        isBetween(leaf.base ** leaf.minval, value, leaf.base ** leaf.maxval) ||
        isBetween(leaf.base ** leaf.maxval, value, leaf.base ** leaf.minval)
      );
  }
}

const isBetween = (low: number, value: Json, high: number): boolean =>
  typeof value === "number" && value >= low && value <= high;
const isSame = (a: Json, b: Json): boolean => JSON.stringify(a) === JSON.stringify(b);
