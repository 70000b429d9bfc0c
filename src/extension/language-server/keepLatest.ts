/** Puts an entry at the end of a map, and drops the oldest beyond `most`. Pure. */
export function keepLatest<K, V>(
  map: Map<K, V>,
  key: K,
  value: V,
  most: number,
  dropped: (key: K, value: V) => void = () => undefined,
): void {
  map.delete(key);
  map.set(key, value);
  for (const [old, gone] of [...map].slice(0, -most)) {
    map.delete(old);
    dropped(old, gone);
  }
}
