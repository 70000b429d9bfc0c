import { describe, expect, it } from "vitest";
import { RandomStream } from "../../../src/cluster/search/random.ts";

const stream = (seed: number): RandomStream => new RandomStream({ seed, taken: 0 });
const times = <T>(count: number, draw: () => T): T[] => Array.from({ length: count }, draw);

/** Of `numpy.random.RandomState(7)`, NumPy 2, one after the other; `largest` is the first double of seed 2^32-1. */
const NUMPY = {
  unit: 0.07630828937395717,
  uniform: 0.8995939612005732,
  bytes: "43963b70d3d06cfa970335b96736a174",
  seed: 2052949340,
  after2000: 0.007297922324107087,
  largest: 0.0976320289940138,
};

describe("RandomStream", () => {
  it("draws whole numbers as NumPy does", () => {
    const random = stream(42);
    expect(times(10, () => random.below(10))).toEqual([6, 3, 7, 4, 6, 9, 2, 6, 7, 4]);
  });

  it("draws doubles, bytes and seeds as NumPy does", () => {
    const random = stream(7);
    expect(random.unit()).toBe(NUMPY.unit);
    expect(random.uniform(-3, 2)).toBe(NUMPY.uniform);
    expect(Buffer.from(random.bytes(16)).toString("hex")).toBe(NUMPY.bytes);
    expect(random.below(2 ** 31)).toBe(NUMPY.seed);
    // Where there is no choice nothing is drawn.
    expect(random.below(1)).toBe(0);
    expect(times(2000, () => random.unit()).at(-1)).toBe(NUMPY.after2000);
  });

  it("takes the largest seed that there is", () => {
    expect(stream(2 ** 32 - 1).unit()).toBe(NUMPY.largest);
  });

  it("goes on from where it was", () => {
    const random = stream(5);
    for (const words of [1, 623, 1, 624, 3000]) {
      for (let word = 0; word < words; word++) random.word();
      const again = new RandomStream(random.position);
      expect(times(4, () => again.word())).toEqual(times(4, () => random.word()));
    }
  });

  it("refuses what it cannot draw from", () => {
    expect(() => stream(1).below(0)).toThrow(RangeError);
    expect(() => stream(1).below(2 ** 33)).toThrow(RangeError);
  });
});
