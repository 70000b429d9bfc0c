/** Which number the window's lines have: asked of the pool until it has counted so far, which of gigabytes takes seconds. */
import type { ResultOf } from "../bridge.ts";
import type { Row } from "./terminal.ts";

export type AskLine = (offset: number) => Promise<ResultOf<"outputLines">>;
const AGAIN_MS = 100;

export class LineCount {
  private readonly ask: AskLine;
  private readonly onChange: (lineZero: number | null, counted: number | null) => void;
  private wanted: { offset: number; line: number } | null = null;
  /** Of the row that the number is known of; the rest of its window follows from it. */
  private known: { offset: number; lineZero: number } | null = null;
  private isAsking = false;
  private isCancelled = false;

  /** @param onChange number of the line that the window calls 0, and which share is counted (null: it is known) */
  constructor(ask: AskLine, onChange: (lineZero: number | null, counted: number | null) => void) {
    this.ask = ask;
    this.onChange = onChange;
  }

  cancel(): void {
    this.isCancelled = true;
  }

  /** @param row one of the window's: after a jump its lines are called differently */
  count(row: Row): void {
    const isSame =
      this.wanted !== null && this.wanted.line - row.line === 0 && this.wanted.offset === row.offset;
    if (isSame) return;
    this.wanted = { offset: row.offset, line: row.line };
    if (!this.isAsking) void this.go();
  }

  private async go(): Promise<void> {
    this.isAsking = true;
    try {
      while (this.wanted !== null && !this.isCancelled) {
        const { offset, line } = this.wanted;
        const { places, counted, size } = await this.ask(offset);
        if (this.isCancelled) return;
        const [place] = places;
        if (place) {
          this.known = { offset, lineZero: place.line - line };
          this.onChange(this.known.lineZero, null);
          if (this.wanted.offset === offset && this.wanted.line === line) return;
        } else if (counted >= size && this.wanted.offset === offset) {
          // Gone meanwhile, or another file: without numbers.
          this.onChange(null, null);
          return;
        } else {
          this.onChange(null, counted / Math.max(1, size));
          await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
        }
      }
    } catch {
      // A pool of an earlier version has no numbers; where the connection is gone, the output says so itself.
      if (!this.isCancelled) this.onChange(null, null);
    } finally {
      this.isAsking = false;
    }
  }
}
