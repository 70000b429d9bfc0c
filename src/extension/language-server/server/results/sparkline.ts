/** A curve in one word: `█▅▃▂▁`. Pure. */
const BARS = [..."▁▂▃▄▅▆▇█"];
const WIDTH = 8;

/** @returns "" where there is no course to show: fewer than three finite values, or all the same */
export function sparkline(values: readonly number[]): string {
  const finite = values.filter((value) => Number.isFinite(value));
  const width = Math.min(WIDTH, finite.length);
  const means = Array.from({ length: width }, (_, index) => {
    const [from, to] = [part(index, width, finite.length), part(index + 1, width, finite.length)];
    return finite.slice(from, to).reduce((sum, value) => sum + value / (to - from), 0);
  });
  const [low, high] = [Math.min(...means), Math.max(...means)];
  // Halves: the whole difference may be larger than any number. Of the smallest numbers half is nothing.
  if (means.length < 3 || !(high / 2 > low / 2)) return "";
  const shares = means.map((mean) => (mean / 2 - low / 2) / (high / 2 - low / 2));
  return shares
    .map((share) => BARS[Math.min(BARS.length - 1, Math.floor(share * BARS.length))] ?? "")
    .join("");
}

function part(index: number, parts: number, length: number): number {
  return Math.floor((index * length) / parts);
}
