/** From offsets in a text to lines and columns, and what is said about such a place. Pure. */
import type { Json } from "../../protocol/base.ts";

/** Offsets, the second one just behind the last character. */
export type Span = readonly [from: number, to: number];

/** One thing to say about a place in a file. Line and column count from 1, columns in UTF-16 units. */
export interface Located {
  message: string;
  file: string;
  line: number;
  column: number;
  /** Where the place ends, just behind its last character. Absent: only where it begins is known. */
  end?: { line: number; column: number };
  /** Absent: what it is among says it. */
  severity?: "warning" | "information";
  fix?: Fix;
}

/** What would mend it; who edits the file knows how that is written there. */
export type Fix = { readonly title: string } & (
  | { /** The text of the place. */ readonly replace: string }
  | { /** The key that is marked, with its value. */ readonly remove: true }
  | {
      /** Written instead of what these paths have, or added. */ readonly set: readonly (readonly [
        (string | number)[],
        Json,
      ])[];
    }
);

export class Places {
  readonly #file: string;
  readonly #text: string;
  #starts: number[] | null = null;

  constructor(file: string, text: string) {
    this.#file = file;
    this.#text = text;
  }

  /** @param offset what lies outside of the text is moved to its end */
  at(offset: number): { line: number; column: number } {
    const starts = (this.#starts ??= startsOf(this.#text));
    let wanted = Math.max(0, Math.min(offset, this.#text.length));
    // Between the two characters of a line's end there is no place.
    if (this.#text[wanted - 1] === "\r" && this.#text[wanted] === "\n") wanted -= 1;
    let [low, high] = [0, starts.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= wanted) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: wanted - (starts[low] ?? 0) + 1 };
  }

  /** Line and column count from 1. What lies outside of the text is moved to its end. */
  offset({ line, column }: { line: number; column: number }): number {
    const starts = (this.#starts ??= startsOf(this.#text));
    return Math.min((starts[line - 1] ?? this.#text.length) + column - 1, this.#text.length);
  }

  textBetween(from: { line: number; column: number }, to: { line: number; column: number }): string {
    return this.#text.slice(this.offset(from), this.offset(to));
  }

  located([from, to]: Span, message: string): Located {
    const place = { message, file: this.#file, ...this.at(from) };
    return to > from ? { ...place, end: this.at(to) } : place;
  }
}

function startsOf(text: string): number[] {
  // As editors count: a carriage return alone ends a line, too.
  const starts = [0];
  for (const { index, 0: end } of text.matchAll(/\r\n?|\n/g)) starts.push(index + end.length);
  return starts;
}
