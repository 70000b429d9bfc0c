/**
 * The filter of the table of trials as text: words that all must hold, as in `lr<0.01 state:completed loss<0.2 starred -sgd`.
 * `NAME<VALUE` and the like compare; `NAME:TEXT` looks for text in one field; `-` before a word turns it round; any other word
 * is looked for anywhere. Pure.
 */
import type { Json } from "../../../cluster/protocol/base.ts";
import { stateLook } from "../states.ts";
import { rowText, type TrialRow } from "./trialRows.ts";

export type TrialQuery =
  { matches: (row: TrialRow) => boolean; error: null } | { matches: null; error: string };

type Test = (row: TrialRow) => boolean;
type Field = (row: TrialRow) => Json | undefined;
export interface QueryNames {
  /** Of the search's metric; `best` and `value` mean it too. */
  metric: string | null;
  parameters: readonly string[];
}

/** Either quoted, or up to the next space; `-` and a name and an operator may stand before. */
const WORD = /(-?)(?:([^\s"<>=!:]+)(<=|>=|!=|<|>|=|:))?(?:"([^"]*)"|([^\s"]+))?/y;
const COMPARE: Record<string, (a: number, b: number) => boolean> = {
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b,
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
};

export function parseTrialQuery(text: string, names: QueryNames): TrialQuery {
  const tests: Test[] = [];
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
        ? wordTest(value, quoted !== undefined)
        : fieldTest(name, operator, value, names);
    if (typeof made === "string") return { matches: null, error: made };
    tests.push(minus === "-" ? (row) => !made(row) : made);
  }
  return { matches: (row) => tests.every((test) => test(row)), error: null };
}

function wordTest(word: string, isQuoted: boolean): Test | string {
  const wanted = word.toLowerCase();
  if (!isQuoted && /^[<>=!:]/.test(word)) return `Before "${word}" stands no name.`;
  if (!isQuoted && wanted === "starred") return ({ trial }) => trial.starred;
  if (!isQuoted && wanted === "nan") return ({ trial }) => trial.nan !== null;
  return (row) => rowText(row).toLowerCase().includes(wanted);
}

function fieldTest(name: string, operator: string, value: string, names: QueryNames): Test | string {
  const field = fieldOf(name, names);
  if (field === null) {
    const known = [
      "number",
      "state",
      "step",
      ...(names.metric === null ? [] : [names.metric]),
      ...names.parameters,
    ];
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
  const isSame: Test = (row) => {
    const own = field(row);
    return typeof own === "number" && !Number.isNaN(number) ? own === number : textOf(own) === wanted;
  };
  return operator === "=" ? isSame : (row) => !isSame(row);
}

function fieldOf(name: string, { metric, parameters }: QueryNames): Field | null {
  if (metric !== null && name === metric) return bestOf;
  const parameter = parameters.find((one) => one === name);
  if (parameter !== undefined) return (row) => row.parameters.get(parameter);
  switch (name.toLowerCase()) {
    case "best":
    case "value":
      return bestOf;
    case "number":
    case "trial":
      return ({ trial }) => trial.number;
    case "state":
      return ({ trial }) => `${trial.state} ${stateLook(trial.state).word}`.toLowerCase();
    case "step":
      return ({ trial }) => trial.latestStep ?? undefined;
    case "name":
      return ({ trial }) => trial.name ?? undefined;
    case "label":
      return ({ trial }) => trial.labels.join(" ");
    default: {
      // `width` for `model.width`, while no other ends like that.
      const ends = parameters.filter((one) => one.endsWith(`.${name}`));
      const [only] = ends;
      return only === undefined || ends.length > 1 ? null : (row) => row.parameters.get(only);
    }
  }
}

function bestOf({ trial }: TrialRow): number | undefined {
  return trial.best?.value;
}

function textOf(value: Json | undefined): string {
  if (value === undefined || value === null) return "";
  return (typeof value === "string" ? value : JSON.stringify(value)).toLowerCase();
}
