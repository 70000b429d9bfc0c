/** The block of PEP 723 in a Python file: comments that hold TOML, between `# /// script` and `# ///`. Pure. */
import type { Span } from "./places.ts";

export interface ScriptBlock {
  /** What the comments hold, without their `# `. */
  readonly toml: string;
  /** An offset in `toml`, as one in the file. */
  readonly inFile: (offset: number) => number;
  /** An offset in the file, as one in `toml`; null outside of it. */
  readonly fromFile: (offset: number) => number | null;
  /** The line that opens it. */
  readonly opening: Span;
  readonly isClosed: boolean;
  /** The line that opens another one, which PEP 723 forbids. */
  readonly second: Span | null;
}

const OPENING = /^# \/\/\/ script[ \t]*$/gm;

export function findScriptBlock(python: string): ScriptBlock | null {
  // `$` is before a line feed only: files from Windows have another character there.
  const [opening, second] = openingsOf(python);
  if (opening === undefined) return null;
  const starts: { toml: number; file: number }[] = [];
  const lines: string[] = [];
  let length = 0;
  let closedAt = -1;
  for (let from = nextLine(python, opening[1]); from < python.length; from = nextLine(python, from)) {
    const end = python.indexOf("\n", from);
    const line = python.slice(from, end < 0 ? python.length : end).replace(/\r$/, "");
    if (!/^#( |$)/.test(line)) break;
    // The last one of these comments closes it, as PEP 723 has it.
    if (/^# \/\/\/[ \t]*$/.test(line)) closedAt = lines.length;
    const prefix = Math.min(2, line.length);
    starts.push({ toml: length, file: from + prefix });
    lines.push(line.slice(prefix));
    length += line.length - prefix + 1;
    if (end < 0) break;
  }
  const kept = closedAt < 0 ? lines : lines.slice(0, closedAt);
  return {
    toml: kept.map((line) => `${line}\n`).join(""),
    inFile: (offset) => {
      let [low, high] = [0, starts.length - 1];
      while (low < high) {
        const middle = (low + high + 1) >> 1;
        if ((starts[middle]?.toml ?? 0) <= offset) low = middle;
        else high = middle - 1;
      }
      const start = starts[low];
      if (start === undefined) return opening[1];
      // The end of what is blanked, or of the block, is no further than its line.
      return Math.min(start.file + offset - start.toml, start.file + (lines[low]?.length ?? 0));
    },
    fromFile: (offset) => {
      const at = starts.findLastIndex(({ file }) => file <= offset);
      const column = offset - (starts[at]?.file ?? 0);
      const isInside = at >= 0 && at < kept.length && column <= (kept[at]?.length ?? 0);
      return isInside ? (starts[at]?.toml ?? 0) + column : null;
    },
    opening,
    isClosed: closedAt >= 0,
    second: second ?? null,
  };
}

function openingsOf(python: string): Span[] {
  if (!python.includes("# /// script")) return [];
  const found: Span[] = [];
  for (const { index, 0: line } of python.replaceAll("\r\n", " \n").matchAll(OPENING)) {
    found.push([index, index + line.trimEnd().length]);
    if (found.length === 2) break;
  }
  return found;
}

function nextLine(text: string, from: number): number {
  const end = text.indexOf("\n", from);
  return end < 0 ? text.length : end + 1;
}
