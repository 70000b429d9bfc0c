/**
 * The built language server with a script of 2,000 lines and its experiment file of 500, both open: completion and hover right after
 * a key, and the time from the last key to the diagnostics (the server waits 40 ms for another key). Hints and lenses beside them.
 */
import { LanguageServer } from "./language/server.mts";
import { FILE_LINES, fileText, SCRIPT_LINES, scriptText } from "./language/texts.mts";
import type { Measurements } from "./run.mts";
import { quantile, rounded } from "./statistics.mts";

const ROUNDS = 150;
const FILE = "train.yaml";
const SCRIPT = "train.py";
/** In the middle of each, where a line is typed. */
const FILE_LINE = 250;
const SCRIPT_LINE = 1000;

export async function run(): Promise<Measurements> {
  const server = new LanguageServer();
  try {
    await server.start();
    const [file, script] = [fileText(), scriptText()];
    const first = [server.diagnostics(FILE).of(1), server.diagnostics(SCRIPT).of(1)];
    await server.open(FILE, file);
    await server.open(SCRIPT, script);
    await Promise.all(first);
    const ofFile = await typing(server, FILE, file, { line: FILE_LINE, indent: 2, at: /^ {2}metric:/m });
    const ofScript = await typing(server, SCRIPT, script, { line: SCRIPT_LINE, indent: 8, at: /--lr/ });
    return {
      ...named("file", ofFile),
      ...named("script", ofScript),
      ...{ rounds: ROUNDS, file_lines: FILE_LINES, script_lines: SCRIPT_LINES },
    };
  } finally {
    await server.stop();
  }
}

type Times = Record<"completion" | "hover" | "diagnostics" | "lenses" | "hints", number[]>;

/** A line is put in, typed a key at a time, and taken out again. */
async function typing(
  server: LanguageServer,
  name: string,
  text: string,
  { line, indent, at }: { line: number; indent: number; at: RegExp },
): Promise<Times> {
  const times: Times = { completion: [], hover: [], diagnostics: [], lenses: [], hints: [] };
  const timed = async (what: keyof Times, work: Promise<unknown>): Promise<unknown> => {
    const start = performance.now();
    const found = await work;
    times[what].push(performance.now() - start);
    return found;
  };
  const word = "option_new";
  const before = text.slice(0, text.search(at)).split("\n");
  const pointed = { line: before.length - 1, character: (before.at(-1)?.length ?? 0) + 3 };
  for (let round = 0; round < ROUNDS; round++) {
    const typed = round % word.length;
    const start = { line, character: 0 };
    const here = { line, character: indent + typed };
    if (typed === 0) {
      await server.type(name, start, start, `${" ".repeat(indent)}\n`);
    }
    const diagnostics = server.diagnostics(name);
    const began = performance.now();
    const version = await server.type(name, here, here, word[typed] ?? "x");
    const after = { line, character: here.character + 1 };
    await timed("completion", server.at("textDocument/completion", name, after));
    const shift = pointed.line >= line ? 1 : 0;
    const place = { ...pointed, line: pointed.line + shift };
    const hover = await timed("hover", server.at("textDocument/hover", name, place));
    if (hover === null) throw new Error(`${name} has no hover where one is measured`);
    await diagnostics.of(version);
    times.diagnostics.push(performance.now() - began);
    await timed("lenses", server.document("textDocument/codeLens", name));
    const range = { start: { line: 0, character: 0 }, end: { line: SCRIPT_LINES + 1, character: 0 } };
    await timed("hints", server.document("textDocument/inlayHint", name, { range }));
    if (typed === word.length - 1) await server.type(name, start, { line: line + 1, character: 0 }, "");
  }
  return times;
}

function named(of: string, times: Times): Measurements {
  return Object.fromEntries(
    Object.entries(times).flatMap(([what, values]) => [
      [`${of}_${what}_p50_ms`, rounded(quantile(values, 0.5))],
      [`${of}_${what}_p95_ms`, rounded(quantile(values, 0.95))],
    ]),
  );
}
