/** From what is known of a bad end to one sentence that says what happened and what to do next. Pure. */
import path from "node:path/posix";
import { formatBytes } from "../bytes.ts";
import type { Failure, Frame } from "../../protocol/entities.ts";
import type { ExitFile } from "../../protocol/runDirectory.ts";
import { findNotSent, type Places } from "./notSent.ts";
import { lastVisibleLine, parseFatalError, parseTracebacks, type Traceback } from "./traceback.ts";

/** `work` is there as it is, and with symbolic links resolved. */
export interface Evidence extends Places {
  exit: ExitFile;
  /** The end of stderr.log. */
  stderr: string;
  interpreter: string;
  /** Whether files of the snapshot are read-only links in `work/`. */
  hardLinked: boolean;
}

/** Null when the run ended well, or as it was asked to. */
export function explain(evidence: Evidence): Failure | null {
  const { exit } = evidence;
  if (exit.launchError !== null)
    return { ...nothing(evidence), kind: "launch", message: exit.launchError.message };
  if (exit.code === 0 || wasAsked(exit)) return null;
  if (exit.code === null && exit.signal === null)
    return {
      ...nothing(evidence),
      kind: "lost",
      message: "The run was lost: its supervisor was ended from outside, so nobody saw how the script ended.",
    };
  if (exit.signal !== null) return explainSignal(evidence, exit.signal);
  const traceback = lastOwn(parseTracebacks(evidence.stderr), evidence);
  // Python ends with 1 on an exception; after another code the traceback is only a hint.
  const ending = exit.code === 1 ? traceback : null;
  if (exit.outOfMemory && isAfterKill(ending, evidence))
    return {
      ...nothing(evidence),
      kind: "out_of_memory",
      ...placeOf(ending, evidence),
      message: `Out of memory: the kernel ended a process of the script${memoryWords(exit)}.`,
    };
  return ending === null ? explainCode(evidence, traceback) : explainException(evidence, ending);
}

/** What a DataLoader, a process pool, joblib or subprocess say of a process that was killed. */
const KILLED =
  /killed by signal|SIGKILL|terminated abruptly|unexpectedly terminated|exit ?(code|status)s?\W+-9\b/;

/** Not an exception of the script's own: one that only tells of a killed process, a launcher's, or none. */
function isAfterKill(traceback: Traceback | null, evidence: Evidence): boolean {
  return traceback === null || ownFrame(traceback, evidence) === null || KILLED.test(traceback.message);
}

/** A signal of somebody else's is a failure, whatever it had been asked before. */
function wasAsked(exit: ExitFile): boolean {
  return exit.acknowledged !== null || exit.escalated !== null || exit.asked === "kill";
}

function nothing({ exit, interpreter }: Evidence): Omit<Failure, "kind" | "message"> {
  return {
    exception: null,
    frame: null,
    interpreter,
    missingModule: null,
    peakMemoryBytes: exit.peakMemoryBytes,
    memoryLimitBytes: exit.memoryLimitBytes,
  };
}

/** The last that passes through the person's own code: launchers print their own after it. */
function lastOwn(tracebacks: Traceback[], evidence: Evidence): Traceback | null {
  return tracebacks.findLast((each) => ownFrame(each, evidence) !== null) ?? tracebacks.at(-1) ?? null;
}

/** Of a deeper traceback the innermost. */
const MOST_FRAMES = 50;

function ownFrames(traceback: Traceback | null, evidence: Evidence): Frame[] {
  const own: Frame[] = [];
  for (const frame of traceback?.frames ?? []) {
    const file = ownFile(frame.file, evidence);
    if (file !== null && frame.line > 0) own.push({ file, line: frame.line, function: frame.function });
  }
  return own.slice(-MOST_FRAMES);
}

function ownFrame(traceback: Traceback, evidence: Evidence): Frame | null {
  return ownFrames(traceback, evidence).at(-1) ?? null;
}

function placeOf(traceback: Traceback | null, evidence: Evidence): Pick<Failure, "frame" | "frames"> {
  const frames = ownFrames(traceback, evidence);
  return { frame: frames.at(-1) ?? null, frames };
}

function ownFile(file: string, { work, directory }: Evidence): string | null {
  for (const folder of work) {
    const relative = path.relative(folder, path.resolve(folder, directory, file));
    if (relative === "" || relative.startsWith("../") || relative.startsWith("<")) continue;
    if (/[\u0000-\u001f\\]/.test(relative)) continue; // eslint-disable-line no-control-regex
    if (/(^|\/)(site-packages|dist-packages|lib\/python3[^/]*)\//.test(relative)) continue;
    if (file.startsWith("<")) continue; // <string>, <frozen importlib._bootstrap>
    return relative;
  }
  return null;
}

function explainException(evidence: Evidence, traceback: Traceback): Failure {
  const { type, message } = traceback;
  const place = placeOf(traceback, evidence);
  const { frame } = place;
  const name = type.slice(type.lastIndexOf(".") + 1);
  const base = { ...nothing(evidence), exception: { type, message }, ...place };
  const where = frame === null ? "" : ` (${frame.file}, line ${frame.line})`;
  const said = message === "" ? name : `${name}: ${message}`;

  const missing =
    name === "ModuleNotFoundError" ? /^No module named '([^']+)'/.exec(message)?.[1] : undefined;
  if (missing !== undefined)
    return {
      ...base,
      kind: "missing_import",
      missingModule: missing,
      message: `The module "${missing}" is not installed for ${evidence.interpreter}${where}. Choose another interpreter, or install it there.`,
    };
  if (name === "InvalidHP")
    return {
      ...base,
      kind: "invalid_hp",
      message: `The script refused its hyperparameters: ${message}${where}`,
    };
  if (isOutOfMemory(name, message))
    return {
      ...base,
      kind: "out_of_memory",
      message: `${outOfMemoryWords(name, message, evidence.exit)}${where}`,
    };
  if (name === "PermissionError" && evidence.hardLinked && namesWorkFile(message, evidence))
    return {
      ...base,
      kind: "exception",
      message:
        `${said}${where}. Files of a snapshot of more than 5,000 files or 100 MB are read-only in the run: ` +
        "write to a new file, or get a copy of your own first (copy it and rename the copy over it).",
    };
  return { ...base, kind: "exception", ...withNotSent(name, message, `${said}${where}`, evidence) };
}

