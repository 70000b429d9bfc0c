/**
 * Curves against the event files that they were read from. The curves' own format is not looked into: a copy is opened as the
 * server would, and compared with what reading the event files anew gives.
 */
import { constants, copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { EVENT_FILE_NAME } from "../../../protocol/runDirectory.ts";
import type { CurveStore } from "../../ports.ts";
import { createCurveStore } from "../../store/curves/curveStore.ts";
import { RUN_FILES } from "../../store/curves/runCurves.ts";
import type { Breathe } from "../breath.ts";
import type { Checker, Checking, Found } from "../finding.ts";
import { look, namesIn } from "../folders.ts";
import type { RunRow } from "../poolTables.ts";
import { readCurvesAnew, silent } from "../rebuild/curves.ts";
import { wholeLines } from "../rebuild/eventFiles.ts";

export const curvesChecker: Checker = {
  name: "curves",
  noun: "curves",
  async run(checking, tables) {
    if (tables === null) return [];
    const trials = Map.groupBy(tables.runs(), ({ trialId }) => trialId);
    const names = namesIn(path.join(checking.home, "state/curves"));
    const files = Map.groupBy(names, (name) => TRIAL.exec(name)?.[1]);
    const found: Found[] = [];
    let done = 0;
    for (const [trialId, runs] of trials) {
      await checking.breathe();
      checking.progress(done++ / trials.size);
      // What trains is read as it comes.
      if (runs.some(({ hasEnded }) => !hasEnded)) continue;
      // Then the curves are all that is left of it, and there is nothing to compare them with.
      if (runs.some(({ id }) => isAllThatIsLeft(checking.home, id))) continue;
      const problem = await problemOf(checking, trialId, runs, files.get(trialId) ?? []);
      if (problem !== null) found.push(wrong(checking, trialId, runs, problem));
    }
    for (const name of names) {
      const trialId = TRIAL.exec(name)?.[1];
      if (trialId === undefined || trials.has(trialId)) continue;
      const where = path.join("state/curves", name);
      found.push({
        check: "curves",
        what: "There is a curve of a trial of which the database knows nothing.",
        where,
        severity: "warning",
        repair: "Move it to lost+found.",
        mend: () => {
          // Its trial may have been listed again since.
          if (tables.ids("trials").has(trialId)) return "Its trial is listed again.";
          checking.lostAndFound.take(where);
          return "It was moved to lost+found.";
        },
      });
    }
    return found;
  },
};

function wrong(checking: Checking, trialId: string, runs: RunRow[], problem: string): Found {
  return {
    check: "curves",
    what: `The curves of trial ${trialId} are not what its runs reported: ${problem}.`,
    where: path.join("state/curves", `${trialId}.*`),
    severity: "error",
    repair: "Read them anew from the event files.",
    mend: async () => {
      const folder = path.join(checking.home, "state/curves");
      for (const name of namesIn(folder))
        if (TRIAL.exec(name)?.[1] === trialId) checking.lostAndFound.take(path.join("state/curves", name));
      const store = createCurveStore(folder, silent);
      await readCurvesAnew(path.join(checking.home, "runs"), store, runs, checking.breathe);
      store.close();
      return "They were read anew.";
    },
  };
}

function isAllThatIsLeft(home: string, runId: string): boolean {
  const hasFolder = look(path.join(home, "runs", runId)) !== null;
  return !hasFolder && look(path.join(home, "state/curves", `${runId}${RUN_FILES.segment}`)) !== null;
}

/** Files of a trial's curves, whatever they are, begin with its id. */
const TRIAL = /^(\d+\.\d+)\./;

async function problemOf(
  checking: Checking,
  trialId: string,
  runs: RunRow[],
  files: readonly string[],
): Promise<string | null> {
  const curves = path.join(checking.home, "state/curves");
  const scratch = mkdtempSync(path.join(tmpdir(), "trainyard-check-"));
  try {
    // Opening mends what was cut short, so a copy is opened: looking changes nothing.
    const [kept, anew] = [path.join(scratch, "kept"), path.join(scratch, "anew")];
    mkdirSync(kept);
    for (const name of files)
      if (look(path.join(curves, name)) !== null)
        copyFileSync(path.join(curves, name), path.join(kept, name), constants.COPYFILE_FICLONE);
    const store = createCurveStore(kept, silent);
    const short = runs.map((run) => unread(checking, store, run.id)).find((problem) => problem !== null);
    if (short !== undefined || !checking.full) return short ?? null;
    const expected = createCurveStore(anew, silent);
    await readCurvesAnew(path.join(checking.home, "runs"), expected, runs, checking.breathe);
    return await difference(store, expected, trialId, checking.breathe);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Whether each event file was read up to its last whole line. */
function unread({ home }: Checking, store: CurveStore, runId: string): string | null {
  const folder = path.join(home, "runs", runId, "events");
  const cursors = store.cursors(runId);
  for (const file of namesIn(folder)) {
    if (!EVENT_FILE_NAME.test(file)) continue;
    const stat = look(path.join(folder, file));
    if (stat === null || !stat.isFile()) continue;
    const [read, whole] = [cursors.get(file) ?? 0, wholeLines(path.join(folder, file), stat.size)];
    if (read !== whole) return `of ${runId}/events/${file} ${read} bytes were read, and there are ${whole}`;
  }
  return null;
}

async function difference(
  kept: CurveStore,
  expected: CurveStore,
  trialId: string,
  breathe: Breathe,
): Promise<string | null> {
  const byName = (store: CurveStore) =>
    new Map(
      store.list(trialId).map((series) => [`${series.group}/${series.name} of rank ${series.rank}`, series]),
    );
  const [ours, theirs] = [byName(kept), byName(expected)];
  for (const [name, series] of theirs) {
    await breathe();
    const mine = ours.get(name);
    if (mine?.count !== series.count)
      return `${name} has ${mine?.count ?? 0} points, and ${series.count} were reported`;
    for (let cursor = 0; cursor < series.count;) {
      const [a, b] = [kept, expected].map((store) => store.read(series, cursor, null));
      if (a === undefined || b === undefined || Buffer.compare(a.columns, b.columns) !== 0)
        return `points of ${name} differ`;
      if (b.cursor <= cursor) break;
      cursor = b.cursor;
    }
  }
  const extra = [...ours.keys()].find((name) => !theirs.has(name));
  return extra === undefined ? null : `${extra} was never reported`;
}
