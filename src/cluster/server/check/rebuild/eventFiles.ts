/** Up to where a run's event file is read: after its last newline. */
import { closeSync, openSync, readSync } from "node:fs";
import { MAX_EVENT_LINE_BYTES } from "../../../protocol/runDirectory.ts";

const CHUNK_BYTES = 64 * 1024;

/** @param size of the file @returns the bytes of its whole lines */
export function wholeLines(file: string, size: number): number {
  const fd = openSync(file, "r");
  try {
    const bytes = Buffer.alloc(CHUNK_BYTES);
    for (let end = size; end > 0;) {
      const start = Math.max(0, end - CHUNK_BYTES);
      const count = readSync(fd, bytes, 0, end - start, start);
      const newline = bytes.subarray(0, count).lastIndexOf(0x0a);
      if (newline >= 0) return start + newline + 1;
      // What is longer than a line may be is skipped as one.
      if (size - start > MAX_EVENT_LINE_BYTES) return size;
      end = start;
    }
    return 0;
  } finally {
    closeSync(fd);
  }
}
