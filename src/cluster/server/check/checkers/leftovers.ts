/** What programs that were killed have left half-written: files under temporary names that nobody writes any more. */
import path from "node:path";
import type { Checker, Found } from "../finding.ts";
import { IN_WORK_MS, lastWritten, look, namesIn } from "../folders.ts";

const TEMPORARY = /\.tmp$|^room-\d+$|\.dead$|\.now$|^\.work-/;

export const leftoversChecker: Checker = {
  name: "leftovers",
  noun: "left-overs",
  async run({ home, lostAndFound, breathe }) {
    const inside = (folder: string, isOurs: (name: string) => boolean): string[] =>
      namesIn(path.join(home, folder))
        .filter(isOurs)
        .map((name) => path.join(folder, name));
    const isTemporary = (name: string): boolean => TEMPORARY.test(name);
    const always = (): boolean => true;
    const candidates = [
      ...inside("state", isTemporary),
      ...inside("state/backups", isTemporary),
      ...inside("state/secrets", isTemporary),
      ...inside("trees", (name) => name.startsWith(".building-")),
      ...inside("snapshots.git/incoming", always),
      ...["runs", "checkpoints"].flatMap((folder) =>
        inside(folder, always).flatMap((each) => inside(each, isTemporary)),
      ),
    ];
    const old = Date.now() - IN_WORK_MS;
    const found: Found[] = [];
    for (const where of candidates) {
      await breathe();
      if (look(path.join(home, where)) === null || lastWritten(path.join(home, where)) >= old) continue;
      found.push({
        check: "leftovers",
        what: "A half-written file was left over by a program that was killed.",
        where,
        severity: "warning",
        repair: "Move it to lost+found.",
        mend: () => {
          lostAndFound.take(where);
          return "It was moved to lost+found.";
        },
      });
    }
    return found;
  },
};
