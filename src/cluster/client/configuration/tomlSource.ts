/** A configuration in a script: the table `[tool.trainyard]` of its PEP 723 block. */
import { type AST, ParseError, parseTOML } from "toml-eslint-parser";
import { type Located, Places, type Span } from "./places.ts";
import { findScriptBlock, type ScriptBlock } from "./scriptBlock.ts";
import { findNode, MOST_BYTES, type Source, TOO_DEEP, TOO_LARGE } from "./source.ts";
import { buildTree, type Built } from "./tomlTree.ts";

export const TABLE = ["tool", "trainyard"] as const;
/** A parser's first error is its last; so many lines are left out to see what the others say. */
const MOST_PROBLEMS = 20;
/** Of a longer block not so many times. */
const LONG = 50_000;

/** Null: the script has no such table. One that is broken is there, with its problems. */
export function readScriptTable(file: string, text: string): Source | null {
  const block = findScriptBlock(text);
  if (block === null || !/\btrainyard\b/.test(block.toml)) return null;
  const places = new Places(file, text);
  const nothing = {
    syntax: "toml",
    file,
    text: block.toml,
    places,
    root: null,
    value: null,
    isWhole: false,
  } as const;
  if (Buffer.byteLength(block.toml) > MOST_BYTES)
    return { ...nothing, problems: [places.located(block.opening, TOO_LARGE)] };
  const problems = problemsOfBlock(block).map(([span, message]) => places.located(span, message));
  const parsed = parse(block, places);
  problems.push(...parsed.problems);
  if (parsed.read === null) return { ...nothing, problems };
  const { program, whole } = parsed.read;
  const found = findNode({ root: whole.node }, TABLE);
  // `trainyard` may be in a comment, or a dependency.
  if (found === null && !(problems.length > 0 && /^\s*(\[.*|tool\b.*)?\btrainyard\b/m.test(block.toml)))
    return null;
  return {
    ...nothing,
    text: tableText(block.toml, program),
    root: found?.node ?? null,
    value: valueAt(whole.value, TABLE) ?? null,
    problems,
    isWhole: problems.length === 0,
  };
}

function problemsOfBlock({ isClosed, opening, second }: ScriptBlock): [Span, string][] {
  const found: [Span, string][] = [];
  if (!isClosed)
    found.push([opening, "This block does not end: its lines begin with `# `, and the last one is `# ///`."]);
  if (second) found.push([second, "A script has one such block: put both together."]);
  return found;
}

function parse(
  { toml, inFile }: ScriptBlock,
  places: Places,
): { read: { program: AST.TOMLProgram; whole: Built } | null; problems: Located[] } {
  const problems: Located[] = [];
  const lines = toml.split("\n");
  let blanked = -2;
  for (let tries = 0; tries < (toml.length > LONG ? 3 : MOST_PROBLEMS); tries++) {
    try {
      const program = parseTOML(lines.join("\n"));
      return { read: { program, whole: buildTree(program, inFile) }, problems };
    } catch (error) {
      if (error instanceof RangeError)
        return { read: null, problems: [...problems, places.located([inFile(0), inFile(0)], TOO_DEEP)] };
      if (!(error instanceof ParseError)) throw error;
      const { line, span } = placeOf(error, lines);
      // What follows directly is what the first one meant.
      if (Math.abs(line - blanked) > 1)
        problems.push(located(error, places, [inFile(span[0]), inFile(span[1])]));
      if (lines[line]?.trim() === "") break;
      blanked = line;
      lines[line] = " ".repeat(lines[line]?.length ?? 0);
    }
  }
  return { read: null, problems };
}

const TWICE = /multiple times/;

function located(error: ParseError, places: Places, span: Span): Located {
  if (!TWICE.test(error.message)) {
    const [start, end] = [places.at(span[0]), places.at(span[1])];
    const isUnfinished = places.textBetween(start, end).endsWith("=");
    return places.located(span, isUnfinished ? "A value is missing here." : sentence(error));
  }
  return {
    ...places.located(span, "This key is there twice."),
    fix: { title: "Remove the second one", remove: true },
  };
}

/** The parser stops at what it did not expect; where that begins a line, the one above is not finished. */
function placeOf({ index, message }: ParseError, lines: readonly string[]): { line: number; span: Span } {
  const before = lines.join("\n").slice(0, index).split("\n");
  const at = before.length - 1;
  if (before[at]?.trim() === "" && !TWICE.test(message)) {
    const line = lines.slice(0, at).findLastIndex((one) => one.trim() !== "");
    const from = lines.slice(0, line).reduce((sum, one) => sum + one.length + 1, 0);
    const written = lines[line] ?? "";
    if (line >= 0) return { line, span: [from + written.search(/\S/), from + written.trimEnd().length] };
  }
  const rest = (lines[at] ?? "").slice(before[at]?.length ?? 0);
  const word = /^(?:"[^"]*"|[\w.-]+|\S)/.exec(rest)?.[0] ?? "";
  return { line: at, span: [index, index + word.length] };
}

function sentence({ message }: ParseError): string {
  return message.endsWith(".") ? message : `${message}.`;
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (at, part) => (typeof at === "object" && at !== null ? (at as Record<string, unknown>)[part] : undefined),
    value,
  );
}

/** The lines of our tables; where it is written in another way, all. */
function tableText(toml: string, program: AST.TOMLProgram): string {
  const tables = program.body[0].body.filter(
    (item) => item.type === "TOMLTable" && TABLE.every((part, index) => item.resolvedKey[index] === part),
  );
  if (tables.length === 0) return toml;
  return tables.map(({ range }) => `${toml.slice(...range).trimEnd()}\n`).join("\n");
}
