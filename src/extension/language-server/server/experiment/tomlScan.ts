/** TOML up to a place: in which table, behind which key. It may be broken anywhere; a line that looks like a new one is one. Pure. */

export interface Scanned {
  readonly what: "key" | "value";
  /** Tables and keys around it; of a value its own key, too, and indices of arrays. */
  readonly path: (string | number)[];
  /** Where what is typed begins: of a string behind its quotes, of a dotted key its last part. */
  readonly from: number;
  readonly isQuoted: boolean;
  readonly isHeader: boolean;
  /** Of brackets and braces. */
  readonly depth: number;
  /** Keys of an inline table that stand before. */
  readonly before: readonly string[];
}

type Level =
  { kind: "array"; index: number } | { kind: "table"; key: string[]; inValue: boolean; before: string[] };

const HEADER = /^[ \t]*(\[\[?)[ \t]*([^\]\n]*)(\]?)/;
const KEY = /(?:[\w-]+|"[^"\n]*"|'[^'\n]*')/;
const PAIR = new RegExp(`^[ \\t]*((?:${KEY.source}[ \\t]*\\.[ \\t]*)*${KEY.source})[ \\t]*=[ \\t]*`);

/** Null: nothing is typed there (a comment, behind a value). */
export function scanToml(toml: string, at: number): Scanned | null {
  const lines = toml.slice(0, at).split("\n");
  let table: (string | number)[] = [];
  const counts = new Map<string, number>();
  let from = 0;
  let open: { key: string[]; start: number } | null = null;
  for (const [index, line] of lines.entries()) {
    const isLast = index === lines.length - 1;
    const header = HEADER.exec(line);
    const isNew = PAIR.test(line) || (header !== null && /^[A-Za-z"']/.test(header[2] ?? ""));
    if (open !== null && !isNew) {
      if (isLast) return scanValue(toml, open.start, at, [...table, ...open.key]);
      if (isClosed(toml.slice(open.start, from + line.length))) open = null;
    } else if (header && isNew) {
      open = null;
      const keys = partsOf(header[2] ?? "");
      if (isLast) return header[3] === "]" ? null : inHeader(header[2] ?? "", at);
      table = keys;
      if (header[1] === "[[") {
        const count = counts.get(keys.join("\0")) ?? 0;
        counts.set(keys.join("\0"), count + 1);
        table = [...keys, count];
      }
    } else {
      const pair = PAIR.exec(line);
      if (pair) {
        const key = partsOf(pair[1] ?? "");
        const start = from + pair[0].length;
        if (isLast) return scanValue(toml, start, at, [...table, ...key]);
        open = isClosed(toml.slice(start, from + line.length)) ? null : { key, start };
      } else if (isLast) return inKey(line, at, table);
    }
    from += line.length + 1;
  }
  return null;
}

function partsOf(dotted: string): string[] {
  return [...dotted.matchAll(new RegExp(KEY, "g"))].map(([part]) => part.replace(/^["']|["']$/g, ""));
}

function inHeader(written: string, at: number): Scanned {
  const last = /[\w-]*$/.exec(written)?.[0] ?? "";
  const path = partsOf(written.slice(0, written.length - last.length));
  return { what: "key", path, from: at - last.length, isQuoted: false, isHeader: true, depth: 0, before: [] };
}

function inKey(line: string, at: number, table: (string | number)[]): Scanned | null {
  if (!/^[ \t]*(?:[\w-]+\.)*[\w-]*$/.test(line)) return null;
  const last = /[\w-]*$/.exec(line)?.[0] ?? "";
  const path = [...table, ...partsOf(line.slice(0, line.length - last.length))];
  return {
    what: "key",
    path,
    from: at - last.length,
    isQuoted: false,
    isHeader: false,
    depth: 0,
    before: [],
  };
}

function isClosed(value: string): boolean {
  const rest = value.replace(/"""[\s\S]*?"""|'''[\s\S]*?'''|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|#[^\n]*/g, "");
  if (/"""|'''/.test(rest)) return false;
  const count = (what: RegExp): number => rest.match(what)?.length ?? 0;
  return count(/[[{]/g) <= count(/[\]}]/g);
}

function scanValue(toml: string, start: number, at: number, key: (string | number)[]): Scanned | null {
  const levels: Level[] = [];
  const path = (): (string | number)[] => [
    ...key,
    ...levels.flatMap((level): (string | number)[] =>
      level.kind === "array" ? [level.index] : level.inValue ? level.key : [],
    ),
  ];
  let token = start;
  for (let index = start; index < at; index++) {
    const character = toml[index] ?? "";
    const level = levels.at(-1);
    if (character === '"' || character === "'") {
      const end = endOfString(toml, index, character);
      if (end === null || end > at) {
        const isLong = toml.startsWith(character.repeat(3), index);
        return isLong
          ? null
          : { ...plain(levels), what: "value", path: path(), from: index + 1, isQuoted: true };
      }
      index = end - 1;
    } else if (character === "#") {
      const end = toml.indexOf("\n", index);
      if (end < 0 || end >= at) return null;
      index = end;
    } else if (character === "[") levels.push({ kind: "array", index: 0 });
    else if (character === "{") levels.push({ kind: "table", key: [], inValue: false, before: [] });
    else if (character === "]" || character === "}") levels.pop();
    else if (character === "," && level?.kind === "array") level.index += 1;
    else if (character === "," && level?.kind === "table") {
      level.before.push(level.key[0] ?? "");
      [level.key, level.inValue] = [[], false];
    } else if (character === "=" && level?.kind === "table")
      [level.key, level.inValue] = [partsOf(toml.slice(token, index)), true];
    else continue;
    token = index + 1;
  }
  const typed = toml.slice(token, at).trimStart();
  if (/\s/.test(typed) || /["'\]}]$/.test(typed)) return null;
  // Behind a value nothing is typed but what ends it.
  if (/["'\]}][ \t]*$/.test(toml.slice(start, at))) return null;
  const level = levels.at(-1);
  const common = plain(levels);
  if (level?.kind !== "table" || level.inValue)
    return { ...common, what: "value", path: path(), from: at - typed.length };
  const last = /[\w-]*$/.exec(typed)?.[0] ?? "";
  const around = partsOf(typed.slice(0, typed.length - last.length));
  return { ...common, what: "key", path: [...path(), ...around], from: at - last.length };
}

function plain(levels: readonly Level[]): Pick<Scanned, "isQuoted" | "isHeader" | "depth" | "before"> {
  const level = levels.at(-1);
  const before = level?.kind === "table" ? level.before : [];
  return { isQuoted: false, isHeader: false, depth: levels.length, before };
}

/** Null: it does not end. */
function endOfString(toml: string, from: number, quote: string): number | null {
  const isLong = toml.startsWith(quote.repeat(3), from);
  const rest = toml.slice(from);
  const whole = isLong
    ? quote === '"'
      ? /^"""(?:[^\\]|\\[\s\S])*?"""/
      : /^'''[\s\S]*?'''/
    : quote === '"'
      ? /^"(?:[^"\\\n]|\\.)*"/
      : /^'[^'\n]*'/;
  const found = whole.exec(rest)?.[0];
  return found === undefined ? null : from + found.length;
}