/** What was not sent comes first: nothing else helps. */
function withNotSent(
  exception: string | null,
  searched: string,
  said: string,
  evidence: Evidence,
): Pick<Failure, "message" | "notSent"> {
  const found = findNotSent(exception, searched, evidence);
  if (found === null) return { message: said };
  const { notSent, isCertain, sentence } = found;
  return { notSent, message: isCertain ? `${sentence} ${said}` : `${said}. ${sentence}` };
}

function isOutOfMemory(name: string, message: string): boolean {
  if (name === "MemoryError" || name === "OutOfMemoryError" || name === "_ArrayMemoryError") return true;
  return /CUDA out of memory|HIP out of memory|CUDA error: out of memory|RESOURCE_EXHAUSTED: |OOM when allocating|can't allocate memory|CUBLAS_STATUS_ALLOC_FAILED|CUDNN_STATUS_ALLOC_FAILED/.test(
    message,
  );
}

function outOfMemoryWords(name: string, message: string, exit: ExitFile): string {
  const detail = message === "" ? "" : `: ${message}`;
  // Peak and limit in exit.json are those of main memory; the message itself has the GPU's.
  if (/CUDA|HIP|GPU|CUBLAS|CUDNN/.test(message))
    return `Out of memory on the GPU${detail.replace(/^: (CUDA|HIP) out of memory\. /, ": ")}`;
  return `Out of memory (${name})${detail}${memoryWords(exit)}`;
}

function namesWorkFile(message: string, { work, directory }: Evidence): boolean {
  const file = /Permission denied: '(.+)'/.exec(message)?.[1];
  if (file === undefined) return false;
  return work.some(
    (folder) => !path.relative(folder, path.resolve(folder, directory, file)).startsWith(".."),
  );
}

const SIGNAL_WORDS: Record<string, string> = {
  SIGSEGV: "it touched memory that is not its own, often in a native library",
  SIGABRT: "it gave up by itself, often in a native library",
  SIGBUS: "memory that was mapped is gone; is /dev/shm or a disk full?",
  SIGFPE: "an arithmetic error in native code",
  SIGILL: "an instruction that this CPU does not have",
  SIGKILL: "by another program, an administrator, or the kernel for want of memory",
  SIGTERM: "by another program or an administrator",
  SIGINT: "by another program or an administrator",
  SIGXCPU: "its limit of CPU time",
  SIGXFSZ: "its limit of file size",
};

function explainSignal(evidence: Evidence, signal: string): Failure {
  const { exit, stderr } = evidence;
  const base = nothing(evidence);
  if (signal === "SIGKILL" && exit.outOfMemory)
    return {
      ...base,
      kind: "out_of_memory",
      message: `Out of memory: the kernel ended the script${memoryWords(exit)}.`,
    };
  const fatal = parseFatalError(stderr);
  const words = SIGNAL_WORDS[signal];
  const place = placeOf(fatal, evidence);
  const { frame } = place;
  const where = frame === null ? "" : ` (${frame.file}, line ${frame.line})`;
  return {
    ...base,
    kind: "signal",
    ...place,
    message: `The script was ended by ${signal}${where}${words === undefined ? "" : `: ${words}`}.`,
  };
}

function memoryWords({ peakMemoryBytes, memoryLimitBytes }: ExitFile): string {
  if (peakMemoryBytes === null) return "";
  const limit = memoryLimitBytes === null ? "" : ` of ${formatBytes(memoryLimitBytes)} allowed`;
  return ` (at its peak it used ${formatBytes(peakMemoryBytes)}${limit})`;
}

function explainCode(evidence: Evidence, traceback: Traceback | null): Failure {
  const { exit, stderr } = evidence;
  const line = lastVisibleLine(stderr);
  const code = exit.code ?? -1;
  // A shell says so when what it ran was ended by a signal.
  const signal = code > 128 && code <= 128 + 64 ? `, which a shell gives for signal ${code - 128}` : "";
  const said = line === null ? "; it wrote nothing to its error output" : `: ${line}`;
  return {
    ...nothing(evidence),
    kind: "exit_code",
    ...withNotSent(null, line ?? "", `The script ended with exit code ${code}${signal}${said}`, evidence),
    exception: traceback === null ? null : { type: traceback.type, message: traceback.message },
    ...placeOf(traceback, evidence),
  };
}
