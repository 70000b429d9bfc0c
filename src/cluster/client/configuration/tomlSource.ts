/** A configuration in a script: the table `[tool.trainyard]` of its PEP 723 block. */
import { type AST, ParseError, parseTOML } from "toml-eslint-parser";
import { type Located, Places, type Span } from "./places.ts";
import { findScriptBlock, type ScriptBlock } from "./scriptBlock.ts";
import { findNode, MOST_BYTES, type Source, TOO_LARGE } from "./source.ts";
import { buildTree } from "./tomlTree.ts";

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
  const read = parse(block, places);
  problems.push(...read.problems);
  if (read.program === null) return { ...nothing, problems };
  const whole = buildTree(read.program, block.inFile);
  const found = findNode({ root: whole.node }, TABLE);
  // `trainyard` may be in a comment, or a dependency.
  if (found === null && !(problems.length > 0 && /^\s*(\[.*|tool\b.*)?\btrainyard\b/m.test(block.toml)))
    return null;
  return {
    ...nothing,
    text: tableText(block.toml, read.program),
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
): { program: AST.TOMLProgram | null; problems: Located[] } {
  const problems: Located[] = [];
  const lines = toml.split("\n");
  let blanked = -2;
  for (let tries = 0; tries < (toml.length > LONG ? 3 : MOST_PROBLEMS); tries++) {
    try {
      return { program: parseTOML(lines.join("\n")), problems };
    } catch (error) {
      if (error instanceof RangeError)
        return {
          program: null,
          problems: [
            ...problems,
            places.located([inFile(0), inFile(0)], "The configuration is nested too deeply."),
          ],
        };
      if (!(error instanceof ParseError)) throw error;
      const at = Math.min(Math.max(error.lineNumber - 1, 0), lines.length - 1);
      // What follows directly is what the first one meant.
      if (Math.abs(at - blanked) > 1)
        problems.push(places.located(placeOf(error, toml, inFile), sentence(error)));
      blanked = lines[at]?.trim() === "" ? lastWritten(lines, at) : at;
      if (blanked < 0) break;
      lines[blanked] = " ".repeat(lines[blanked]?.length ?? 0);
    }
  }
  return { program: null, problems };
}

function lastWritten(lines: readonly string[], before: number): number {
  return lines.slice(0, before).findLastIndex((line) => line.trim() !== "");
}

function placeOf({ index }: ParseError, toml: string, inFile: (offset: number) => number): Span {
  const word = /^(?:"[^"\n]*"|[\w.-]+|[^\s])/.exec(toml.slice(index, index + 200))?.[0] ?? "";
  return [inFile(index), inFile(index + word.length)];
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
