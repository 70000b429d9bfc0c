/** Reads what a bad end left: exit.json, the end of stderr.log, the supervisor's own log. */
import { open, realpath } from "node:fs/promises";
import path from "node:path";
import type { Failure } from "../../protocol/entities.ts";
import type { Diagnose } from "../ports.ts";
import { readWorkFile } from "../trees/workFile.ts";
import { explain } from "./failure.ts";
import { bootId } from "./processes.ts";
import { FILES, readSupervisor, runFolder } from "./runFolder.ts";
import { lastVisibleLine, parseTracebacks } from "./traceback.ts";

const TAIL_BYTES = 256 * 1024;
/** Where the message itself is longer than the tail (a printed tensor). */
const LONG_TAIL_BYTES = 4 * 1024 * 1024;

export function createDiagnose(pool: string): Diagnose {
  return async (runId, exit, context) => {
    const folder = runFolder(pool, runId);
    if (exit === null) return lost(folder, context.interpreter);
    const work = path.join(folder, FILES.work);
    const [stderr, real, file] = await Promise.all([
      readStderr(path.join(folder, "stderr.log")),
      realpath(work).catch(() => work),
      readWorkFile(work),
    ]);
    return explain({
      exit,
      stderr,
      interpreter: context.interpreter,
      work: real === work ? [work] : [work, real],
      directory: context.directory,
      script: context.script,
      snapshot: context.snapshot,
      hardLinked: file?.method === "hardlink",
    });
  };
}

async function lost(folder: string, interpreter: string): Promise<Failure> {
  const failure: Omit<Failure, "message" | "kind"> = {
    exception: null,
    frame: null,
    interpreter,
    missingModule: null,
    peakMemoryBytes: null,
    memoryLimitBytes: null,
  };
  const supervisor = await readSupervisor(folder).catch(() => null);
  if (supervisor === null) {
    const said = lastVisibleLine(await readTail(path.join(folder, FILES.log), TAIL_BYTES));
    const words = said === null ? "its supervisor ended at once" : `its supervisor ended at once: ${said}`;
    return { ...failure, kind: "launch", message: `The run could not be started: ${words}` };
  }
  const reason =
    supervisor.bootId === bootId()
      ? "script and supervisor are gone without a word, both were ended from outside"
      : "the machine was restarted or lost power";
  return { ...failure, kind: "lost", message: `The run was lost: ${reason}.` };
}

async function readStderr(file: string): Promise<string> {
  const tail = await readTail(file, TAIL_BYTES);
  if (tail.length < TAIL_BYTES / 2 || parseTracebacks(tail).length > 0) return tail;
  const longer = await readTail(file, LONG_TAIL_BYTES);
  return parseTracebacks(longer).length > 0 ? longer : tail;
}

/** Empty when there is no such file. */
async function readTail(file: string, limit: number): Promise<string> {
  const handle = await open(file, "r").catch(() => null);
  if (handle === null) return "";
  try {
    const { size } = await handle.stat();
    const start = Math.max(0, size - limit);
    const bytes = Buffer.alloc(Math.min(size, limit));
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, start);
    return bytes.toString("utf8", 0, bytesRead);
  } finally {
    await handle.close();
  }
}
