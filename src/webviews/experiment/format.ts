/** Numbers, sizes and times as people read them. Pure. */

const SIGNIFICANT = 4;
const LARGE_UNITS = [
  [1e12, "T"],
  [1e9, "B"],
  [1e6, "M"],
  [1e3, "k"],
] as const;

/** A value with at most four significant digits: `0.0613`, `12.35`, `1.2e-9`, `NaN`. */
export function formatValue(value: number, significant = SIGNIFICANT): string {
  const text = fixedValue(value, significant);
  return text.includes(".") && !text.includes("e") ? text.replace(/\.?0+$/, "") : text;
}

/** The same with its trailing zeros, so that columns and labels keep their width. */
function fixedValue(value: number, significant: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "-∞";
  if (value === 0) return "0";
  const magnitude = Math.abs(value);
  if (magnitude >= 1e15 || magnitude < 1e-4) return trimExponent(value.toExponential(significant - 1));
  if (magnitude >= 1e5) {
    const [unit, suffix] = LARGE_UNITS.find(([size]) => magnitude >= size) ?? [1, ""];
    return `${Number((value / unit).toPrecision(significant))}${suffix}`;
  }
  if (Number.isInteger(value)) return String(value);
  const decimals = Math.max(0, significant - 1 - Math.floor(Math.log10(magnitude)));
  return value.toFixed(Math.min(decimals, 20));
}

function trimExponent(text: string): string {
  const [mantissa = "", exponent = ""] = text.split("e");
  return `${mantissa.replace(/\.?0+$/, "")}e${exponent.replace("+", "")}`;
}

/** Values side by side with as many digits as tell them apart (at least three, at most ten). */
export function formatDistinct(values: readonly number[]): string[] {
  const different = new Set(values).size;
  for (let digits = 3; digits <= 10; digits++) {
    const texts = values.map((value) => fixedValue(value, digits));
    if (new Set(texts).size === different) return aligned(values, texts);
  }
  return values.map((value) => fixedValue(value, 10));
}

/** Gives neighbouring magnitudes the same number of decimals, so that they stand below one another. */
function aligned(values: readonly number[], texts: readonly string[]): string[] {
  const isPlain = (text: string) => /^-?\d+(\.\d+)?$/.test(text);
  const decimals = texts.filter(isPlain).map((text) => text.split(".")[1]?.length ?? 0);
  const most = Math.max(0, ...decimals);
  if (most - Math.min(...decimals) > 2 || values.every((value) => Number.isInteger(value))) return [...texts];
  return texts.map((text, index) => (isPlain(text) ? (values[index] ?? 0).toFixed(most) : text));
}

/** A value with up to seven significant digits, for a table. */
export function formatExact(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(7))) : formatValue(value);
}

/** Labels of an axis whose ticks lie `step` apart: `12k`, `0.05`, `1e-9`. */
export function formatTick(value: number, step: number): string {
  if (value === 0) return "0";
  const magnitude = Math.abs(value);
  if (magnitude >= 1e15 || step < 1e-6) return trimExponent(value.toExponential(digitsFor(value, step)));
  for (const [unit, suffix] of LARGE_UNITS) {
    if (magnitude >= unit) return `${fixed(value / unit, step / unit).replace(/\.0+$/, "")}${suffix}`;
  }
  return fixed(value, step);
}

function digitsFor(value: number, step: number): number {
  return Math.min(10, Math.max(0, Math.floor(Math.log10(Math.abs(value))) - Math.floor(Math.log10(step))));
}

/** As many decimals as the step needs: 1 for 2.5, 2 for 0.25. */
function fixed(value: number, step: number): string {
  let decimals = Math.max(0, Math.floor(-Math.log10(step)));
  while (decimals < 12 && Math.abs(step * 10 ** decimals - Math.round(step * 10 ** decimals)) > 1e-6)
    decimals++;
  return value.toFixed(Math.min(12, decimals));
}

export function formatInteger(value: number): string {
  return Number.isInteger(value) ? value.toLocaleString("en-US") : formatValue(value, 6);
}

const BYTE_UNITS = ["B", "KB", "MB", "GB", "TB", "PB"];
/** Powers of 1,000, as disks and downloads are sized: `4.2 MB`. */
export function formatBytes(bytes: number): string {
  if (!Number.isFinite(bytes)) return "?";
  let unit = 0;
  let value = Math.abs(bytes);
  while (value >= 999.5 && unit < BYTE_UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  const text = unit === 0 || value >= 99.5 ? String(Math.round(value)) : value.toFixed(1).replace(/\.0$/, "");
  return `${bytes < 0 ? "-" : ""}${text} ${BYTE_UNITS[unit] ?? ""}`;
}

/** `40 s`, `12 min`, `2 h 5 min`, `3 d 4 h`. */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 100) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 100) return `${minutes} min`;
  if (minutes < 48 * 60) return joined(Math.floor(minutes / 60), "h", minutes % 60, "min");
  const hours = Math.round(minutes / 60);
  return joined(Math.floor(hours / 24), "d", hours % 24, "h");
}

function joined(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}

export function formatAge(atMs: number, nowMs: number): string {
  const age = nowMs - atMs;
  return age < 5_000 ? "just now" : `${formatDuration(age)} ago`;
}

/** A moment in the person's own time zone, to the second. */
export function formatTime(atMs: number): string {
  const at = new Date(atMs);
  const two = (value: number) => String(value).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatInteger(count)} ${count === 1 ? one : many}`;
}
