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
import type { Checker, Checking, Found } from "../finding.ts";
import { look, namesIn } from "../folders.ts";
import type { RunRow } from "../poolTables.ts";
import { readCurvesAnew, silent } from "../rebuild/curves.ts";
import { wholeLines } from "../rebuild/eventFiles.ts";

export const curvesChecker: Checker = {
  name: "curves",
  noun: "curves",
  // eslint-disable-next-line @typescript-eslint/require-await
  async run(checking, tables) {
    if (tables === null) return [];
    const trials = Map.groupBy(tables.runs(), ({ trialId }) => trialId);
    const found: Found[] = [];
    let done = 0;
    for (const [trialId, runs] of trials) {
      checking.signal.throwIfAborted();
      checking.progress(done++ / trials.size);
      // What trains is read as it comes.
      if (runs.some(({ hasEnded }) => !hasEnded)) continue;
      const problem = problemOf(checking, trialId, runs);
      if (problem !== null) found.push(wrong(checking, trialId, runs, problem));
    }
    for (const name of namesIn(path.join(checking.home, "state/curves"))) {
      const trialId = /^(\d+\.\d+)\./.exec(name)?.[1];
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
    mend: () => {
      const folder = path.join(checking.home, "state/curves");
      for (const name of filesOf(folder, trialId))
        checking.lostAndFound.take(path.join("state/curves", name));
      const store = createCurveStore(folder, silent);
      readCurvesAnew(path.join(checking.home, "runs"), store, runs);
      store.close();
      return "They were read anew.";
    },
  };
}

/** Files of a trial's curves, whatever they are: they begin with its id. */
function filesOf(folder: string, trialId: string): string[] {
  return namesIn(folder).filter((name) => name.startsWith(`${trialId}.`));
}

function problemOf(checking: Checking, trialId: string, runs: RunRow[]): string | null {
  const curves = path.join(checking.home, "state/curves");
  const scratch = mkdtempSync(path.join(tmpdir(), "trainyard-check-"));
  try {
    // Opening mends what was cut short, so a copy is opened: looking changes nothing.
    const [kept, anew] = [path.join(scratch, "kept"), path.join(scratch, "anew")];
    mkdirSync(kept);
    for (const name of filesOf(curves, trialId))
      copyFileSync(path.join(curves, name), path.join(kept, name), constants.COPYFILE_FICLONE);
    const store = createCurveStore(kept, silent);
    const short = runs.map((run) => unread(checking, store, run.id)).find((problem) => problem !== null);
    if (short !== undefined || !checking.full) return short ?? null;
    const expected = createCurveStore(anew, silent);
    readCurvesAnew(path.join(checking.home, "runs"), expected, runs);
    return difference(store, expected, trialId);
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

function difference(kept: CurveStore, expected: CurveStore, trialId: string): string | null {
  const byName = (store: CurveStore) =>
    new Map(
      store.list(trialId).map((series) => [`${series.group}/${series.name} of rank ${series.rank}`, series]),
    );
  const [ours, theirs] = [byName(kept), byName(expected)];
  for (const [name, series] of theirs) {
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
