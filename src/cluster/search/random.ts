/**
 * NumPy's legacy generator `RandomState(seed)`, bit for bit, so that one experiment seed gives the same trials as it does in
 * Determined: MT19937 (Matsumoto and Nishimura, "Mersenne Twister", ACM TOMACS 8(1), 1998), seeded as `init_genrand`.
 */

const WORDS = 624;
const MIDDLE = 397;
const TWIST = 0x9908b0df;
const UPPER = 0x80000000;
const LOWER = 0x7fffffff;

/** Where a stream is: all that a searcher's state has to keep of it. */
export interface RandomPosition {
  /** 0 to 2^32-1. */
  seed: number;
  /** 32-bit words taken so far. */
  taken: number;
}

export class RandomStream {
  readonly #seed: number;
  readonly #key = new Uint32Array(WORDS);
  #taken = 0;

  /** Skipping is quick: 100,000 words in about a millisecond. */
  constructor({ seed, taken }: RandomPosition) {
    this.#seed = seed;
    for (let at = 0, word = seed >>> 0; at < WORDS; at++) {
      this.#key[at] = word;
      word = (Math.imul(1812433253, word ^ (word >>> 30)) + at + 1) >>> 0;
    }
    for (let round = 0; round * WORDS < taken; round++) this.#twist();
    this.#taken = taken;
  }

  get position(): RandomPosition {
    return { seed: this.#seed, taken: this.#taken };
  }

  /** 0 to 2^32-1. */
  word(): number {
    const at = this.#taken % WORDS;
    if (at === 0) this.#twist();
    this.#taken++;
    let y = this.#key[at] ?? 0;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    y ^= y >>> 18;
    return y >>> 0;
  }

  /** A double in [0, 1), from two words. */
  unit(): number {
    const a = this.word() >>> 5;
    const b = this.word() >>> 6;
    return (a * 67108864 + b) / 9007199254740992;
  }

  /** A double in [low, high). */
  uniform(low: number, high: number): number {
    return low + (high - low) * this.unit();
  }

  /** A whole number in [0, count), by mask and reject. Where there is no choice nothing is drawn. */
  below(count: number): number {
    const limit = count - 1;
    if (limit === 0) return 0;
    if (!(limit > 0 && limit <= 0xffffffff))
      throw new RangeError(`one of ${count} cannot be drawn: 1 to 2^32 is possible`);
    const mask = 2 ** (32 - Math.clz32(limit)) - 1;
    for (;;) {
      const value = (this.word() & mask) >>> 0;
      if (value <= limit) return value;
    }
  }

  /** Each word gives four, the lowest first. */
  bytes(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    for (let at = 0, word = 0; at < length; at++) {
      word = at % 4 === 0 ? this.word() : word >>> 8;
      bytes[at] = word & 0xff;
    }
    return bytes;
  }

  #twist(): void {
    const key = this.#key;
    for (let at = 0; at < WORDS; at++) {
      const y = ((key[at] ?? 0) & UPPER) | ((key[(at + 1) % WORDS] ?? 0) & LOWER);
      key[at] = (key[(at + MIDDLE) % WORDS] ?? 0) ^ (y >>> 1) ^ ((y & 1) === 0 ? 0 : TWIST);
    }
  }
}
