/** Looks for a text or an expression in a block of output that consists of whole lines. Pure. */
import { isAscii } from "node:buffer";
import { stripVTControlCharacters } from "node:util";
import { RE2JS } from "re2js";
import type { OutputQuery } from "../../protocol/output.ts";
import { EXCERPT_CHARACTERS, SEARCHED_LINE_BYTES } from "../../protocol/outputLimits.ts";

const NEWLINE = 10;
const RETURN = 13;
const ESCAPE = 27;
/** An expression is tried on so much at once before it is tried on each line: most of a log holds nothing. */
const TRIED_BYTES = 64 * 1024;
/** These mean something else when many lines are tried at once. */
const OF_ONE_LINE = /\\[Az]|\(\?[a-zA-Z]*-/;

export interface Found {
  /** Positions in the block: of the line, and of what was found in it. */
  line: number;
  at: number;
  excerpt: string;
  found: { from: number; to: number };
}
/** Lines of a block that match, each once, in order, from position `from` on; the first may begin before. */
export type Matcher = (block: Buffer, from: number, most: number) => Found[];
type Finder = (text: string) => { from: number; to: number } | null;

/** @throws Error for an expression that is none: check it first */
export function createMatcher({ text, kind, matchCase }: OutputQuery): Matcher {
  const find = kind === "text" ? textFinder(text, matchCase) : expressionFinder(text, matchCase);
  const mayHold = kind === "text" ? null : expressionFilter(text, matchCase);
  const isPlain = matchCase || isAscii(Buffer.from(text));
  return (block, from, most) => {
    // What a person reads as one word may have colours in it.
    if (kind === "text" && isPlain && !block.includes(ESCAPE))
      return directly(block, from, most, text, matchCase);
    return lineByLine(block, from, most, find, mayHold);
  };
}

/** Bytes are compared as they are. */
function directly(block: Buffer, from: number, most: number, text: string, matchCase: boolean): Found[] {
  const needle = Buffer.from(text);
  const next = matchCase
    ? (start: number) => block.indexOf(needle, start)
    : ignoringCase(block.toString("latin1"), text);
  const found: Found[] = [];
  for (let at = next(from); at >= 0 && found.length < most;) {
    const [start, end] = pieceAround(block, at);
    found.push({
      line: at === 0 ? 0 : block.lastIndexOf(NEWLINE, at - 1) + 1,
      at,
      ...excerptOf(block, start, end, at, at + needle.length),
    });
    const newline = block.indexOf(NEWLINE, end);
    if (newline < 0) break;
    at = next(newline + 1);
  }
  return found;
}

function ignoringCase(latin1: string, text: string): (start: number) => number {
  const pattern = new RegExp(text.replace(/[.*+?^${}()|[\]\\/-]/g, "\\$&"), "gi");
  return (start) => {
    pattern.lastIndex = start;
    return pattern.exec(latin1)?.index ?? -1;
  };
}

function lineByLine(
  block: Buffer,
  from: number,
  most: number,
  find: Finder,
  mayHold: ((bytes: Buffer) => boolean) | null,
): Found[] {
  const found: Found[] = [];
  for (let start = from; start < block.length && found.length < most;) {
    const end = mayHold === null ? block.length : endOfLines(block, start + TRIED_BYTES);
    if (mayHold === null || mayHold(block.subarray(start, end)))
      inLines(block, start, end, most, find, found);
    start = end;
  }
  return found;
}

function inLines(block: Buffer, from: number, to: number, most: number, find: Finder, found: Found[]): void {
  let line = from;
  for (let start = from; start < to && found.length < most;) {
    const end = endOfPiece(block, start, to);
    const result = inPiece(block, start, end, find);
    if (result !== null) {
      found.push({ line, ...result });
      const newline = block.indexOf(NEWLINE, end);
      start = line = newline < 0 ? to : newline + 1;
    } else {
      start = end + 1;
      if (block[end] === NEWLINE) line = start;
    }
  }
}

function inPiece(block: Buffer, start: number, end: number, find: Finder): Omit<Found, "line"> | null {
  for (let part = start; part < end || part === start; part += SEARCHED_LINE_BYTES) {
    const raw = block.toString("utf8", part, Math.min(end, part + SEARCHED_LINE_BYTES));
    const text = raw.includes("\u001b") ? stripVTControlCharacters(raw) : raw;
    const range = find(text);
    if (range === null) continue;
    const isExact = text.length === raw.length && !text.includes("\ufffd");
    const at = isExact ? part + Buffer.byteLength(text.slice(0, range.from)) : part;
    return { at, ...clip(text, range.from, range.to) };
  }
  return null;
}

function textFinder(text: string, matchCase: boolean): Finder {
  const wanted = matchCase ? text : text.toLowerCase();
  return (line) => {
    // Where lower case has another length, places would be wrong: then the line's start is good enough.
    const seen = matchCase ? line : line.toLowerCase();
    const from = seen.indexOf(wanted);
    if (from < 0) return null;
    return seen.length === line.length ? { from, to: from + wanted.length } : { from: 0, to: 0 };
  };
}

export function compileExpression(text: string, matchCase: boolean, flags = 0): RE2JS {
  return RE2JS.compile(text, flags | (matchCase ? 0 : RE2JS.CASE_INSENSITIVE));
}

function expressionFinder(text: string, matchCase: boolean): Finder {
  const pattern = compileExpression(text, matchCase);
  return (line) => {
    if (!pattern.test(line)) return null;
    const matcher = pattern.matcher(line);
    return matcher.find() ? { from: matcher.start(), to: matcher.end() } : null;
  };
}

function expressionFilter(text: string, matchCase: boolean): ((bytes: Buffer) => boolean) | null {
  if (OF_ONE_LINE.test(text)) return null;
  const pattern = compileExpression(text, matchCase, RE2JS.MULTILINE);
  return (bytes) => {
    let lines = bytes.toString("utf8");
    if (lines.includes("\u001b")) lines = stripVTControlCharacters(lines);
    // A longer line is looked at in parts, whose ends may match like a line's.
    if (bytes.length > TRIED_BYTES) return true;
    return pattern.test(lines.includes("\r") ? lines.replaceAll("\r", "\n") : lines);
  };
}

function endOfPiece(block: Buffer, from: number, to: number): number {
  const newline = block.indexOf(NEWLINE, from);
  const end = newline < 0 || newline > to ? to : newline;
  const overwritten = block.subarray(from, end).indexOf(RETURN);
  return overwritten < 0 ? end : from + overwritten;
}
function endOfLines(block: Buffer, near: number): number {
  if (near >= block.length) return block.length;
  const newline = block.indexOf(NEWLINE, near);
  return newline < 0 ? block.length : newline + 1;
}
function pieceAround(block: Buffer, at: number): [number, number] {
  const before = at === 0 ? -1 : Math.max(block.lastIndexOf(NEWLINE, at - 1), lastReturn(block, at));
  return [before + 1, endOfPiece(block, at, block.length)];
}
/** As far back as an excerpt can reach: the line may be megabytes. */
function lastReturn(block: Buffer, at: number): number {
  const from = Math.max(0, at - 4 * EXCERPT_CHARACTERS);
  const found = block.subarray(from, at).lastIndexOf(RETURN);
  return found < 0 ? -1 : from + found;
}

function excerptOf(
  block: Buffer,
  start: number,
  end: number,
  from: number,
  to: number,
): Pick<Found, "excerpt" | "found"> {
  const first = wholeCharacter(block, Math.max(start, from - EXCERPT_CHARACTERS));
  const before = block.toString("utf8", first, from);
  const hit = block.toString("utf8", from, Math.min(end, to));
  const after = block.toString("utf8", Math.min(end, to), Math.min(end, to + EXCERPT_CHARACTERS));
  return clip(before + hit + after, before.length, before.length + hit.length);
}
function wholeCharacter(block: Buffer, at: number): number {
  for (let next = at; next < at + 4; next++) if (((block[next] ?? 0) & 0xc0) !== 0x80) return next;
  return at;
}

/** At most EXCERPT_CHARACTERS around what was found. */
function clip(text: string, from: number, to: number): Pick<Found, "excerpt" | "found"> {
  const start = text.length <= EXCERPT_CHARACTERS ? 0 : Math.max(0, from - EXCERPT_CHARACTERS / 4);
  const excerpt = text.slice(start, start + EXCERPT_CHARACTERS);
  return {
    excerpt,
    found: { from: from - start, to: Math.min(to - start, excerpt.length) },
  };
}
