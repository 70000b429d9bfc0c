/** What a record has of its own under a key that somebody wrote, which may be `constructor`. */
export function own<T>(record: Readonly<Record<string, T>>, key: PropertyKey): T | undefined {
  return Object.hasOwn(record, key) ? record[String(key)] : undefined;
}
