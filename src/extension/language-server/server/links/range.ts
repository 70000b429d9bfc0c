/** What to search over for a parameter, from what a script says of it: its name, its default, its type. Pure. */
import type { Json } from "../../../../cluster/protocol/base.ts";
import { wordsOf } from "../../../../cluster/protocol/metricDirection.ts";
import type { ParameterRead } from "../python/facts.ts";

export type Described = Pick<ParameterRead, "name" | "default" | "type" | "choices">;

/** A hyperparameter as it is written: `{type: log, base: 10, minval: -4, maxval: -2}`; or why none is proposed. */
export type Proposal = { readonly range: { readonly [key: string]: Json } } | { readonly refusal: string };

/** What a name says, by its last words; the first that fits counts. `usual` is taken where no default is written. */
const KINDS: readonly { words: RegExp; usual: number; range(value: number): Proposal | null }[] = [
  {
    words: /\b(epochs?|(max|num|n|total|train) (steps|iters|iterations|batches)|iterations)$/,
    usual: 10,
    range: () => ({ refusal: "How long a trial trains is not searched: `searcher.max_time` says it." }),
  },
  {
    words: /\bwarm ?up\b/,
    usual: 0,
    range: (value) => (value < 1 && value > 0 ? double(0, Math.max(0.2, value * 2)) : null),
  },
  { words: /\b(lr|learning rate|step size|eta)\b/, usual: 1e-3, range: (value) => positive(value) },
  {
    words: /\b(weight decay|wd|l1|l2|decay|reg|regularization|alpha reg)$/,
    usual: 1e-4,
    range: (value) =>
      value === 0 ? categorical([0, 1e-4, 1e-3, 1e-2]) : value < 0.5 ? positive(value) : null,
  },
  { words: /\b(eps|epsilon|tol|temperature|tau)$/, usual: 1, range: (value) => positive(value) },
  {
    words: /\b(dropout|drop|drop rate|drop path|p drop)\b/,
    usual: 0.1,
    range: (value) => (value <= 1 ? double(0, value <= 0.5 ? 0.5 : 0.9) : null),
  },
  { words: /\bmomentum$/, usual: 0.9, range: (value) => around(value, 0.5, 0.99) },
  { words: /\bbeta ?1$/, usual: 0.9, range: (value) => around(value, 0.8, 0.99) },
  { words: /\bbeta ?2$/, usual: 0.999, range: (value) => around(value, 0.9, 0.9999) },
  { words: /\blabel smoothing$/, usual: 0.1, range: (value) => around(value, 0, 0.2) },
  { words: /\bbatch size$|\bbatch$|\bbs$/, usual: 32, range: () => null },
  {
    words: /\b(layers|depth|blocks)$/,
    usual: 2,
    range: (value) =>
      value >= 1 && Number.isInteger(value) ? int(Math.max(1, Math.floor(value / 2)), value * 2) : null,
  },
  { words: /\b(hidden|dim|size|width|units|channels|features)\b/, usual: 64, range: () => null },
];

/** A range that has the default inside, about as wide as one would first try. */
export function proposeRange(described: Described): Proposal {
  const { choices, type } = described;
  if (choices !== null && choices.length > 0) return categorical(choices);
  const standard = described.default;
  if (typeof standard === "boolean" || type === "bool") return categorical([true, false]);
  if (typeof standard === "string") return categorical([standard]);
  if (Array.isArray(standard) || (typeof standard === "object" && standard !== null))
    return categorical([standard]);
  const kind = KINDS.find(({ words }) => words.test(lastWords(described.name)));
  if (type === "str" && typeof standard !== "number")
    return { refusal: "It is a text without a default: what it may be is not known." };
  const value = typeof standard === "number" ? standard : (kind?.usual ?? null);
  const isWhole = type === "int" || (type !== "float" && value !== null && Number.isInteger(value));
  if (value === null) return type === "int" ? int(1, 10) : double(0, 1);
  return kind?.range(value) ?? (isWhole ? whole(Math.round(value)) : fraction(value));
}

/** A single value that fits, where a script has no default. */
export function proposeValue(described: Described): Json {
  const { choices, type } = described;
  if (described.default !== undefined) return described.default;
  if (choices !== null && choices.length > 0) return choices[0] ?? null;
  if (type === "bool") return false;
  if (type === "str") return "";
  return (
    KINDS.find(({ words }) => words.test(lastWords(described.name)))?.usual ?? (type === "float" ? 0.1 : 1)
  );
}

/** Each range with the number of its points that a grid needs. */
export function forGrid(range: { readonly [key: string]: Json }): { readonly [key: string]: Json } {
  return range.type === "categorical" ? range : { ...range, count: 4 };
}

function lastWords(name: string): string {
  return wordsOf(name.split(".").at(-1) ?? "")
    .replace(/[^a-z0-9]+/g, " ")
    .trim();
}

const categorical = (vals: readonly Json[]): Proposal => ({
  range: { type: "categorical", vals: [...vals] },
});
const int = (minval: number, maxval: number): Proposal => ({ range: { type: "int", minval, maxval } });
const double = (minval: number, maxval: number): Proposal => ({
  range: { type: "double", minval: short(minval), maxval: short(maxval) },
});

/** A decade to either side; nothing for what is not above zero. */
function positive(value: number): Proposal | null {
  if (!(value > 0) || !Number.isFinite(value)) return null;
  const exponent = Math.round(Math.log10(value));
  return { range: { type: "log", base: 10, minval: exponent - 1, maxval: exponent + 1 } };
}

function around(value: number, minval: number, maxval: number): Proposal {
  return double(Math.min(minval, value), Math.max(maxval, value));
}

function whole(value: number): Proposal {
  if (value >= 8 && Number.isInteger(Math.log2(value))) return categorical([value / 2, value, value * 2]);
  if (value > 0) return int(Math.max(1, Math.floor(value / 2)), Math.max(2, value * 2));
  return value === 0 ? int(0, 10) : int(value * 2, Math.ceil(value / 2));
}

function fraction(value: number): Proposal {
  const size = Math.abs(value);
  if (value > 0 && (value < 0.1 || value >= 1000)) return positive(value) ?? double(0, 1);
  if (size === 0) return double(0, 1);
  const wide = size < 1 ? Math.min(1, size * 2) : size * 2;
  return value > 0 ? double(size / 2, wide) : double(-wide, -size / 2);
}

function short(value: number): number {
  return Number(value.toPrecision(6));
}
