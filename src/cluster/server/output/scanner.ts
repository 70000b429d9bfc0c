/** What the thread for output does: a search, or the numbers of lines, for a moment at a time. */
import type { LinePlace, OutputQuery, SearchPlace } from "../../protocol/output.ts";
import { loadIndex, sampleOf, saveIndex } from "./indexFile.ts";
import type { LineIndex } from "./lineIndex.ts";
import { createMatcher } from "./matcher.ts";
import { searchSlice, type Slice } from "./search.ts";
import { StreamFile, type StreamPlace } from "./streamFile.ts";

/** For one call: whoever else asks comes next. */
const SLICE_MS = 150;
/** Written down after so many more MiB, and at the end. */
const SAVE_BLOCKS = 1024;
const KEPT_INDEXES = 20;

export interface SearchAsked {
  query: OutputQuery;
  direction: "forward" | "backward";
  from: SearchPlace | null;
  limit: number;
}
export interface SearchAnswer extends Omit<Slice, "matches"> {
  matches: (Slice["matches"][number] & { line: number | null })[];
  size: number;
}
export interface LinesAsked {
  offsets: number[];
  lines: number[];
}
export interface LinesAnswer {
  places: (LinePlace | null)[];
  counted: number;
  size: number;
  lineCount: number | null;
}

interface Kept {
  inode: number;
  index: LineIndex;
  /** Of the end of what is counted. */
  sample: string;
  savedBlocks: number;
}

export class OutputScanner {
  /** Latest last. */
  readonly #kept = new Map<string, Kept>();
  readonly #sliceMs: number;
  constructor(sliceMs = SLICE_MS) {
    this.#sliceMs = sliceMs;
  }

  search(place: StreamPlace, { query, ...where }: SearchAsked): SearchAnswer {
    return withFile(place, (file) => {
      const slice = searchSlice(file, createMatcher(query), { ...where, until: this.#until() });
      // Numbers as far as they are known: nobody waits for a count.
      const { index } = slice.matches.length > 0 ? this.#indexOf(place, file) : { index: null };
      const matches = slice.matches.map((match) => ({
        ...match,
        line: index?.lineAt(file, match.offset)?.line ?? null,
      }));
      return { matches, next: slice.next, size: file.size };
    });
  }

  lines(place: StreamPlace, { offsets, lines }: LinesAsked): LinesAnswer {
    return withFile(place, (file) => {
      const kept = this.#indexOf(place, file);
      const { index } = kept;
      const isDone = index.advance(file, this.#until());
      kept.sample = sampleOf(file, index.counted);
      const blocks = index.first + index.counts.length;
      if (blocks > kept.savedBlocks && (isDone || blocks - kept.savedBlocks >= SAVE_BLOCKS)) {
        saveIndex(place.file, file, index);
        kept.savedBlocks = blocks;
      }
      return {
        places: [
          ...offsets.map((offset) => index.lineAt(file, offset)),
          ...lines.map((line) => index.find(file, line)),
        ],
        counted: isDone ? file.size : index.counted,
        size: file.size,
        lineCount: index.lineCount(file),
      };
    });
  }

  #indexOf(place: StreamPlace, file: StreamFile): Kept {
    let kept = this.#kept.get(place.file);
    this.#kept.delete(place.file);
    // Another file, or one that was cut: what was counted is of no use.
    if (kept?.inode !== file.inode || kept.sample !== sampleOf(file, kept.index.counted)) {
      const index = loadIndex(place.file, file);
      const savedBlocks = index.first + index.counts.length;
      kept = { inode: file.inode, index, sample: sampleOf(file, index.counted), savedBlocks };
    }
    kept.index.startAt(place.dropped);
    this.#kept.set(place.file, kept);
    for (const old of this.#kept.keys()) if (this.#kept.size > KEPT_INDEXES) this.#kept.delete(old);
    return kept;
  }

  #until(): number {
    return performance.now() + this.#sliceMs;
  }
}

function withFile<T>(place: StreamPlace, work: (file: StreamFile) => T): T {
  const file = new StreamFile(place);
  try {
    return work(file);
  } finally {
    file.close();
  }
}
