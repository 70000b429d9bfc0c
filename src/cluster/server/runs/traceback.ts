/** Finds Python's tracebacks in the end of an error output. Pure. */

export interface TracebackFrame {
  file: string;
  line: number;
  /** Null at the top of a module, and for a syntax error. */
  function: string | null;
}
export interface Traceback {
  /** As printed, with its module: `torch.cuda.OutOfMemoryError`. */
  type: string;
  message: string;
  /** Outermost first, as printed. */
  frames: TracebackFrame[];
}

/** A progress bar, or other output without a newline, may stand before it; a group's members stand behind bars. */
const HEADER = /^(?!\s+\|).*Traceback \(most recent call last\):$/;
const FRAME = /^ +File "(.+)", line (\d+)(?:, in (.+))?$/;
/** faulthandler's: the innermost frame comes first. */
const FATAL = /^Fatal Python error: (.+)$/;
const FATAL_FRAME = /^ {2}File "(.+)", line (\d+) in (.+)$/;
const EXCEPTION = /^([A-Za-z_][\w.]*(?:<locals>[\w.]*)*)(?:: ?(.*))?$/;
const SYNTAX_ERRORS = new Set(["SyntaxError", "IndentationError", "TabError"]);
/** torch.distributed marks the lines of each process. */
const RANK = /^\[rank\d+\]: ?/;
/** In the traceback of an exception group the lines of the group itself stand behind one bar. */
const GROUP_BAR = /^ {2}\| ?/;
const MAX_FOREIGN_LINES = 20;
const MAX_MESSAGE_LENGTH = 2000;

/** All tracebacks in the order in which they were printed; of an exception group, its own. */
export function parseTracebacks(text: string): Traceback[] {
  const found: Traceback[] = [];
  const lines = cleanLines(text);
  let frames: TracebackFrame[] | null = null;
  let [headless, grouped, foreign] = [false, false, 0];
  for (let index = 0; index < lines.length; index++) {
    let line = lines[index] ?? "";
    if (HEADER.test(line)) {
      grouped = line.includes("Exception Group");
      [frames, headless, foreign] = [[], false, 0];
      continue;
    }
    if (grouped) line = line.replace(GROUP_BAR, "");
    const frame = FRAME.exec(line);
    if (frame !== null) {
      if (frames === null) [frames, headless, grouped, foreign] = [[], true, false, 0];
      frames.push(toFrame(frame));
      continue;
    }
    if (frames === null || /^\s/.test(line) || line === "") continue;
    const exception = EXCEPTION.exec(line);
    const [, type = "", message = ""] = exception ?? [];
    if (exception !== null && (!headless || SYNTAX_ERRORS.has(type))) {
      found.push({ type, message: withContinuation(message, lines, index, grouped), frames });
      [frames, grouped] = [null, false];
    } else if (headless || ++foreign > MAX_FOREIGN_LINES) [frames, grouped] = [null, false]; // not a traceback after all
  }
  return found;
}

/** What faulthandler printed before the process died of a signal, innermost frame last. */
export function parseFatalError(text: string): Traceback | null {
  const lines = cleanLines(text);
  const start = lines.findLastIndex((line) => FATAL.test(line));
  if (start === -1) return null;
  const frames: TracebackFrame[] = [];
  for (const line of lines.slice(start + 1)) {
    const frame = FATAL_FRAME.exec(line);
    if (frame !== null) frames.unshift(toFrame(frame));
    else if (frames.length > 0) break;
  }
  return { type: "Fatal Python error", message: FATAL.exec(lines[start] ?? "")?.[1] ?? "", frames };
}

/** The last line that a person would have seen: a progress bar that was redrawn counts as its last state. */
export function lastVisibleLine(text: string): string | null {
  const line = cleanLines(text).findLast((each) => each.trim() !== "");
  return line === undefined ? null : line.trim().slice(0, 500);
}

function cleanLines(text: string): string[] {
  return text.split("\n").map((line) =>
    line
      .replace(/\r+$/, "")
      .replace(/^.*\r/, "")
      // eslint-disable-next-line no-control-regex
      .replace(/\u001b\[[0-9;]*[A-Za-z]/g, "")
      .replace(RANK, ""),
  );
}

function toFrame([, file = "", line = "", name = ""]: RegExpExecArray): TracebackFrame {
  return { file, line: Number(line), function: name === "" || name === "<module>" ? null : name };
}

/** A message goes on in the lines after it when they are indented (torch's lists of missing keys are). */
function withContinuation(first: string, lines: readonly string[], index: number, grouped: boolean): string {
  const message = [first];
  for (const line of grouped ? [] : lines.slice(index + 1)) {
    if (!/^\s+\S/.test(line) || FRAME.test(line) || HEADER.test(line)) break;
    message.push(line.trim());
  }
  return message.join(" ").trim().slice(0, MAX_MESSAGE_LENGTH);
}
