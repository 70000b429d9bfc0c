/** The points that one run reported of one curve: full pages in a file, the rest in memory, and the pyramid over all of them. */
import { Columns, emptyPoints, slicePoints, type Points } from "./columns.ts";
import { PAGE_POINTS, type PageFile } from "./pageFile.ts";
import { Pyramid } from "./pyramid.ts";
import type { Selectable } from "./select.ts";

export interface CurveName {
  group: string;
  name: string;
  rank: number;
}

/** What a part is made from again. */
export interface StoredPart extends CurveName {
  pyramid: Pyramid;
  /** Numbers of its pages in the file, in order. */
  pages: number[];
  tail: Points;
}

export class CurvePart implements Selectable {
  readonly pyramid: Pyramid;
  readonly #file: PageFile;
  readonly #pages: number[];
  readonly #tail = new Columns();

  constructor(file: PageFile, stored?: Pick<StoredPart, "pyramid" | "pages" | "tail">) {
    this.#file = file;
    this.pyramid = stored?.pyramid ?? new Pyramid();
    this.#pages = stored?.pages ?? [];
    if (stored !== undefined) this.#tail.append(stored.tail);
  }

  get count(): number {
    return this.pyramid.count;
  }
  get byteLength(): number {
    return this.pyramid.byteLength + this.#tail.byteLength + this.#pages.length * 8;
  }
  get pages(): readonly number[] {
    return this.#pages;
  }
  get tail(): Points {
    return this.#tail.points;
  }

  append(points: Points): void {
    this.pyramid.append(points);
    this.#tail.append(points);
  }

  /** Moves what fills pages from memory to the file. @throws when that cannot be written: then all stays where it is */
  page(): void {
    const full = Math.floor(this.#tail.count / PAGE_POINTS);
    if (full === 0) return;
    this.#pages.push(...this.#file.append(slicePoints(this.#tail.points, 0, full * PAGE_POINTS)));
    this.#tail.dropFirst(full * PAGE_POINTS);
  }

  read(from: number, to: number): Points {
    const paged = this.#pages.length * PAGE_POINTS;
    if (from >= paged) return slicePoints(this.#tail.points, from - paged, to - paged);
    const points = emptyPoints(to - from);
    const lastPaged = Math.min(to, paged);
    const first = Math.floor(from / PAGE_POINTS);
    const pages = this.#pages.slice(first, Math.ceil(lastPaged / PAGE_POINTS));
    this.#file.read(pages, (page, at) => {
      const begin = (first + at) * PAGE_POINTS;
      copy(
        points,
        page,
        begin - from,
        Math.max(from, begin) - begin,
        Math.min(lastPaged, begin + PAGE_POINTS) - begin,
      );
    });
    if (to > paged) copy(points, this.#tail.points, paged - from, 0, to - paged);
    return points;
  }
}

/** Puts points [from, to) of `source` where its point 0 would be at `at`. */
function copy(into: Points, source: Points, at: number, from: number, to: number): void {
  for (const name of ["step", "time", "value"] as const)
    into[name].set(source[name].subarray(from, to), at + from);
}
