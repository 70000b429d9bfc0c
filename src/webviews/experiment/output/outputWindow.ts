/**
 * A window on one output file of any size: some thousand rows around what is shown. Attached to the end it takes in what
 * is appended; moved away it stays where it is, and grows on either side on demand. What a script prints faster than
 * anyone can read is left out on purpose: it starts again near the end.
 */
import type { ResultOf } from "../bridge.ts";
import { MOST_ROWS, Terminal, type Row } from "./terminal.ts";

export type ReadOutput = (offset: number, limit: number) => Promise<ResultOf<"readOutput">>;

/** Of the end, and of a part in the middle, all of whose rows are kept. */
const END_BYTES = 256 * 1024;
const PART_BYTES = 64 * 1024;
const MOST_BEHIND_BYTES = 2 * 1024 * 1024;
/** Rows of one terminal have numbers of their own, so that each row of the window can be told from the others. */
const IDS_OF_A_TERMINAL = 1e9;
const NEWLINE = 10;

export class OutputWindow {
  /** Size of the file when it was last read. */
  size = 0;
  /** Bytes at its start that are gone. */
  dropped = 0;
  /** False until the first answer has come. */
  loaded = false;
  /** Byte range of the rows. */
  start = 0;
  end = 0;
  /** Rows that do not change any more. */
  #before: Row[] = [];
  #live: Terminal | null = null;
  /** Number of the window's first line, where the first one that was read has 0. */
  #linesBefore = 0;
  #wanted = 0;
  #nextId = 0;
  /** Changes are made one after the other. */
  #work: Promise<unknown> = Promise.resolve();
  #catchingUp: Promise<void> | null = null;
  readonly #read: ReadOutput;
  readonly #onChange: () => void;

  constructor(read: ReadOutput, onChange: () => void) {
    this.#read = read;
    this.#onChange = onChange;
  }

  /** It shows the end, and takes in what is appended. */
  get isAttached(): boolean {
    return this.#live !== null;
  }
  get isAtStart(): boolean {
    return this.start <= this.dropped;
  }
  get rows(): Row[] {
    return this.#live === null ? this.#before : [...this.#before, ...this.#live.rows];
  }

  /** Reads up to `size` bytes, or to the end as it is now. Away from the end only the size is noted. */
  follow(size = Infinity): Promise<void> {
    this.#wanted = Math.max(this.#wanted, size === Infinity ? this.size : size);
    this.#catchingUp ??= this.#then(() => this.#catchUp(size === Infinity)).finally(
      () => (this.#catchingUp = null),
    );
    return this.#catchingUp;
  }

  /** Shows the end. */
  toEnd(): Promise<void> {
    return this.#then(() => this.#readEnd());
  }

