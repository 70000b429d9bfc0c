/** What a person typed, where a whole number is asked for. */

/** Null: it is not one, or not between the two. */
export function parseWhole(text: string, least: number, most: number): number | null {
  if (!/^\d+$/.test(text.trim())) return null;
  const value = Number(text);
  return value >= least && value <= most ? value : null;
}

/** Empty is no limit: null. Undefined: it is none of the two. */
export function parseLimit(text: string, most: number): number | null | undefined {
  if (text.trim() === "") return null;
  return parseWhole(text, 1, most) ?? undefined;
}
