/** Ignored paths that the person wants in the snapshot all the same. */
import path from "node:path";
import { displayPath } from "../git.ts";
import { isUnder } from "./restored.ts";
import type { Shadow } from "./shadow.ts";

export interface SentFiles {
  /** Byte paths; a repository inside ends with `/`. */
  files: string[];
  /** Python environments among them, which are made for one machine (byte paths). */
  environments: string[];
}

/** @param exclude gitignore patterns that count all the same */
export async function listSent(
  shadow: Shadow,
  sent: readonly string[],
  exclude: readonly string[],
  signal: AbortSignal | undefined,
): Promise<SentFiles> {
  if (sent.length === 0) return { files: [], environments: [] };
  const found = await shadow.filesIn(sent, exclude, signal);
  const environments = found.flatMap((name) => environmentOf(name) ?? []);
  return { files: found.filter((name) => !isUnder(name, environments)), environments };
}

/** The folder of an environment, by the file that is in every one. */
function environmentOf(name: string): string | null {
  if (path.posix.basename(name) === "pyvenv.cfg") return parentOf(name);
  return name.endsWith("/conda-meta/history") ? parentOf(path.posix.dirname(name)) : null;
}

function parentOf(name: string): string | null {
  const parent = path.posix.dirname(name);
  return parent === "." ? null : parent;
}

/** Of each path what the snapshot has of it, also where that is nothing (any more). */
export function sizesOfSent(
  sent: readonly string[],
  entries: ReadonlyMap<string, number>,
): { path: string; files: number; bytes: number }[] {
  return sent.map((name) => {
    let [files, bytes] = [0, 0];
    for (const [entry, size] of entries) {
      if (!isUnder(displayPath(entry), [name])) continue;
      files += 1;
      bytes += size;
    }
    return { path: name, files, bytes };
  });
}
