/** What is in a pool is for its account alone. */
import { chmodSync } from "node:fs";
import path from "node:path";
import type { Checker, Found } from "../finding.ts";
import { look, namesIn } from "../folders.ts";

const FOLDERS = ["state", "runs", "checkpoints", "state/secrets", "state/curves", "state/backups"];

export const permissionsChecker: Checker = {
  name: "permissions",
  noun: "permissions",
  // eslint-disable-next-line @typescript-eslint/require-await
  async run({ home }) {
    const found: Found[] = [];
    const demand = (where: string, forbidden: number, who: string): void => {
      const stat = look(path.join(home, where));
      if (stat === null || stat.isSymbolicLink() || (stat.mode & forbidden) === 0) return;
      found.push({
        check: "permissions",
        what: `${who} (mode ${(stat.mode & 0o777).toString(8)}).`,
        where,
        severity: "warning",
        repair: "Take that permission away.",
        mend: () => {
          chmodSync(path.join(home, where), stat.mode & 0o7777 & ~forbidden);
          return "Only its owner can now.";
        },
      });
    };
    demand(".", 0o022, "Other accounts may write into the pool folder");
    for (const folder of FOLDERS) demand(folder, 0o077, "Other accounts may look into this folder");
    for (const name of namesIn(path.join(home, "state/secrets")))
      demand(path.join("state/secrets", name), 0o077, "Other accounts may read secrets");
    return found;
  },
};
