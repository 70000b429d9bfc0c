/** What a checker is: it looks at one kind of thing and says what is wrong with it, and can put it right. */
import type { Finding } from "../../protocol/maintenance.ts";
import type { Logger } from "../ports.ts";
import type { Breathe } from "./breath.ts";
import type { LostAndFound } from "./lostAndFound.ts";
import type { PoolTables } from "./poolTables.ts";

export interface Found extends Finding {
  /**
   * Puts it right, with the server away. Doing it twice does no harm, and what it takes away goes to the lost and found.
   * @returns what was done, in one sentence
   */
  mend: Mend | null;
}
export type Mend = () => Promise<string> | string;

export interface Checking {
  /** Absolute path of the pool folder. */
  home: string;
  /** Absolute path of the host-wide leases. */
  leases: string;
  version: string;
  /** Read all content, too. */
  full: boolean;
  /** Aborts when the person cancels. */
  signal: AbortSignal;
  /** A server may be at work, and trials may train. */
  isServed: boolean;
  logger: Logger;
  lostAndFound: LostAndFound;
  /** Digests that were right, by `uuid/path`, so that nothing is read twice in one check. */
  verified: Set<string>;
  /** Between two items of work. */
  breathe: Breathe;
  /** Of this checker's work, 0 to 1. */
  progress(fraction: number): void;
}

/** Of the tables as they are now; null where the database cannot be read (then only what needs none is checked). */
export interface Checker {
  name: string;
  /** For progress: "checkpoints". */
  noun: string;
  run(checking: Checking, tables: PoolTables | null): Promise<Found[]>;
}
