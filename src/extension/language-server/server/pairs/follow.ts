/** A script with the modules of its own workspace that it imports: what reads a parameter may be any of them. */
import { readdir } from "node:fs/promises";
import path from "node:path";
import { isInside } from "../../../../cluster/client/insideFolder.ts";
import type { OpenDocument } from "../documents.ts";
import type { ScriptFacts } from "../python/facts.ts";
import type { Script } from "../python/script.ts";
import { type ImportedModule, readModules } from "./imports.ts";

/** Python files of one experiment that are read. */
export const MOST_FILES = 50;

export interface LinkedScript {
  readonly document: OpenDocument;
  readonly path: string;
  readonly facts: ScriptFacts;
  /** Its tree is the present one until the next edit. */
  readonly script: Script;
  /** False: a module that is imported. */
  readonly isEntry: boolean;
}

const known = new WeakMap<ScriptFacts, readonly ImportedModule[]>();

/**
 * @param scripts absolute paths of those that are started
 * @param folder the innermost folder around them that nothing may lead out of
 * @returns the scripts first, then modules by their distance; `isWhole` is false when there are more than are read
 */
export async function follow(
  read: (file: string) => Promise<OpenDocument | null>,
  scripts: readonly string[],
  folder: string,
): Promise<{ files: LinkedScript[]; isWhole: boolean }> {
  const roots = [
    ...new Set([...scripts.map((file) => path.dirname(file)), folder, path.join(folder, "src")]),
  ];
  const listing = new Map<string, Promise<ReadonlySet<string>>>();
  const has = async (directory: string, name: string): Promise<boolean> => {
    let names = listing.get(directory);
    if (!names)
      listing.set(
        directory,
        (names = readdir(directory).then(
          (all) => new Set(all),
          () => new Set(),
        )),
      );
    return (await names).has(name);
  };
  const waiting = [...scripts];
  const seen = new Set(waiting);
  const files: LinkedScript[] = [];
  for (const file of waiting) {
    if (files.length >= MOST_FILES) return { files, isWhole: false };
    const document = await read(file);
    const script = await document?.script();
    if (!document || !script) continue;
    const { facts } = script;
    files.push({ document, path: file, facts, script, isEntry: scripts.includes(file) });
    let modules = known.get(facts);
    if (!modules) known.set(facts, (modules = readModules(script.tree.rootNode)));
    for (const candidate of modules.flatMap((one) => candidatesOf(one, file, roots))) {
      if (seen.has(candidate.file) || !isInside(candidate.file, folder)) continue;
      if (!(await has(candidate.root, candidate.first))) continue;
      if (!(await has(path.dirname(candidate.file), path.basename(candidate.file)))) continue;
      seen.add(candidate.file);
      waiting.push(candidate.file);
    }
  }
  return { files, isWhole: true };
}

interface Candidate {
  file: string;
  /** A glance at this folder for that name settles most: what is installed is not in the workspace. */
  root: string;
  first: string;
}

function candidatesOf(
  { level, parts, names }: ImportedModule,
  from: string,
  roots: readonly string[],
): Candidate[] {
  const own = path.resolve(path.dirname(from), ...Array.from({ length: Math.max(0, level - 1) }, () => ".."));
  return (level > 0 ? [own] : roots).flatMap((root) => {
    const modules = [parts, ...names.map((name) => [...parts, name])].filter((one) => one.length > 0);
    return modules.flatMap((module) => {
      const [top = ""] = module;
      const file = path.join(root, ...module);
      return [
        { file: `${file}.py`, root, first: module.length > 1 ? top : `${top}.py` },
        { file: path.join(file, "__init__.py"), root, first: top },
      ];
    });
  });
}
