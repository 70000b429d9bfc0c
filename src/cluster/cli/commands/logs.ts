/** What a run prints: read, followed, searched on the pool, or some lines of it. */
import { setTimeout as sleep } from "node:timers/promises";
import {
  followOutput,
  type OutputOf,
  placesOfLines,
  readOutput,
  searchOutput,
  withLineNumbers,
} from "../../client/output.ts";
import { FINAL_TRIAL_STATES } from "../../protocol/entities.ts";
import type { OutputMatch } from "../../protocol/output.ts";
import { EXIT, UsageError, withPool, type Command, type Context, type Given, type Pool } from "../command.ts";
import { parseId } from "../ids.ts";
import { readTrial } from "../readTrial.ts";
import { bytesText, plain, plainOutput } from "../text.ts";

/** Between two attempts. */
const LOOK_EVERY_MS = 300;

export const logs: Command = {
  name: "logs",
  usage: "logs ID [-f] [--stderr] [--lines A-B | --search TEXT [--expression] [--match-case]]",
  summary: "Output of an experiment's trial (12, 12.3) or of one attempt (12.3.1).",
  details:
    "--lines takes 7, 7-20 or 7-. --search prints the number and the text of each line that has TEXT, in any case but with " +
    "--match-case; with --expression TEXT is a regular expression (RE2). Nothing found: exit code 1.",
  options: {
    follow: { type: "boolean", short: "f" },
    stderr: { type: "boolean" },
    lines: { type: "string" },
    search: { type: "string" },
    expression: { type: "boolean" },
    "match-case": { type: "boolean" },
  },
  arguments: ["ID"],
  run: async (context, given) => {
    const { follow, lines, search, expression } = given.values;
    if (follow === true && context.json)
      throw new UsageError("`--json` prints one document; it does not go with `--follow`.");
    if ([follow === true, lines !== undefined, search !== undefined].filter(Boolean).length > 1)
      throw new UsageError("`--follow`, `--lines` and `--search` do not go together.");
    if (search === "") throw new UsageError("`--search` needs a text to look for.");
    if (search === undefined && (expression === true || given.values["match-case"] === true))
      throw new UsageError("`--expression` and `--match-case` go with `--search TEXT`.");
    const range = typeof lines === "string" ? parseRange(lines) : null;
    return withPool(context, async (pool) => {
      if (follow === true) return followTrial(context, pool, given);
      const { runId } = await findRun(context, pool, given.arguments[0] ?? "");
      const stream = streamOf(given);
      if (runId === null) {
        context.document({ runId, stream, text: "", matches: [] });
        return EXIT.ok;
      }
      const of = { runId, stream };
      if (typeof search === "string") return printMatches(context, pool, of, given, search);
      return range ? printLines(context, pool, of, range) : printAll(context, pool, of);
    });
  },
};

const streamOf = (given: Given): OutputOf["stream"] => (given.values.stderr === true ? "stderr" : "stdout");

async function printAll(context: Context, pool: Pool, of: OutputOf): Promise<number> {
  const chunks: Uint8Array[] = [];
  const write = context.json ? (chunk: Uint8Array) => chunks.push(chunk) : writer(context);
  let isFirst = true;
  for await (const part of readOutput(pool, of, 0, context.signal)) {
    if (isFirst) sayDropped(context, part.dropped);
    isFirst = false;
    write(part.bytes);
  }
  context.document({ ...of, text: Buffer.concat(chunks).toString("utf8") });
  return EXIT.ok;
}

function sayDropped(context: Context, dropped: number): void {
  if (dropped > 0) context.note(`The first ${bytesText(dropped)} were dropped at the limit of the output.\n`);
}

/** Goes on with the next attempt, until the trial has ended. */
async function followTrial(context: Context, pool: Pool, given: Given): Promise<number> {
  const { signal } = context;
  let current: string | null = null;
  for (;;) {
    const { runId, final } = await findRun(context, pool, given.arguments[0] ?? "");
    if (runId !== null && runId !== current) {
      if (current !== null) context.note(`--- run ${runId}\n`);
      current = runId;
      const write = writer(context);
      for await (const part of followOutput(pool, { runId, stream: streamOf(given) }, 0, signal))
        write(part.bytes);
    } else if (final) return EXIT.ok;
    else await sleep(LOOK_EVERY_MS, undefined, { signal });
  }
}

interface LineRange {
  first: number;
  /** Null: to the end. */
  last: number | null;
}
function parseRange(text: string): LineRange {
  const match = /^([1-9]\d{0,14})(-([1-9]\d{0,14})?)?$/.exec(text);
  const first = Number(match?.[1]);
  const last = match?.[2] === undefined ? first : match[3] === undefined ? null : Number(match[3]);
  if (!match || (last !== null && last < first))
    throw new UsageError(`\`--lines ${text}\`: lines are 7, 7-20 or 7-, the first one is 1.`);
  return { first, last };
}

