/** The curves of a trial, read anew from the event files of its runs. */
import type { Breathe } from "../breath.ts";
import { BEFORE_ALL_STEPS } from "../../experiments/actions.ts";
import type { CurveStore, Logger } from "../../ports.ts";
import { createRunFollower } from "../../runs/follower.ts";
import type { RunRow } from "../poolTables.ts";

export const silent: Logger = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** @param store that knows nothing of them @param runs all of one trial, by attempt */
export async function readCurvesAnew(
  runsFolder: string,
  store: CurveStore,
  runs: readonly Pick<RunRow, "id" | "attempt" | "spec">[],
  breathe: Breathe,
): Promise<void> {
  const follower = createRunFollower(runsFolder, store, silent);
  for (const { id, attempt, spec } of runs) {
    if (attempt > 1 && spec !== null) store.supersede(id, spec.step ?? BEFORE_ALL_STEPS);
    for (const report of follower.finish(id)) {
      store.append(report);
      await breathe();
    }
  }
}
