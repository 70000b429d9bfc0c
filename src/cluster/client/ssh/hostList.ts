/** The hosts that an SSH configuration names, for a picker. What holds for one of them is OpenSSH's to say (resolve.ts). */
import { readdir, readFile, realpath } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { parseDestination } from "./destination.ts";
import { expandPath } from "./expand.ts";
import { matchesList, matchesPattern } from "./patterns.ts";

/** As deep as OpenSSH follows Include. */
const MAX_DEPTH = 16;

export interface ListedHost {
  name: string;
  /** The file that names it. */
  file: string;
}

export interface ListOptions {
  /** Other than `~/.ssh/config`. */
  configFile?: string;
  home?: string;
}

/** In the order of the configuration, each name once. A file that is not there names nobody. */
export async function listHosts(options: ListOptions = {}): Promise<ListedHost[]> {
  // OpenSSH takes the home folder from the accounts, not from HOME.
  const home = options.home ?? os.userInfo().homedir;
  const file = options.configFile ?? path.join(home, ".ssh", "config");
  const hosts = new Map<string, ListedHost>();
  const seen = new Set<string>();

  /** @param reaches whether a host gets as far as this file: an Include may stand inside of a Host block */
  async function walk(file: string, reaches: (name: string) => boolean, depth: number): Promise<void> {
    const real = await realpath(file).catch(() => file);
    if (depth > MAX_DEPTH || seen.has(real)) return;
    seen.add(real);
    let inBlock = reaches;
    const text = await readFile(file, "utf8").catch(() => "");
    for (const [keyword = "", ...words] of text.split("\n").map(wordsOf))
      switch (keyword.toLowerCase()) {
        case "host":
          inBlock = (name) => reaches(name) && matchesList(words, name);
          for (const name of words)
            if (isHost(name) && !hosts.has(name) && inBlock(name)) hosts.set(name, { name, file });
          break;
        case "match":
          // It may run a command, which is not asked for a list.
          inBlock = reaches;
          break;
        case "include":
          for (const pattern of words)
            for (const included of await filesOf(pattern, home)) await walk(included, inBlock, depth + 1);
          break;
      }
  }

  await walk(file, () => true, 0);
  return [...hosts.values()];
}

/** `Keyword words`, `Keyword=words`; words may be quoted, and what follows a # is a comment. */
function wordsOf(line: string): string[] {
  const words: string[] = [];
  const separated = line.replace(/^(\s*\w+)\s*=/, "$1 ");
  for (const [word, ...quoted] of separated.matchAll(/"([^"]*)"|'([^']*)'|\S+/g)) {
    if (word.startsWith("#")) break;
    words.push(quoted.find((text) => text !== undefined) ?? word);
  }
  return words;
}

/** A name of its own, which can be asked for as it stands: no pattern, and not `host:port`. */
function isHost(name: string): boolean {
  try {
    return parseDestination(name).host === name;
  } catch {
    return false;
  }
}

/** Relative to `~/.ssh`; `*` and `?` in any part of the path. */
async function filesOf(pattern: string, home: string): Promise<string[]> {
  const absolute = path.resolve(home, ".ssh", expandPath(pattern, home));
  const { root } = path.parse(absolute);
  let found = [root];
  for (const part of absolute.slice(root.length).split(path.sep)) {
    if (!/[*?]/.test(part)) {
      found = found.map((folder) => path.join(folder, part));
      continue;
    }
    const names = await Promise.all(
      found.map(async (folder) => {
        const inside = await readdir(folder).catch((): string[] => []);
        return inside
          .filter((name) => matchesPattern(part, name) && name.startsWith(".") === part.startsWith("."))
          .sort()
          .map((name) => path.join(folder, name));
      }),
    );
    found = names.flat();
  }
  return found;
}
