import { createHash } from "node:crypto";

/** Seed of one trial, 0 to 2^31-1: the same experiment seed and number give the same, and neighbours are unrelated. */
export function trialSeed(experimentSeed: number, number: number): number {
  return createHash("sha256").update(`${experimentSeed}/${number}`).digest().readUInt32BE(0) & 0x7fffffff;
}
