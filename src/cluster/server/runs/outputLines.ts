/** Bytes of one stream, as they come, to lines. Pure. */

/** Of a longer line the rest is left out. */
export const LINE_BYTES = 4096;

/** Lines end at a newline or a carriage return (progress bars). */
export class OutputLines {
  #rest = Buffer.alloc(0);

  /** Bytes that were fed and belong to a line without an end yet: who goes on later begins so many earlier. */
  get pending(): number {
    return this.#pending;
  }
  #pending = 0;

  feed(bytes: Uint8Array): string[] {
    const lines: string[] = [];
    const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let start = 0;
    for (;;) {
      const end = endOfLine(data, start);
      this.#keep(data.subarray(start, end < 0 ? undefined : end));
      if (end < 0) break;
      this.#take(lines);
      start = end + 1;
    }
    return lines;
  }

  /** The last line, which may have no end. */
  finish(): string[] {
    const lines: string[] = [];
    this.#take(lines);
    return lines;
  }

  #keep(part: Buffer): void {
    this.#pending += part.byteLength;
    const room = LINE_BYTES - this.#rest.byteLength;
    if (room > 0 && part.byteLength > 0) this.#rest = Buffer.concat([this.#rest, part.subarray(0, room)]);
  }
  #take(lines: string[]): void {
    if (this.#rest.byteLength > 0) lines.push(this.#rest.toString("utf8"));
    this.#rest = Buffer.alloc(0);
    this.#pending = 0;
  }
}

function endOfLine(data: Buffer, from: number): number {
  const newline = data.indexOf(0x0a, from);
  const carriageReturn = data.subarray(from, newline < 0 ? undefined : newline).indexOf(0x0d);
  return carriageReturn < 0 ? newline : from + carriageReturn;
}
