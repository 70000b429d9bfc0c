/** A script's text, with LSP's positions of its offsets. */
import type { Position, Range } from "vscode-languageserver/node";

interface Span {
  readonly start: number;
  readonly end: number;
}

export class Source {
  readonly text: string;
  readonly #lines: readonly number[];

  constructor(text: string) {
    this.text = text;
    this.#lines = [0, ...Array.from(text.matchAll(/\r\n|\r|\n/g), ({ index, 0: end }) => index + end.length)];
  }

  of({ start, end }: Span): string {
    return this.text.slice(start, end);
  }

  range({ start, end }: Span): Range {
    return { start: this.#position(start), end: this.#position(end) };
  }

  #position(offset: number): Position {
    let [low, high] = [0, this.#lines.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#lines[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    const start = this.#lines[low] ?? 0;
    // What ends between \r and \n ends before them: there is no place between.
    const isBetween = this.text[offset - 1] === "\r" && this.text[offset] === "\n" && offset > start;
    return { line: low, character: offset - start - (isBetween ? 1 : 0) };
  }
}
