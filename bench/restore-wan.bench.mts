/** A checkpoint of 1 GiB, verified, over a link of 40 ms round trip and 1 Gbit/s, against `scp` alone. Root, `ip` and gcc. */
import type { Measurements } from "./run.mts";
import { measurePairs } from "./ssh/pairs.mts";

export const run = (): Promise<Measurements> => measurePairs({ oneWayMs: 20, mbit: 1000 }, "scpMs");
