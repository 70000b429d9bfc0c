/** Of a long YAML file the few lines that say where the cursor is: its line with what hangs on it, and the keys above. Pure. */
import { lineStart } from "./lineStart.ts";

/** A key with its map on the lines below. */
const PARENT = /^ *[\w.-]+ *:[ \t]*(?:&\w+[ \t]*)?(?:#.*)?$/;
const NEVER_A_PARENT = /^[ \t]*(?:#.*)?$/;

export interface Part {
  readonly text: string;
  /** From an offset in it to one in the file. */
  readonly shift: number;
}

/** Null: what is there is not so plain that lines tell it; then all has to be parsed. */
export function partAround(text: string, offset: number): Part | null {
  const start = lineStart(text, offset);
  const current = lineFrom(text, start);
  const isBlank = current.trim() === "";
  const indent = isBlank ? offset - start : indentOf(current);
  if (/^ *-/.test(current) || current.slice(0, indent).includes("\t")) return null;
  const parents: string[] = [];
  let limit = indent;
  let isNext = true;
  for (let at = start; at > 0 && (limit > 0 || isNext);) {
    at = lineStart(text, at - 1);
    const line = lineFrom(text, at);
    if (NEVER_A_PARENT.test(line)) continue;
    // What is not ended runs on into this line.
    if (isNext && (/[,{[|>"']\s*(?:#.*)?$/.test(line) || /^ *-/.test(line))) return null;
    isNext = false;
    if (indentOf(line) >= limit) continue;
    if (!PARENT.test(line)) return null;
    parents.unshift(line);
    limit = indentOf(line);
  }
  const above = parents.map((line) => `${line}\n`).join("");
  return { text: above + text.slice(start, endOfChildren(text, start, indent)), shift: start - above.length };
}

function endOfChildren(text: string, start: number, indent: number): number {
  let end = nextLine(text, start);
  while (end < text.length) {
    const line = lineFrom(text, end);
    if (line.trim() !== "" && indentOf(line) <= indent) break;
    end = nextLine(text, end);
  }
  return end;
}

function lineFrom(text: string, from: number): string {
  return text.slice(from, nextLine(text, from)).replace(/\r?\n$/, "");
}

function nextLine(text: string, from: number): number {
  const end = text.indexOf("\n", from);
  return end < 0 ? text.length : end + 1;
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length;
}
