/** A curve in one word: `█▅▃▂▁`. Pure. */
const BARS = [..."▁▂▃▄▅▆▇█"];
const WIDTH = 8;

/** @returns "" where there is no course to show: fewer than three finite values, or all the same */
export function sparkline(values: readonly number[]): string {
  const finite = values.filter((value) => Number.isFinite(value));
  const [low, high] = [Math.min(...finite), Math.max(...finite)];
  if (finite.length < 3 || !(high > low)) return "";
  const width = Math.min(WIDTH, finite.length);
  return Array.from({ length: width }, (_, index) => {
    const [from, to] = [part(index, width, finite.length), part(index + 1, width, finite.length)];
    const stretch = finite.slice(from, Math.max(from + 1, to));
    const mean = stretch.reduce((sum, value) => sum + value / stretch.length, 0);
    // Halves first: their difference may be larger than any number.
    const share = (mean / 2 - low / 2) / (high / 2 - low / 2);
    return BARS[Math.min(BARS.length - 1, Math.floor(share * BARS.length))] ?? "";
  }).join("");
}

function part(index: number, parts: number, length: number): number {
  return Math.floor((index * length) / parts);
}
