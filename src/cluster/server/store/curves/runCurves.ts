/**
 * The curves of one run, on disk and in memory. The segment (segment.ts) has everything and alone counts; pages and summary beside
 * it only spare reading it, and are made again from it when they are missing, damaged, or of another segment.
 */
import fs from "node:fs";
import type { Logger } from "../../ports.ts";
import { CurvePart, type CurveName } from "./curvePart.ts";
import { PageDamaged, PageFile } from "./pageFile.ts";
import { crcOfBlock, encodeBlock, hasBlock, readBlocks, type Block, type BlockPlace } from "./segment.ts";
import { encodeSummary, readSummary, type Summary } from "./summary.ts";

/** A segment that has grown by this, and by so much of itself, since it was summed up is summed up again. */
const LEAST_NEW_BYTES = 4 * 1024 * 1024;
const NEW_SHARE = 1 / 8;
/** A segment of less than this is read faster than a summary would be written. */
const SMALL_BYTES = 256 * 1024;

/** What a run has on disk, beside each other. */
export const RUN_FILES = { segment: ".seg", pages: ".pages", summary: ".sum" } as const;

export function curveId({ group, name, rank }: CurveName): string {
  return `${rank}\u0000${group}\u0000${name}`;
}

interface Part {
  name: CurveName;
  part: CurvePart;
}

export class RunCurves {
  readonly runId: string;
  readonly attempt: number;
  readonly parts = new Map<string, Part>();
  cursors = new Map<string, number>();
  /** The step that the run went on from: what earlier ones reported beyond it is superseded. */
  supersede: number | null = null;
  /** How often that was said. */
  supersedes = 0;
  readonly #path: (kind: keyof typeof RUN_FILES) => string;
  readonly #logger: Logger;
  #pages: PageFile;
  #segmentBytes = 0;
  #lastBlock: BlockPlace = { from: 0, crc: 0 };
  #summedUpBytes = 0;

  /** Reads what there is. */
  constructor(folder: string, runId: string, logger: Logger) {
    this.runId = runId;
    this.attempt = attemptOf(runId);
    this.#logger = logger;
    this.#path = (kind) => `${folder}/${runId}${RUN_FILES[kind]}`;
    this.#pages = new PageFile(this.#path("pages"));
    this.#load();
  }

  get byteLength(): number {
    let sum = 0;
    for (const { part } of this.parts.values()) sum += part.byteLength;
    return sum;
  }

