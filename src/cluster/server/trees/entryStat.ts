import { type BigIntStats, lstatSync } from "node:fs";
import { type BytePath, toNative } from "./bytePath.ts";

/** What is at a path, not followed; null when nothing is, or when a file is where a folder would have to be. */
export function entryStat(path: BytePath): BigIntStats | null {
  try {
    return lstatSync(toNative(path), { bigint: true, throwIfNoEntry: false }) ?? null;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOTDIR") return null;
    throw error;
  }
}
