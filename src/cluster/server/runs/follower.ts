/** Follows the event files of running runs by polling: a pool folder may be on a shared file system without inotify. */
import fs from "node:fs";
import path from "node:path";
import { MAX_EVENT_FILES } from "../../protocol/limits.ts";
import { EVENT_FILE_NAME } from "../../protocol/runDirectory.ts";
import type { CurveStore, Logger, ReportedEvent, RunFollower, RunReport } from "../ports.ts";
import { parseEventLine, splitLines } from "./eventLines.ts";

/** The script can put anything in their place: no link is followed, and no pipe waited for. */
const READ_PLAIN = fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK;

/** Read from one file in one poll, so that one chatty run cannot keep the others waiting. */
const BYTES_PER_POLL = 4 * 1024 * 1024;

/** @param runsFolder `<pool>/runs` */
export function createRunFollower(runsFolder: string, curves: CurveStore, logger: Logger): RunFollower {
  const followed = new Set<string>();

  function read(
    runId: string,
    cursors: ReadonlyMap<string, number>,
  ): { report: RunReport; isAtEnd: boolean } {
    const report: RunReport = { runId, events: [], skippedLines: 0, sources: [] };
    let isAtEnd = true;
    const folder = path.join(runsFolder, runId, "events");
    const files = listFiles(folder);
    if (files.length > MAX_EVENT_FILES) {
      report.filesLeftOut = files.length - MAX_EVENT_FILES;
      // The oldest would be the fairest; by their names they are at least the same ones each time.
      files.sort().splice(MAX_EVENT_FILES);
    }
    for (const file of files) {
      const match = EVENT_FILE_NAME.exec(file);
      if (match === null) continue;
      const from = cursors.get(file) ?? 0;
      const bytes = readChunk(path.join(folder, file), from);
      if (bytes === null) continue;
      const { lines, tooLong, consumed } = splitLines(bytes);
      if (bytes.byteLength === BYTES_PER_POLL) isAtEnd = false;
      if (consumed === 0) continue;
      report.skippedLines += tooLong;
      for (const line of lines) {
        const event = parseEventLine(line);
        if (event === null) report.skippedLines++;
        else
          report.events.push({
            rank: Number(match[1]),
            writer: match[2] ?? "",
            event,
          } satisfies ReportedEvent);
      }
      report.sources.push({ file, from, to: from + consumed });
    }
    if (report.skippedLines > 0)
      logger.warn("lines of a run that are no events were skipped", { runId, lines: report.skippedLines });
    return { report, isAtEnd };
  }

  function forget(runId: string): void {
    followed.delete(runId);
    curves.release(runId);
  }

  return {
    follow(runId) {
      followed.add(runId);
      curves.hold(runId);
    },
    forget,
    // eslint-disable-next-line @typescript-eslint/require-await
    async poll() {
      const reports: RunReport[] = [];
      for (const runId of followed) {
        const { report } = read(runId, curves.cursors(runId));
        if (report.sources.length > 0) reports.push(report);
      }
      return reports;
    },
    *finish(runId) {
      // Its own place, for who does not append what was read would otherwise read the same without end.
      const cursors = new Map(curves.cursors(runId));
      for (;;) {
        const { report, isAtEnd } = read(runId, cursors);
        for (const { file, to } of report.sources) cursors.set(file, to);
        if (report.sources.length > 0) yield report;
        if (isAtEnd || report.sources.length === 0) break;
      }
      forget(runId);
    },
  };
}

function listFiles(folder: string): string[] {
  try {
    return fs.readdirSync(folder);
  } catch {
    return []; // not there yet: the run has not begun, or has been deleted
  }
}

function readChunk(file: string, from: number): Buffer | null {
  let fd: number;
  try {
    fd = fs.openSync(file, READ_PLAIN);
  } catch {
    return null;
  }
  try {
    const stat = fs.fstatSync(fd);
    if (!stat.isFile() || stat.size <= from) return null;
    const bytes = Buffer.allocUnsafe(Math.min(stat.size - from, BYTES_PER_POLL));
    return bytes.subarray(0, fs.readSync(fd, bytes, 0, bytes.byteLength, from));
  } finally {
    fs.closeSync(fd);
  }
}
