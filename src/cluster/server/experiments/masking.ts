/** Secret values never leave the pool: wherever one would be sent, `***` stands. Pure. */
import type { Json } from "../../protocol/base.ts";

export type Mask = <T>(value: T) => T;

/** Shorter values would blacken ordinary text: they are refused at the submit. */
export const SHORTEST_SECRET = 4;

/** @returns a function that replaces every occurrence of a secret in all strings of a JSON value */
export function createMask(secrets: Record<string, string>): Mask {
  const values = secretValues(secrets);
  if (values.length === 0) return (value) => value;
  const maskText = (text: string) => values.reduce((masked, value) => masked.replaceAll(value, "***"), text);
  const mask = (value: Json): Json => {
    if (typeof value === "string") return maskText(value);
    if (Array.isArray(value)) return value.map(mask);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [maskText(key), mask(inner)]));
  };
  return <T>(value: T) => mask(value as Json) as T;
}

/** Replaces secrets in place by as many `*`, so that byte offsets and lines stay what they were. @returns whether there was one */
export function maskBytes(bytes: Uint8Array, secrets: Record<string, string>): boolean {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let hasFound = false;
  for (const value of secretValues(secrets)) {
    const needle = Buffer.from(value);
    for (let at = buffer.indexOf(needle); at >= 0; at = buffer.indexOf(needle, at + needle.byteLength)) {
      for (let byte = at; byte < at + needle.byteLength; byte++) if (buffer[byte] !== 10) buffer[byte] = 42;
      hasFound = true;
    }
  }
  return hasFound;
}

/** Longest first, so that a secret inside of another is not what is replaced. */
export function secretValues(secrets: Record<string, string>): string[] {
  return Object.values(secrets)
    .filter((value) => value.length >= SHORTEST_SECRET)
    .sort((a, b) => b.length - a.length);
}
