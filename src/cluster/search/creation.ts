/** A trial as an experiment's one random stream gives it: hyperparameters, then its id, then its seed. */
import type { RandomStream } from "./random.ts";
import type { SearcherAction } from "./searcher.ts";
import type { SearchSpace } from "./space.ts";

export type Creation = Extract<SearcherAction, { type: "createTrial" }>;

/** @param hyperparameters those of a grid's point; drawn when there are none */
export function createTrial(
  number: number,
  space: SearchSpace,
  random: RandomStream,
  hyperparameters = space.draw(random),
): Creation {
  const requestId = uuidOf(random.bytes(16));
  return { type: "createTrial", number, requestId, hyperparameters, seed: random.below(2 ** 31) };
}

/** RFC 9562, version 4. */
function uuidOf(bytes: Uint8Array): string {
  const hex = [...bytes].map((byte, index) => {
    const set = index === 6 ? (byte & 0x0f) | 0x40 : index === 8 ? (byte & 0x3f) | 0x80 : byte;
    return set.toString(16).padStart(2, "0");
  });
  const part = (from: number, to: number): string => hex.slice(from, to).join("");
  return [part(0, 4), part(4, 6), part(6, 8), part(8, 10), part(10, 16)].join("-");
}
