/** After a run: removes from its working tree what came with the snapshot, and keeps what the run wrote or changed. */
import { lstatSync, readdirSync, readlinkSync, rmdirSync, rmSync, unlinkSync } from "node:fs";
import path from "node:path";
import { type BytePath, bytePath, join, toNative } from "./bytePath.ts";
import { entryStat } from "./entryStat.ts";
import { compare, DERIVED_FOLDER } from "./leftovers.ts";
import { createPacer, type Pacer } from "./pacer.ts";
import type { WorkFile } from "./workFile.ts";

/** @returns whether a file of the tree itself was found written to */
export async function pruneFolder(
  work: string,
  tree: BytePath,
  file: WorkFile & { builtAtMs: number },
): Promise<{ damaged: boolean }> {
  removeLinks(work, file.links);
  const state = { damaged: false, builtAtMs: file.builtAtMs, pacer: createPacer() };
  await pruneLevel(bytePath(work), tree, state);
  return { damaged: state.damaged };
}

interface State {
  damaged: boolean;
  readonly builtAtMs: number;
  readonly pacer: Pacer;
}

async function pruneLevel(work: BytePath, tree: BytePath, state: State): Promise<void> {
  for (const entry of readdirSync(toNative(work), { withFileTypes: true, encoding: "latin1" })) {
    const [ours, theirs] = [join(work, entry.name), join(tree, entry.name)];
    if (state.pacer.due()) await state.pacer.rest();
    const original = entryStat(theirs);
    if (entry.isDirectory()) {
      if (original?.isDirectory()) {
        await pruneLevel(ours, theirs, state);
        removeIfEmpty(ours);
      } else if (entry.name === DERIVED_FOLDER) rmSync(toNative(ours), { recursive: true, force: true });
      continue; // a folder of the run's own stays as it is
    }
    if (original === null) continue;
    const comparison = compare(ours, theirs, state.builtAtMs);
    if (comparison === "damaged") state.damaged = true;
    if (comparison === "same") unlinkSync(toNative(ours));
  }
}

function removeLinks(work: string, links: WorkFile["links"]): void {
  for (const link of links) {
    const at = path.join(work, link.path);
    // The run may have put folders that lead elsewhere on the way there.
    if (!hasRealParents(work, link.path)) continue;
    if (!lstatSync(at, { throwIfNoEntry: false })?.isSymbolicLink()) continue;
    if (readlinkSync(at) !== link.target) continue;
    unlinkSync(at);
    for (let up = path.dirname(link.path); up !== "."; up = path.dirname(up))
      removeIfEmpty(bytePath(path.join(work, up)));
  }
}

function hasRealParents(work: string, relative: string): boolean {
  let at = work;
  for (const name of relative.split("/").slice(0, -1)) {
    at = path.join(at, name);
    if (!lstatSync(at, { throwIfNoEntry: false })?.isDirectory()) return false;
  }
  return true;
}

function removeIfEmpty(folder: BytePath): void {
  try {
    rmdirSync(toNative(folder));
  } catch {
    // what the run left is in it
  }
}