  /** On disk, then in memory. @throws when it cannot be written: then nothing of it is there */
  write(block: Block): void {
    const bytes = encodeBlock(block);
    const segment = this.#path("segment");
    try {
      fs.appendFileSync(segment, bytes, { mode: 0o600 });
    } catch (error) {
      this.#cutSegment(); // half a block would hide those that follow
      throw error;
    }
    this.#lastBlock = { from: this.#segmentBytes, crc: crcOfBlock(bytes) };
    this.#segmentBytes += bytes.byteLength;
    this.#apply(block);
    this.#movePages();
    const news = this.#segmentBytes - this.#summedUpBytes;
    if (news >= Math.max(LEAST_NEW_BYTES, this.#segmentBytes * NEW_SHARE)) this.sumUp();
  }

  /** The run is not written to for now: what is new is summed up, if that is worth a file. */
  sumUp(): void {
    if (this.#summedUpBytes === this.#segmentBytes || this.#segmentBytes < SMALL_BYTES) return;
    const summary: Summary = {
      segmentBytes: this.#segmentBytes,
      lastBlock: this.#lastBlock,
      pages: this.#pages.count,
      supersede: this.supersede,
      supersedes: this.supersedes,
      cursors: this.cursors,
      curves: [...this.parts.values()].map(({ name, part }) => ({
        ...name,
        pyramid: part.pyramid,
        pages: [...part.pages],
        tail: part.tail,
      })),
    };
    const target = this.#path("summary");
    try {
      fs.writeFileSync(`${target}.tmp`, encodeSummary(summary), { mode: 0o600 });
      fs.renameSync(`${target}.tmp`, target);
      this.#summedUpBytes = this.#segmentBytes;
    } catch (error) {
      // What was in the last one, and was never looked at since.
      if (error instanceof PageDamaged) this.rebuild();
      else this.#tellOfCache(error);
    }
  }

  /** Pages or summary were damaged: makes them again from the segment. */
  rebuild(): void {
    this.#logger.warn("a cache of a run's curves was damaged, and is made again", { runId: this.runId });
    for (const kind of ["pages", "summary"] as const) fs.rmSync(this.#path(kind), { force: true });
    this.#load();
  }

  #load(): void {
    this.parts.clear();
    this.cursors = new Map();
    this.supersede = null;
    this.supersedes = 0;
    this.#segmentBytes = this.#summedUpBytes = 0;
    const summary = this.#readSummary();
    this.#pages = new PageFile(this.#path("pages"), summary?.pages ?? 0);
    if (summary !== null) this.#restore(summary);
    const { validBytes, lastBlock, fileBytes } = readBlocks(
      this.#path("segment"),
      this.#segmentBytes,
      (block) => {
        this.#apply(block);
        this.#movePages();
      },
    );
    this.#segmentBytes = validBytes;
    this.#lastBlock = lastBlock ?? this.#lastBlock;
    if (validBytes < fileBytes) {
      this.#logger.warn("a curve file was cut short; reading goes on from the run's own files", {
        runId: this.runId,
        validBytes,
      });
      this.#cutSegment();
    }
    if (validBytes - this.#summedUpBytes >= LEAST_NEW_BYTES) this.sumUp();
  }

  #restore({ segmentBytes, lastBlock, cursors, supersede, supersedes, curves }: Summary): void {
    this.#segmentBytes = this.#summedUpBytes = segmentBytes;
    this.#lastBlock = lastBlock;
    this.cursors = cursors;
    this.supersede = supersede;
    this.supersedes = supersedes;
    for (const { group, name, rank, ...stored } of curves)
      this.parts.set(curveId({ group, name, rank }), {
        name: { group, name, rank },
        part: new CurvePart(this.#pages, stored),
      });
  }

  /** @returns null when there is none that is of the segment as it is now */
  #readSummary(): Summary | null {
    const summary = readSummary(this.#path("summary"));
    return summary !== null && hasBlock(this.#path("segment"), summary.lastBlock, summary.segmentBytes)
      ? summary
      : null;
  }

  #apply({ sources, series, supersede }: Block): void {
    if (supersede !== undefined) {
      this.supersede = supersede;
      this.supersedes++;
    }
    for (const { group, name, rank, ...points } of series) {
      const id = curveId({ group, name, rank });
      let known = this.parts.get(id);
      if (known === undefined) {
        known = { name: { group, name, rank }, part: new CurvePart(this.#pages) };
        this.parts.set(id, known);
      }
      known.part.append(points);
    }
    for (const { file, to } of sources) this.cursors.set(file, to);
  }

  /** Where that fails (a full disk) they stay in memory, and it is tried again with the next block. */
  #movePages(): void {
    try {
      for (const { part } of this.parts.values()) part.page();
    } catch (error) {
      this.#tellOfCache(error);
    }
  }

  #tellOfCache(error: unknown): void {
    this.#logger.warn("a cache of a run's curves could not be written; the run's files have all of it", {
      runId: this.runId,
      error: error instanceof Error ? error.message : String(error),
    });
  }

  #cutSegment(): void {
    try {
      fs.truncateSync(this.#path("segment"), this.#segmentBytes);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }
}

export function trialOf(runId: string): string {
  return runId.slice(0, runId.lastIndexOf("."));
}

export function attemptOf(runId: string): number {
  return Number(runId.slice(runId.lastIndexOf(".") + 1));
}
