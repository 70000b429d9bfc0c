/**
 * What a terminal would show of the bytes of an output file: carriage returns and progress bars overwrite, colours are
 * kept, the cursor may go up a little, everything else that moves or clears is ignored. Bytes that are not UTF-8 become
 * replacement characters. Rows longer than ROW_CELLS are folded. Pure; memory is bounded.
 */
import { applySgr, PLAIN, type TextStyle } from "./ansi.ts";

export const MOST_ROWS = 5000;
export const ROW_CELLS = 4096;
/** Rows from the end that the cursor can still reach: enough for nested progress bars. */
const MUTABLE_ROWS = 64;
const TAB = 8;

export interface Span {
  text: string;
  style: TextStyle;
}
export interface Row {
  /** Counts up over the life of the terminal. */
  readonly id: number;
  /** Byte offset of the line that it belongs to. */
  readonly offset: number;
  /** Number of that line, from the terminal's first one on. */
  readonly line: number;
  /** It goes on from the row before, which was too long. */
  readonly folded: boolean;
  readonly spans: readonly Span[];
}

type Cell = { text: string; style: TextStyle };
interface OpenRow {
  id: number;
  offset: number;
  line: number;
  folded: boolean;
  cells: Cell[];
  /** As it was given out; null when it has changed since. */
  packed: Row | null;
}

type State = "text" | "escape" | "csi" | "string" | "stringEscape";
const ESC = "\u001b";
const BEL = "\u0007";

export class Terminal {
  private readonly closed: Row[] = [];
  private readonly open: OpenRow[] = [];
  private row = 0;
  private column = 0;
  private style = PLAIN;
  private state: State = "text";
  private parameters = "";
  private decoder = new TextDecoder("utf-8");
  private nextId: number;
  private lineOffset: number;
  private line: number;
  private readonly mostRows: number;

  /** @param offset of the first byte that will be written @param firstId of its rows @param firstLine number of its first line */
  constructor(offset = 0, firstId = 0, firstLine = 0, mostRows = MOST_ROWS) {
    this.mostRows = mostRows;
    this.lineOffset = offset;
    this.nextId = firstId;
    this.line = firstLine;
    this.addRow(false);
  }

  /** Rows from the oldest held to the newest; the last one is empty after a newline. One that did not change is the same object. */
  get rows(): Row[] {
    return [...this.closed, ...this.open.map(close)];
  }

  write(bytes: Uint8Array): void {
    let start = 0;
    while (start < bytes.length) {
      const newline = bytes.indexOf(10, start);
      const end = newline === -1 ? bytes.length : newline;
      this.text(this.decoder.decode(bytes.subarray(start, end), { stream: true }));
      this.byteCount += end - start;
      if (newline === -1) return;
      // A character cut by a newline is complete now, as a replacement character.
      this.text(this.decoder.decode());
      this.byteCount += 1;
      this.newline();
      start = end + 1;
    }
  }
  private byteCount = 0;

  private newline(): void {
    this.lineOffset += this.byteCount;
    this.byteCount = 0;
    this.line++;
    this.column = 0;
    if (this.row === this.open.length - 1) this.addRow(false);
    this.row++;
    this.retire();
  }

  private text(text: string): void {
    for (const character of text) {
      switch (this.state) {
        case "text":
          this.character(character);
          break;
        case "escape":
          this.escape(character);
          break;
        case "csi":
          this.csi(character);
          break;
        case "string":
          if (character === BEL) this.state = "text";
          else if (character === ESC) this.state = "stringEscape";
          break;
        case "stringEscape":
          this.state = character === "\\" ? "text" : "string";
          break;
      }
    }
  }

  private character(character: string): void {
    if (character >= " " && character !== "\u007f") {
      this.put(character);
      return;
    }
    switch (character) {
      case ESC:
        this.state = "escape";
        return;
      case "\r":
        this.column = 0;
        return;
      case "\b":
        this.column = Math.max(0, this.column - 1);
        return;
      case "\t":
        this.column = Math.min(ROW_CELLS, (Math.floor(this.column / TAB) + 1) * TAB);
        return;
      case BEL:
        return;
      default:
        this.put("\ufffd");
    }
  }

  private escape(character: string): void {
    this.parameters = "";
    if (character === "[") this.state = "csi";
    else if ("]PX^_".includes(character)) this.state = "string";
    else if (character >= " " && character <= "/") this.state = "escape";
    else this.state = "text";
  }

  private csi(character: string): void {
    if (character >= "0" && character <= "?" && this.parameters.length < 64) {
      this.parameters += character;
      return;
    }
    if (character < "@") return;
    this.state = "text";
    this.command(character);
  }

  private command(command: string): void {
    const count = Math.max(1, parseInt(this.parameters, 10) || 1);
    switch (command) {
      case "m":
        if (/^[\d;:]*$/.test(this.parameters)) this.style = applySgr(this.style, this.parameters);
        return;
      case "A":
        this.row = Math.max(0, this.row - count);
        return;
      case "B":
        this.row = Math.min(this.open.length - 1, this.row + count);
        return;
      case "C":
        this.column = Math.min(ROW_CELLS, this.column + count);
        return;
      case "D":
        this.column = Math.max(0, this.column - count);
        return;
      case "G":
        this.column = Math.min(ROW_CELLS, count - 1);
        return;
      case "K":
        this.eraseInLine(this.parameters);
        return;
      default:
        return;
    }
  }

  private eraseInLine(what: string): void {
    const row = this.touched();
    if (what === "" || what === "0") row.cells.length = Math.min(row.cells.length, this.column);
    else if (what === "2") row.cells.length = 0;
    else if (what === "1") row.cells.fill(blank(this.style), 0, Math.min(row.cells.length, this.column + 1));
  }

  private put(character: string): void {
    if (this.column >= ROW_CELLS) {
      if (this.row === this.open.length - 1) this.addRow(true);
      this.row++;
      this.column = 0;
      this.retire();
    }
    const row = this.touched();
    while (row.cells.length < this.column) row.cells.push(blank(PLAIN));
    row.cells[this.column] = { text: character, style: this.style };
    this.column++;
  }

  private touched(): OpenRow {
    const row = this.open[this.row];
    if (row === undefined) throw new Error("the cursor is outside of the rows");
    row.packed = null;
    return row;
  }

  private addRow(folded: boolean): void {
    const id = this.nextId++;
    this.open.push({ id, offset: this.lineOffset, line: this.line, folded, cells: [], packed: null });
  }

  /** Rows that the cursor cannot reach any more are packed; the oldest are forgotten. */
  private retire(): void {
    while (this.open.length > MUTABLE_ROWS) {
      const row = this.open.shift();
      if (row !== undefined) this.closed.push(close(row));
      this.row = Math.max(0, this.row - 1);
    }
    const excess = this.closed.length + this.open.length - this.mostRows;
    // In batches: cutting off the front of an array moves all the rest.
    if (excess > this.mostRows / 10) this.closed.splice(0, excess);
  }
}

function blank(style: TextStyle): Cell {
  return { text: " ", style };
}

function close(row: OpenRow): Row {
  return (row.packed ??= pack(row));
}
function pack(row: OpenRow): Row {
  const spans: Span[] = [];
  let style: TextStyle | null = null;
  let text = "";
  for (const cell of row.cells) {
    if (cell.style !== style) {
      if (style !== null) spans.push({ text, style });
      style = cell.style;
      text = "";
    }
    text += cell.text;
  }
  if (style !== null && text !== "") spans.push({ text, style });
  return { id: row.id, offset: row.offset, line: row.line, folded: row.folded, spans };
}
