/** Determined's experiment configurations in a folder: every YAML file with a `searcher:`. */
import { readdir, readFile, stat } from "node:fs/promises";
import path from "node:path";
import { MOST_BYTES } from "../configuration/source.ts";

const SKIPPED = new Set(["node_modules", "__pycache__", "venv", "site-packages", "trainyard-runs"]);
const MOST_FILES = 2000;

export interface FoundConfiguration {
  /** Relative to the folder. */
  file: string;
  text: string;
}

/** Also other files that mean something to Determined: `.detignore`, `startup-hook.sh`. */
export async function findConfigurations(
  folder: string,
  signal: AbortSignal,
): Promise<{ configurations: FoundConfiguration[]; others: string[] }> {
  const configurations: FoundConfiguration[] = [];
  const others: string[] = [];
  for await (const file of filesBelow(folder, signal)) {
    const name = path.basename(file);
    if (name === ".detignore" || name === "startup-hook.sh") others.push(file);
    if (!/\.ya?ml$/.test(name)) continue;
    const full = path.join(folder, file);
    const size = (await stat(full).catch(() => null))?.size ?? Infinity;
    if (size > MOST_BYTES) continue;
    const text = await readFile(full, "utf8").catch(() => "");
    if (!/^searcher\s*:/m.test(text)) continue;
    configurations.push({ file, text });
    if (configurations.length >= MOST_FILES) break;
  }
  return { configurations, others };
}

async function* filesBelow(folder: string, signal: AbortSignal, inner = ""): AsyncGenerator<string> {
  signal.throwIfAborted();
  const entries = await readdir(path.join(folder, inner), { withFileTypes: true });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const relative = path.posix.join(inner, entry.name);
    if (entry.isFile()) yield relative;
    else if (entry.isDirectory() && !entry.name.startsWith(".") && !SKIPPED.has(entry.name))
      yield* filesBelow(folder, signal, relative);
  }
}
