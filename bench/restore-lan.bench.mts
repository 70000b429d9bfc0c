/** A checkpoint of 1 GiB over loopback, verified, against `scp` then `sha256sum`. The connection is open, as in an editor. */
import type { Measurements } from "./run.mts";
import { measurePairs } from "./ssh/pairs.mts";

export const run = (): Promise<Measurements> => measurePairs(null, "bothMs");
