/** Sizes as people write them: `10 GiB`, `500 MB`, `1024`. Pure. */

const FACTORS: Readonly<Record<string, number>> = {
  "": 1,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
};

/** @returns bytes, or null for what is no size */
export function parseByteSize(text: string): number | null {
  const [, digits, unit] = /^\s*(\d{1,15}(?:\.\d{1,9})?)\s*([A-Za-z]{0,3})\s*$/.exec(text) ?? [];
  const factor = FACTORS[unit?.toLowerCase() ?? "none"];
  const bytes = factor === undefined ? Number.NaN : Math.round(Number(digits) * factor);
  return Number.isSafeInteger(bytes) ? bytes : null;
}
