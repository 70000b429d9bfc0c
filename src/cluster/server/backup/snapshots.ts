/** The snapshots of a backup: git's objects never change, so they are linked; the names that pin them are written anew. */
import { existsSync } from "node:fs";
import path from "node:path";
import { createRepository } from "../trees/repository.ts";
import { ended } from "../trees/git.ts";
import { mirror, type MirrorOptions } from "./mirror.ts";

/** While objects are packed anew their old files go: then it is looked again. */
const MOST_ROUNDS = 5;

/** @param trees that experiments are on */
export async function copySnapshots(
  home: string,
  folder: string,
  trees: readonly string[],
  options: Omit<MirrorOptions, "mayLink" | "wants">,
): Promise<void> {
  const [from, to] = [path.join(home, "snapshots.git"), path.join(folder, "snapshots.git")];
  if (!existsSync(from)) return;
  const target = createRepository(to);
  await target.ready();
  for (let round = 1; ; round++) {
    await mirror(path.join(from, "objects"), path.join(to, "objects"), {
      ...options,
      mayLink: () => true,
      wants: (name) => !/(^|\/)tmp_|\.lock$|\.keep$/.test(name),
    });
    const isWhole = await hasAll(target, trees);
    if (isWhole || round >= MOST_ROUNDS) break;
  }
  const args = ["update-ref", "--stdin"];
  const child = target.git.start(args);
  const end = ended(child, args);
  child.stdin.end(trees.map((tree) => `update refs/snapshots/${tree} ${tree}\n`).join(""));
  child.stdout.resume();
  await end;
}

async function hasAll(
  { git }: ReturnType<typeof createRepository>,
  trees: readonly string[],
): Promise<boolean> {
  if (trees.length === 0) return true;
  return git.output(["rev-list", "--objects", "--quiet", ...trees]).then(
    () => true,
    () => false,
  );
}