async function printLines(
  context: Context,
  pool: Pool,
  of: OutputOf,
  { first, last }: LineRange,
): Promise<number> {
  const wanted = { lines: last === null ? [first] : [first, last + 1] };
  const { places, lineCount, droppedLines } = await placesOfLines(pool, of, wanted, context.signal);
  const start = places[0];
  if (!start) {
    const reason =
      first <= droppedLines
        ? `The first ${droppedLines} lines were dropped at the limit of the output.`
        : `${of.stream} has ${lineCount ?? 0} lines.`;
    throw new UsageError(`There is no line ${first}: ${reason}`);
  }
  const end = places[1]?.offset ?? Infinity;
  const chunks: Uint8Array[] = [];
  const write = context.json ? (chunk: Uint8Array) => chunks.push(chunk) : writer(context);
  for await (const { offset, bytes } of readOutput(pool, of, start.offset, context.signal)) {
    write(bytes.subarray(0, Math.min(bytes.length, Math.max(0, end - offset))));
    if (offset + bytes.length >= end) break;
  }
  context.document({ ...of, firstLine: first, text: Buffer.concat(chunks).toString("utf8") });
  return EXIT.ok;
}

async function printMatches(
  context: Context,
  pool: Pool,
  of: OutputOf,
  { values }: Given,
  text: string,
): Promise<number> {
  const { signal } = context;
  const kind = values.expression === true ? "expression" : "text";
  const query = { text, kind, matchCase: values["match-case"] === true } as const;
  const all: OutputMatch[] = [];
  let count = 0;
  for await (const { matches, next, size, dropped } of searchOutput(pool, { ...of, query }, signal)) {
    if (count === 0 && next === null) sayDropped(context, dropped);
    for (const match of await withLineNumbers(pool, of, matches, signal)) {
      count += 1;
      if (context.json) all.push(match);
      else context.say(`${context.paint(String(match.line ?? "?"), "green")}:${painted(context, match)}\n`);
    }
    if (context.stderr.isTTY === true && next !== null)
      context.note(`\r${Math.floor((next.offset / Math.max(1, size)) * 100)}% searched\u001b[K\r`);
  }
  context.document({ ...of, matches: all });
  if (count === 0) context.note(`No line of ${of.stream} has ${plain(text)}.\n`);
  return count === 0 ? EXIT.failed : EXIT.ok;
}

function painted(context: Context, { excerpt, found }: OutputMatch): string {
  const hit = plain(excerpt.slice(found.from, found.to));
  return `${plain(excerpt.slice(0, found.from))}${context.paint(hit, "red")}${plain(excerpt.slice(found.to))}`;
}

/** A terminal sees text; a file or a pipe gets the bytes as the script wrote them. */
function writer(context: Context): (chunk: Uint8Array) => void {
  const decoder = new TextDecoder();
  if (context.stdout.isTTY !== true) return (chunk) => void context.stdout.write(chunk);
  return (chunk) => void context.stdout.write(plainOutput(decoder.decode(chunk, { stream: true })));
}

/** The run that an id means now, and whether no further one will come. */
async function findRun(
  context: Context,
  pool: Pool,
  text: string,
): Promise<{ runId: string | null; final: boolean }> {
  const id = parseId(text);
  if (id.kind === "checkpoint") throw new UsageError("`logs` takes an experiment, a trial or a run.");
  const { trial, runs: found } = await readTrial(
    context,
    pool,
    id.kind === "experiment" ? await onlyTrial(context, pool, id.experimentId) : id.trialId,
  );
  if (id.kind === "run") {
    const run = found.find((candidate) => candidate.id === id.runId);
    if (!run) throw new UsageError(`There is no run ${id.runId}.`);
    return { runId: run.id, final: run.endedAt !== null };
  }
  const runs = [...found].sort((a, b) => a.attempt - b.attempt);
  const isFinal = (FINAL_TRIAL_STATES as readonly string[]).includes(trial.state);
  return { runId: trial.currentRun ?? runs.at(-1)?.id ?? null, final: isFinal };
}

async function onlyTrial({ signal }: Context, pool: Pool, experimentId: number): Promise<string> {
  const { experiment, trials } = await pool.call("experiment/read", { experimentId, limit: 2 }, { signal });
  const [trial] = trials;
  if (!trial) throw new UsageError(`There is no trial ${experimentId}.`);
  const count = Object.values(experiment.trialCounts).reduce((sum, one) => sum + one, 0);
  if (trials.length > 1)
    throw new UsageError(`Experiment ${experimentId} has ${count} trials: name one (such as ${trial.id}).`);
  return trial.id;
}
