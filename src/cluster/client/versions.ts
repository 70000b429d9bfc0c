/** `0.2.0` is older than `0.10.0`; what is no version is neither older nor newer. */
export function isOlder(version: string, than: string): boolean {
  const [a, b] = [partsOf(version), partsOf(than)];
  if (a === null || b === null) return false;
  const part = a.findIndex((number, index) => number !== b[index]);
  return part >= 0 && (a[part] ?? 0) < (b[part] ?? 0);
}

function partsOf(version: string): number[] | null {
  return /^(\d+)\.(\d+)\.(\d+)/.exec(version)?.slice(1).map(Number) ?? null;
}
