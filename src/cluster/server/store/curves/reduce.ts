/** Fewer points for the same picture: minimum and maximum of each stretch, so that a spike can never vanish. Pure. */

/**
 * Picks at most `limit` of `indices` (positions in `value`, ascending). The first and the last are always among them; of each
 * stretch between stay the smallest, the largest and the first NaN, in order of arrival.
 */
export function reduceByExtremes(value: Float64Array, indices: Uint32Array, limit: number): Uint32Array {
  if (indices.length <= limit) return indices;
  const inner = indices.subarray(1, -1);
  const stretches = Math.max(1, Math.floor((limit - 2) / 3));
  const picked: number[] = [indices[0] ?? 0];
  if (limit >= 5) {
    for (let stretch = 0; stretch < stretches; stretch++) {
      const from = Math.floor((stretch * inner.length) / stretches);
      const to = Math.floor(((stretch + 1) * inner.length) / stretches);
      picked.push(...extremes(value, inner.subarray(from, to)));
    }
  }
  picked.push(indices[indices.length - 1] ?? 0);
  return Uint32Array.from(picked);
}

function extremes(value: Float64Array, stretch: Uint32Array): number[] {
  let low = -1;
  let high = -1;
  let notANumber = -1;
  for (const index of stretch) {
    const at = value[index] ?? NaN;
    if (Number.isNaN(at)) {
      if (notANumber < 0) notANumber = index;
      continue;
    }
    if (low < 0 || at < (value[low] ?? Infinity)) low = index;
    if (high < 0 || at > (value[high] ?? -Infinity)) high = index;
  }
  return [...new Set([low, high, notANumber])].filter((index) => index >= 0).sort((a, b) => a - b);
}
