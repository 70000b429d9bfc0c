/** Follows the event files of running runs by polling: a pool folder may be on a shared file system without inotify. */
import fs from "node:fs";
import path from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { MAX_EVENT_FILES } from "../../protocol/limits.ts";
import { EVENT_FILE_NAME } from "../../protocol/runDirectory.ts";
import type { CurveStore, Logger, ReportedEvent, RunFollower, RunReport } from "../ports.ts";
import type { Timed } from "../loopWatch.ts";
import { isLocalFileSystem } from "../store/fileSystem.ts";
import { parseEventLine, splitLines } from "./eventLines.ts";

/** The script can put anything in their place: no link is followed, and no pipe waited for. */
const READ_PLAIN = fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK;

/** What a run has written and nobody has read, file by file. */
interface News {
  files: { file: string; from: number }[];
  /** Files beyond those that are read. */
  leftOut: number;
}

/** Read from one file at a time: its lines are parsed in a few milliseconds, in which nobody else is served. */
const BYTES_AT_ONCE = 256 * 1024;
/** A round ends after that, also when runs write faster than they are read: the server has more to look at. */
const ROUND_MS = 400;
/** Where that is not one whole line: the longest ones fit, and of one without end as much is skipped at once. */
const LONG_LINE_BYTES = 4 * 1024 * 1024;

/** @param runsFolder `<pool>/runs` */
export function createRunFollower(
  runsFolder: string,
  curves: CurveStore,
  logger: Logger,
  timed: Timed = (_, work) => work(),
): RunFollower {
  const followed = new Set<string>();
  // Elsewhere a file may have grown for seconds before anything but opening it tells.
  const sizesAreTrue = isLocalFileSystem(runsFolder);

  function newsOf(runId: string, cursors: ReadonlyMap<string, number>): News {
    const folder = path.join(runsFolder, runId, "events");
    const files = listFiles(folder);
    const leftOut = Math.max(0, files.length - MAX_EVENT_FILES);
    // The oldest would be the fairest; by their names they are at least the same ones each time.
    if (leftOut > 0) files.sort().splice(MAX_EVENT_FILES);
    return {
      leftOut,
      files: files
        .map((file) => ({ file, from: cursors.get(file) ?? 0 }))
        .filter(({ file, from }) => !sizesAreTrue || sizeOf(`${folder}/${file}`) > from),
    };
  }

  function read(runId: string, { files, leftOut }: News): { report: RunReport; isAtEnd: boolean } {
    const report: RunReport = { runId, events: [], skippedLines: 0, sources: [] };
    let isAtEnd = true;
    if (leftOut > 0) report.filesLeftOut = leftOut;
    for (const { file, from } of files) {
      const match = EVENT_FILE_NAME.exec(file);
      if (match === null) continue;
      const chunk = readChunk(path.join(runsFolder, runId, "events", file), from);
      if (chunk === null) continue;
      const { lines, tooLong, consumed } = splitLines(chunk.bytes);
      if (chunk.hasMore) isAtEnd = false;
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
    async *poll() {
      const until = performance.now() + ROUND_MS;
      // One piece of each in turn, so that a chatty run keeps no other waiting.
      for (let waiting = [...followed]; waiting.length > 0;) {
        const unfinished: string[] = [];
        for (const runId of waiting) {
          if (!followed.has(runId)) continue;
          const news = newsOf(runId, curves.cursors(runId));
          if (news.files.length === 0) continue;
          const { report, isAtEnd } = timed(`reading ${runId}`, () => read(runId, news));
          if (report.sources.length === 0) continue;
          yield report;
          // Who does not append what was read would be told the same without end.
          if (!isAtEnd && hasMoved(report, curves.cursors(runId))) unfinished.push(runId);
          await nextTurn();
        }
        if (performance.now() > until) return;
        waiting = unfinished;
      }
    },
    *finish(runId) {
      // Its own place, for who does not append what was read would otherwise read the same without end.
      const cursors = new Map(curves.cursors(runId));
      for (;;) {
        const { report, isAtEnd } = read(runId, newsOf(runId, cursors));
        for (const { file, to } of report.sources) cursors.set(file, to);
        if (report.sources.length > 0) yield report;
        if (isAtEnd || report.sources.length === 0) break;
      }
      forget(runId);
    },
  };
}

function hasMoved({ sources }: RunReport, cursors: ReadonlyMap<string, number>): boolean {
  return sources.every(({ file, to }) => cursors.get(file) === to);
}

function listFiles(folder: string): string[] {
  try {
    return fs.readdirSync(folder);
  } catch {
    return []; // not there yet: the run has not begun, or has been deleted
  }
}

function sizeOf(file: string): number {
  return fs.lstatSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

function readChunk(file: string, from: number): { bytes: Buffer; hasMore: boolean } | null {
  let fd: number;
  try {
    fd = fs.openSync(file, READ_PLAIN);
  } catch {
    return null;
  }
  try {
    const stat = fs.fstatSync(fd);
    if (!stat.isFile() || stat.size <= from) return null;
    const left = stat.size - from;
    const short = readAt(fd, from, Math.min(left, BYTES_AT_ONCE));
    const bytes =
      left > BYTES_AT_ONCE && !short.includes(NEWLINE)
        ? readAt(fd, from, Math.min(left, LONG_LINE_BYTES))
        : short;
    return { bytes, hasMore: bytes.byteLength < left };
  } finally {
    fs.closeSync(fd);
  }
}

const NEWLINE = 0x0a;

function readAt(fd: number, from: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  return bytes.subarray(0, fs.readSync(fd, bytes, 0, length, from));
}
