/**
 * Reads one output file by byte offset: its end first, then what is appended, and older parts on demand. Falls behind
 * on purpose when a script prints faster than anyone can read: it starts again near the end.
 */
import type { ResultOf } from "../bridge.ts";
import { Terminal, type Row } from "./terminal.ts";

export type ReadOutput = (offset: number, limit: number) => Promise<ResultOf<"readOutput">>;

const CHUNK_BYTES = 256 * 1024;
const MOST_BEHIND_BYTES = 2 * 1024 * 1024;
const NEWLINE = 10;

export interface TailEvents {
  /** The terminal was replaced; everything shown is old. */
  onReset: () => void;
  onRows: (changed: readonly Row[], firstId: number) => void;
}

export class OutputTail {
  /** Size of the file when it was last read. */
  size = 0;
  /** False until the first answer has come. */
  loaded = false;
  private terminal = new Terminal();
  private position = 0;
  private wanted = 0;
  private reading: Promise<void> | null = null;
  private readonly read: ReadOutput;
  private readonly events: TailEvents;

  constructor(read: ReadOutput, events: TailEvents) {
    this.read = read;
    this.events = events;
  }

  /** Where the shown rows begin; 0 when nothing is older. */
  get startOffset(): number {
    return this.terminal.rows[0]?.offset ?? 0;
  }

  /** Reads up to `size` bytes, or to the end as it is now. */
  follow(size = Infinity): Promise<void> {
    this.wanted = Math.max(this.wanted, size === Infinity ? this.size : size);
    this.reading ??= this.catchUp(size === Infinity).finally(() => (this.reading = null));
    return this.reading;
  }

  /** Rows before `offset`, as far as one reading reaches, and where they begin. */
  async older(offset: number): Promise<{ rows: Row[]; startOffset: number }> {
    const from = Math.max(0, offset - CHUNK_BYTES);
    const answer = await this.read(from, offset - from);
    const bytes = new Uint8Array(answer.bytes);
    const skip = from === 0 ? 0 : afterFirstNewline(bytes);
    const terminal = new Terminal(from + skip);
    terminal.write(bytes.subarray(skip));
    const { rows } = terminal;
    // The part ends with a newline; the empty row after it is the first one of what is shown already.
    if (rows.at(-1)?.spans.length === 0) rows.pop();
    return { rows, startOffset: from + skip };
  }

  private async catchUp(atLeastOnce: boolean): Promise<void> {
    let again = atLeastOnce;
    while (again || this.position < this.wanted) {
      again = false;
      const behind = Math.max(this.wanted, this.size) - this.position;
      if (!this.loaded || behind > MOST_BEHIND_BYTES) await this.readEnd();
      else if (!(await this.readNext())) return;
    }
  }

  private async readEnd(): Promise<void> {
    const answer = await this.read(-CHUNK_BYTES, CHUNK_BYTES);
    const bytes = new Uint8Array(answer.bytes);
    const skip = answer.offset === 0 ? 0 : afterFirstNewline(bytes);
    this.terminal = new Terminal(answer.offset + skip);
    this.loaded = true;
    this.events.onReset();
    this.take(answer.offset, bytes, skip, answer.size);
  }

  /** @returns whether there was anything */
  private async readNext(): Promise<boolean> {
    const answer = await this.read(this.position, CHUNK_BYTES);
    const bytes = new Uint8Array(answer.bytes);
    if (answer.size < this.position) {
      // The file became shorter: it is another one.
      this.loaded = false;
      return true;
    }
    this.take(answer.offset, bytes, 0, answer.size);
    return bytes.length > 0;
  }

  private take(offset: number, bytes: Uint8Array, skip: number, size: number): void {
    this.terminal.write(bytes.subarray(skip));
    this.position = offset + bytes.length;
    this.size = Math.max(size, this.position);
    this.wanted = Math.max(this.wanted, this.size);
    this.events.onRows(this.terminal.takeChanged(), this.terminal.firstId);
  }
}

/** Where the first full line begins. A very long line is shown from its middle rather than left out. */
function afterFirstNewline(bytes: Uint8Array): number {
  const newline = bytes.indexOf(NEWLINE);
  return newline < bytes.length / 2 ? newline + 1 : 0;
}
