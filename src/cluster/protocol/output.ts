/**
 * Searching what a run printed, and naming its lines. A line ends at `\n`, and lines are numbered from 1. What `\r`
 * overwrites (progress bars) stays part of its line: it is searched, and has the line's number.
 * Each call works for a moment and says where it stopped, so progress is what was covered, and cancelling is not asking again.
 */
import * as z from "zod";
import { RunId } from "./entities.ts";
import { Stream } from "./events.ts";
import { LONGEST_QUERY, MOST_MATCHES, MOST_PLACES } from "./outputLimits.ts";

export const OutputQuery = z.object({
  text: z
    .string()
    .min(1)
    .max(LONGEST_QUERY)
    .refine((text) => !/[\r\n]/.test(text), "a search looks within lines: it has no line break"),
  /** `expression`: a regular expression in RE2's words. */
  kind: z.enum(["text", "expression"]).default("text"),
  matchCase: z.boolean().default(false),
});
export type OutputQuery = z.infer<typeof OutputQuery>;

/** Where a search goes on. */
export const SearchPlace = z.object({
  /** Forward: lines that begin here or later. Backward: those that begin before. */
  offset: z.number().int().nonnegative(),
  /** Forward, in the middle of a line that is not searched to its end: where that line begins. */
  lineStart: z.number().int().nonnegative().nullable().default(null),
});
export type SearchPlace = z.infer<typeof SearchPlace>;

export const OutputMatch = z.object({
  /** Byte at which the line begins; of a line that is too long to know, the nearest that is known. */
  offset: z.number().int(),
  /** Byte at which the first thing found in it begins, or a little before where the line has colours. */
  at: z.number().int(),
  /** Null while lines have not been counted up to it: ask output/lines. */
  line: z.number().int().nullable(),
  /** What is around it, without colours. */
  excerpt: z.string(),
  /** Characters of the excerpt that were found. */
  found: z.object({ from: z.number().int(), to: z.number().int() }),
});
export type OutputMatch = z.infer<typeof OutputMatch>;

export const LinePlace = z.object({ line: z.number().int(), offset: z.number().int() });
export type LinePlace = z.infer<typeof LinePlace>;

const OfStream = z.object({ runId: RunId, stream: Stream });

export const OUTPUT_METHODS = {
  /** Lines that hold what is looked for: each once, in the order of the direction. */
  "output/search": {
    params: OfStream.extend({
      query: OutputQuery,
      direction: z.enum(["forward", "backward"]).default("forward"),
      /** Null: from the first line, or backward from the last. */
      from: SearchPlace.nullable().default(null),
      limit: z.number().int().min(1).max(MOST_MATCHES).default(100),
    }),
    result: z.object({
      matches: z.array(OutputMatch),
      /** Null: there is nothing more in this direction. */
      next: SearchPlace.nullable(),
      size: z.number().int(),
      /** Bytes at the start that are gone: the search covers what follows. */
      dropped: z.number().int(),
    }),
  },
  /** The numbers of lines by where they are, and the other way round. */
  "output/lines": {
    params: OfStream.extend({
      /** Bytes: answered with the line that each is in. */
      offsets: z.array(z.number().int().nonnegative()).max(MOST_PLACES).default([]),
      lines: z.array(z.number().int().positive()).max(MOST_PLACES).default([]),
    }),
    result: z.object({
      /** For `offsets`, then for `lines`. Null: not counted so far yet, or there is no such line (any more). */
      places: z.array(LinePlace.nullable()),
      /** Lines are counted up to here. */
      counted: z.number().int(),
      size: z.number().int(),
      dropped: z.number().int(),
      /** Lines that are gone with the dropped bytes. */
      droppedLines: z.number().int(),
      /** In the whole of it, once it is known. */
      lineCount: z.number().int().nullable(),
    }),
  },
} as const;
