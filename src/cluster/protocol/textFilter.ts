/**
 * A filter of things as text: words that all must hold, as in `lr<0.01 state:completed loss<0.2 starred -sgd`.
 * `NAME<VALUE` and the like compare; `NAME:TEXT` looks for text in one field; `-` before a word turns it round; any other word
 * is looked for anywhere. Pure.
 */
import type { Json } from "./base.ts";

export type TextFilter<Row> =
  { matches: (row: Row) => boolean; error: null } | { matches: null; error: string };

type Test<Row> = (row: Row) => boolean;
export type Field<Row> = (row: Row) => Json | undefined;

/** What words can be about. */
export interface Filterable<Row> {
  /** Null where no row has a field of that name: that is an error, and `known` says which there are. */
  field: (name: string) => Field<Row> | null;
  known: () => readonly string[];
  /** @param word in lower case @returns whether it stands anywhere in the row */
  hasWord: (row: Row, word: string) => boolean;
  /** Bare words that mean something. */
  flags: Readonly<Record<string, Test<Row>>>;
}

/** Either quoted, or up to the next space; `-` and a name and an operator may stand before. */
const WORD = /(-?)(?:([^\s"<>=!:]+)(<=|>=|!=|<|>|=|:))?(?:"([^"]*)"|([^\s"]+))?/y;
const COMPARE: Record<string, (a: number, b: number) => boolean> = {
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b,
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
};

export function parseTextFilter<Row>(text: string, about: Filterable<Row>): TextFilter<Row> {
  const tests: Test<Row>[] = [];
  if (text.split('"').length % 2 === 0)
    return { matches: null, error: 'A quotation mark is open: "…" takes two.' };
  for (let at = 0; at < text.length;) {
    if (/\s/.test(text[at] ?? "")) {
      at++;
      continue;
    }
    WORD.lastIndex = at;
    const found = WORD.exec(text);
    const [whole = "", minus, name, operator, quoted, plain] = found ?? [];
    if (whole === "") return { matches: null, error: `"${text.slice(at)}" is not understood.` };
    at += whole.length;
    const value = quoted ?? plain ?? "";
    // A lone minus, of a word that is still being typed.
    if (name === undefined && value === "") continue;
    const made =
      name === undefined || operator === undefined
        ? wordTest(value, quoted !== undefined, about)
        : fieldTest(name, operator, value, about);
    if (typeof made === "string") return { matches: null, error: made };
    tests.push(minus === "-" ? (row) => !made(row) : made);
  }
  return { matches: (row) => tests.every((test) => test(row)), error: null };
}

/** In characters. */
export const LONGEST_FILTER = 1000;

/** Why a filter cannot be read, whatever it is about; null when it can. */
export function filterProblem(text: string): string | null {
  if (text.length > LONGEST_FILTER)
    return `It has at most ${LONGEST_FILTER} characters; this has ${text.length}.`;
  const anything = { field: () => () => null, known: () => [], hasWord: () => false, flags: {} };
  return parseTextFilter(text, anything).error;
}

function wordTest<Row>(word: string, isQuoted: boolean, about: Filterable<Row>): Test<Row> | string {
  const wanted = word.toLowerCase();
  if (!isQuoted && /^[<>=!:]/.test(word)) return `Before "${word}" stands no name.`;
  if (!isQuoted && Object.hasOwn(about.flags, wanted)) return about.flags[wanted] ?? (() => false);
  return (row) => about.hasWord(row, wanted);
}

function fieldTest<Row>(
  name: string,
  operator: string,
  value: string,
  about: Filterable<Row>,
): Test<Row> | string {
  const field = about.field(name);
  if (field === null) {
    const known = about.known();
    return `There is no "${name}": ${known.slice(0, 8).join(", ")}${known.length > 8 ? ", …" : ""} are.`;
  }
  if (value === "") return `After ${name}${operator} stands no value.`;
  const compare = COMPARE[operator];
  if (compare !== undefined) {
    const bound = Number(value);
    if (Number.isNaN(bound)) return `${name}${operator} needs a number, and "${value}" is none.`;
    return (row) => {
      const own = field(row);
      return typeof own === "number" && compare(own, bound);
    };
  }
  const wanted = value.toLowerCase();
  if (operator === ":") return (row) => textOf(field(row)).includes(wanted);
  const number = Number(value);
  const isSame: Test<Row> = (row) => {
    const own = field(row);
    return typeof own === "number" && !Number.isNaN(number) ? own === number : textOf(own) === wanted;
  };
  return operator === "=" ? isSame : (row) => !isSame(row);
}

function textOf(value: Json | undefined): string {
  if (value === undefined || value === null) return "";
  return (typeof value === "string" ? value : JSON.stringify(value)).toLowerCase();
}
