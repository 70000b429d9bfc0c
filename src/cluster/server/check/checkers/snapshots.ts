/** Snapshots: every experiment's tree is there, whole. Built trees that no snapshot stands behind. */
import { existsSync } from "node:fs";
import path from "node:path";
import { messageOf } from "../../errors.ts";
import { createRepository } from "../../trees/repository.ts";
import type { Checker, Found } from "../finding.ts";
import { namesIn } from "../folders.ts";

const TREE = /^([0-9a-f]{40}|[0-9a-f]{64})$/;
const MOST_MESSAGES = 5;

export const snapshotsChecker: Checker = {
  name: "snapshots",
  noun: "snapshots",
  async run({ home, full, lostAndFound }, tables) {
    const folder = path.join(home, "snapshots.git");
    if (tables === null) return [];
    const { trees } = tables.needed();
    if (!existsSync(folder) && trees.size === 0) return [];
    const { git } = createRepository(folder);
    const found: Found[] = [];
    const add = (what: string, where: string, repair: string | null, mend: Found["mend"]): void => {
      found.push({ check: "snapshots", what, where, severity: "error", repair, mend });
    };
    const output = async (args: string[]): Promise<string | null> =>
      git.output(args).then(
        (bytes) => bytes.toString("utf8"),
        () => null,
      );
    const refs = await output(["for-each-ref", "--format=%(refname:lstrip=2)", "refs/snapshots/"]);
    if (refs === null) {
      add("The repository of the snapshots cannot be read.", "snapshots.git", null, null);
      return found;
    }
    const pinned = new Set(refs.split("\n"));
    for (const [tree, experiments] of trees) {
      if (pinned.has(tree)) continue;
      const isThere = (await output(["rev-list", "--objects", "--quiet", tree])) !== null;
      add(
        `The snapshot of experiment ${experiments.join(", ")} is ${isThere ? "not pinned, and would be collected" : "gone: its code cannot be run or restored"}.`,
        `snapshots.git: ${tree}`,
        isThere ? "Pin it again." : null,
        isThere
          ? async () => {
              await git.output(["update-ref", `refs/snapshots/${tree}`, tree]);
              return "It is pinned again.";
            }
          : null,
      );
    }
    try {
      await git.output(["fsck", full ? "--full" : "--connectivity-only", "--no-dangling", "--no-progress"]);
    } catch (error) {
      for (const line of messageOf(error).split(/\n|; /).slice(0, MOST_MESSAGES))
        add(`git says of the snapshots: ${line}`, "snapshots.git", null, null);
    }
    for (const name of namesIn(path.join(home, "trees")))
      if (TREE.test(name) && !pinned.has(name) && !trees.has(name))
        found.push({
          check: "snapshots",
          what: "A built tree is there whose snapshot is not.",
          where: path.join("trees", name),
          severity: "warning",
          repair: "Move it to lost+found.",
          mend: () => {
            lostAndFound.take(path.join("trees", name));
            lostAndFound.take(path.join("trees", `${name}.json`));
            return "It was moved to lost+found.";
          },
        });
    return found;
  },
};
