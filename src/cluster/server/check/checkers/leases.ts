/** Slots that processes of ended runs still hold. */
import path from "node:path";
import { createLeaseReader } from "../../resources/leases.ts";
import { killMarked } from "../../runs/processes.ts";
import type { Checker, Found } from "../finding.ts";
import { namesIn } from "../folders.ts";

export const leasesChecker: Checker = {
  name: "leases",
  noun: "slots",
  // eslint-disable-next-line @typescript-eslint/require-await
  async run({ home, leases }, tables) {
    if (tables === null) return [];
    const runs = new Map(tables.runs().map((run) => [run.id, run]));
    const read = createLeaseReader(leases);
    const found: Found[] = [];
    for (const name of namesIn(leases)) {
      const holder = read(name)?.holder;
      if (!holder || path.resolve(holder.pool) !== home) continue;
      const run = runs.get(holder.run);
      if (run === undefined || !run.hasEnded) continue;
      const key = run.spec?.key;
      found.push({
        check: "leases",
        what: `Run ${run.id} has ended, but processes of it still hold ${name}.`,
        where: path.join(leases, name),
        severity: "error",
        repair: key === undefined ? null : "End those processes.",
        mend: key === undefined ? null : async () => `${await killMarked(key)} processes were ended.`,
      });
    }
    return found;
  },
};
