/** Small words of the checks. Pure. */
import type { Path } from "./source.ts";

export function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (at, part) =>
      typeof at === "object" && at !== null && Object.hasOwn(at, part)
        ? (at as Record<PropertyKey, unknown>)[part]
        : undefined,
    value,
  );
}

export function dotted(path: Path): string {
  return path.map(String).join(".") || "the configuration";
}

/** As a fix names it. */
export function steps(path: Path): (string | number)[] {
  return path.map((part) => (typeof part === "number" ? part : String(part)));
}