  /** Shows the place around a byte. @returns the first row that begins there or later */
  moveTo(offset: number): Promise<Row | null> {
    return this.#then(async () => {
      const wanted = Math.min(Math.floor(offset), Math.max(0, this.size - 1));
      if (!(wanted >= this.start && wanted < this.end && this.loaded)) {
        const from = Math.max(0, wanted - PART_BYTES / 2);
        const answer = await this.#read(from, PART_BYTES);
        this.#take(answer);
        const bytes = new Uint8Array(answer.bytes);
        const skip = answer.offset <= answer.dropped ? 0 : afterFirstNewline(bytes);
        const isEnd = answer.offset + bytes.length >= answer.size;
        if (isEnd) this.#restart(answer.offset + skip, bytes.subarray(skip));
        else {
          const length = beforeLastNewline(bytes, skip);
          this.start = answer.offset + skip;
          this.#linesBefore = 0;
          this.#live = null;
          this.#before = this.#parse(this.start, bytes.subarray(skip, length), 0);
          this.end = answer.offset + length;
        }
        this.#onChange();
      }
      const rows = this.rows;
      return rows.findLast((row) => row.offset <= wanted && !row.folded) ?? rows[0] ?? null;
    });
  }

  /** Rows before the window's first one, as far as one reading reaches. */
  growBefore(): Promise<void> {
    return this.#then(async () => {
      if (!this.loaded || this.isAtStart) return;
      const from = Math.max(this.dropped, this.start - PART_BYTES);
      const answer = await this.#read(from, this.start - from);
      this.#take(answer);
      const bytes = new Uint8Array(answer.bytes).subarray(0, Math.max(0, this.start - answer.offset));
      if (bytes.length === 0) {
        this.start = Math.max(this.start, answer.dropped);
        return;
      }
      const skip = answer.offset <= this.dropped ? 0 : afterFirstNewline(bytes);
      const part = bytes.subarray(skip);
      const first = this.#linesBefore - newlinesIn(part);
      const rows = this.#parse(answer.offset + skip, part, first);
      this.start = answer.offset + skip;
      this.#linesBefore = first;
      this.#before = [...rows, ...this.#before];
      this.#shorten("end");
      this.#onChange();
    });
  }

  /** Rows after the window's last one; at the end of the file it is attached again. */
  growAfter(): Promise<void> {
    return this.#then(async () => {
      if (!this.loaded || this.isAttached) return;
      const answer = await this.#read(this.end, PART_BYTES);
      this.#take(answer);
      if (answer.offset !== this.end) return this.#readEnd();
      const bytes = new Uint8Array(answer.bytes);
      const first = (this.#before.at(-1)?.line ?? -1) + (this.#endsLine ? 1 : 0);
      if (this.end + bytes.length >= answer.size) {
        this.#live = this.#terminal(this.end, first);
        this.#append(bytes);
      } else {
        const length = beforeLastNewline(bytes, 0);
        this.#before = [...this.#before, ...this.#parse(this.end, bytes.subarray(0, length), first)];
        this.#endsLine = bytes[length - 1] === NEWLINE;
        this.end += length;
      }
      this.#shorten("start");
      this.#onChange();
    });
  }
  /** The detached window ends with a whole line. */
  #endsLine = true;

  async #catchUp(atLeastOnce: boolean): Promise<void> {
    let again = atLeastOnce;
    while (again || (this.isAttached && this.end < this.#wanted) || !this.loaded) {
      again = false;
      const behind = Math.max(this.#wanted, this.size) - this.end;
      if (!this.loaded || (this.isAttached && behind > MOST_BEHIND_BYTES)) await this.#readEnd();
      else if (!this.isAttached) this.#take(await this.#read(-1, 1));
      else if (!(await this.#readNext())) return;
    }
    this.size = Math.max(this.size, this.#wanted);
  }

  async #readEnd(): Promise<void> {
    const answer = await this.#read(-END_BYTES, END_BYTES);
    const bytes = new Uint8Array(answer.bytes);
    this.size = answer.size;
    this.#take(answer);
    const skip = answer.offset <= answer.dropped ? 0 : afterFirstNewline(bytes);
    this.#restart(answer.offset + skip, bytes.subarray(skip));
    this.#wanted = this.size;
    this.#onChange();
  }

  /** @returns whether there was anything */
  async #readNext(): Promise<boolean> {
    const answer = await this.#read(this.end, END_BYTES);
    const bytes = new Uint8Array(answer.bytes);
    if (answer.size < this.end || answer.offset !== this.end) {
      // Shorter than before: another file. Or what comes next is gone already.
      this.loaded = false;
      this.#wanted = answer.size;
      return true;
    }
    this.#take(answer);
    this.#append(bytes);
    this.#shorten("start");
    this.#onChange();
    return bytes.length > 0;
  }

  #restart(start: number, bytes: Uint8Array): void {
    this.#before = [];
    this.#linesBefore = 0;
    this.start = start;
    this.end = start;
    this.#live = this.#terminal(start, 0);
    this.#append(bytes);
  }

  #append(bytes: Uint8Array): void {
    const before = this.#live?.rows[0];
    this.#live?.write(bytes);
    this.end += bytes.length;
    const first = this.#live?.rows[0];
    if (first === undefined || first.id === before?.id) return;
    // It holds so many rows, and has let the first ones go.
    this.#before = [];
    this.start = first.offset;
    this.#linesBefore = first.line;
  }

  #take({ size, dropped }: { size: number; dropped: number }): void {
    this.loaded = true;
    this.size = this.isAttached ? Math.max(this.size, size) : size;
    this.dropped = dropped;
  }

  #terminal(offset: number, firstLine: number, mostRows = MOST_ROWS): Terminal {
    const id = this.#nextId;
    this.#nextId += IDS_OF_A_TERMINAL;
    return new Terminal(offset, id, firstLine, mostRows);
  }

  #parse(offset: number, bytes: Uint8Array, firstLine: number): Row[] {
    const terminal = this.#terminal(offset, firstLine, Infinity);
    terminal.write(bytes);
    const { rows } = terminal;
    // It ends with a newline: the empty row after it is the first one of what follows.
    if (bytes.at(-1) === NEWLINE && rows.at(-1)?.spans.length === 0) rows.pop();
    return rows;
  }

  /** So many rows are enough: those furthest away from where it grows are let go. */
  #shorten(side: "start" | "end"): void {
    const live = this.#live?.rows.length ?? 0;
    const excess = this.#before.length + live - MOST_ROWS;
    if (excess <= MOST_ROWS / 10) return;
    if (side === "start") {
      this.#before.splice(0, Math.min(excess, this.#before.length));
      const first = this.rows[0];
      if (first === undefined) return;
      this.start = first.offset;
      this.#linesBefore = first.line;
      return;
    }
    if (this.#live !== null) {
      this.#before = [...this.#before, ...this.#live.rows];
      this.#live = null;
    }
    // Whole lines: the next part begins where this one ends.
    let length = MOST_ROWS;
    while (length < this.#before.length && this.#before[length]?.folded === true) length++;
    this.end = this.#before[length]?.offset ?? this.end;
    this.#before.length = Math.min(length, this.#before.length);
    this.#endsLine = true;
  }

  #then<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#work.then(work, work);
    this.#work = result.catch(() => undefined);
    return result;
  }
}

function newlinesIn(bytes: Uint8Array): number {
  let count = 0;
  for (const byte of bytes) if (byte === NEWLINE) count++;
  return count;
}

/** Where the first full line begins. A very long line is shown from its middle rather than left out. */
function afterFirstNewline(bytes: Uint8Array): number {
  const newline = bytes.indexOf(NEWLINE);
  return newline < bytes.length / 2 ? newline + 1 : 0;
}

/** Where the last full line ends, in the same way. */
function beforeLastNewline(bytes: Uint8Array, least: number): number {
  const newline = bytes.lastIndexOf(NEWLINE);
  return newline > (least + bytes.length) / 2 ? newline + 1 : bytes.length;
}
