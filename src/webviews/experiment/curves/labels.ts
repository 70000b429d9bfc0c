/** Places the labels at the line ends so that they do not cover each other. Pure. */

/**
 * @param wanted where each label would best sit (its middle, in pixels)
 * @returns the middles, in the same order, at least `height` apart and between `top` and `bottom` when they fit
 */
export function spreadLabels(
  wanted: readonly number[],
  height: number,
  top: number,
  bottom: number,
): number[] {
  const order = wanted.map((_, index) => index).sort((a, b) => (wanted[a] ?? 0) - (wanted[b] ?? 0));
  const placed = new Array<number>(wanted.length).fill(0);
  let next = top + height / 2;
  for (const index of order) {
    const at = Math.max(next, wanted[index] ?? 0);
    placed[index] = at;
    next = at + height;
  }
  let limit = bottom - height / 2;
  for (const index of order.reverse()) {
    const at = Math.min(limit, placed[index] ?? 0);
    placed[index] = at;
    limit = at - height;
  }
  return placed;
}
