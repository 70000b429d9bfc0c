/** Finds runs of other tools on this machine and reads them, with the readers of the Python package. */
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import * as z from "zod";
import { JsonObject, Uuid } from "../../protocol/base.ts";
import { resolveInterpreter } from "../interpreter.ts";
import { UserError } from "../userError.ts";

const Seconds = z.number().nullable();
const FoundRun = z.object({
  type: z.literal("run"),
  /** Name of its event file in the folder of what was read. */
  file: z.string().regex(/^\d+\.jsonl$/),
  /** Made of the content: the same run has the same one. */
  id: Uuid,
  name: z.string(),
  labels: z.array(z.string()),
  /** Nested; empty where they are too many to find a trial by. */
  parameters: JsonObject,
  notes: z.string(),
  /** "TensorBoard", "W&B", "MLflow", "CSV". */
  from: z.string(),
  /** Its path, from the one that was named on. */
  source: z.string(),
  startedAt: Seconds,
  endedAt: Seconds,
  points: z.number(),
  /** `group/name` of some. */
  metrics: z.array(z.string()),
  metricCount: z.number(),
  bytes: z.number(),
  /** What of it could not be read. */
  problems: z.array(z.string()),
});
const Line = z.discriminatedUnion("type", [
  FoundRun,
  z.object({ type: z.literal("found"), runs: z.number() }),
  z.object({ type: z.literal("problem"), message: z.string() }),
]);
export type FoundRun = z.infer<typeof FoundRun>;

export interface ReadRunsOptions {
  /** Files and folders, absolute or relative to `cwd`. */
  paths: readonly string[];
  cwd: string;
  /** Folder that holds the Python package `trainyard`. */
  pythonFolder: string;
  /** What the Python extension has selected. */
  editorChoice?: string | null;
  /** How many of how many runs have been read. */
  onProgress?: (done: number, total: number) => void;
  signal?: AbortSignal;
}

export interface ReadRuns {
  /** Holds their event files until `forget`. */
  folder: string;
  runs: FoundRun[];
  /** What at the paths cannot be used, in sentences. */
  problems: string[];
  forget: () => Promise<void>;
}

/** To be forgotten in the end. @throws UserError where there is no Python, or where it fails; AbortError */
export async function readRuns(options: ReadRunsOptions): Promise<ReadRuns> {
  const { cwd, signal } = options;
  const python = await resolveInterpreter({
    script: path.join(cwd, "import"),
    root: cwd,
    folder: cwd,
    editorChoice: options.editorChoice ?? null,
  });
  signal?.throwIfAborted();
  const folder = await mkdtemp(path.join(tmpdir(), "trainyard-import-"));
  const read: ReadRuns = {
    folder,
    runs: [],
    problems: [],
    forget: () => rm(folder, { recursive: true, force: true }),
  };
  try {
    await readInto(read, python.path, options);
    return read;
  } catch (error) {
    await read.forget();
    throw error;
  }
}

async function readInto(read: ReadRuns, python: string, options: ReadRunsOptions): Promise<void> {
  const { paths, cwd, pythonFolder, onProgress, signal } = options;
  const absolute = paths.map((each) => path.resolve(cwd, each));
  const child = spawn(
    python,
    // Nothing of the person's own environment, and nothing written beside our package.
    ["-S", "-E", "-B", "-c", START, pythonFolder, "--out", read.folder, "--", ...absolute],
    { cwd: "/", stdio: ["ignore", "pipe", "pipe"], signal },
  );
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr = (stderr + text).slice(-10_000)));
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  ended.catch(() => undefined);
  let total = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    const said = Line.parse(JSON.parse(line));
    if (said.type === "found") total = said.runs;
    else if (said.type === "problem") read.problems.push(said.message);
    else read.runs.push(said);
    onProgress?.(read.runs.length, total);
  }
  const code = await ended;
  signal?.throwIfAborted();
  if (code !== 0)
    throw new UserError(
      `The runs could not be read: ${stderr.trim().split("\n").at(-1) ?? "Python ended"}.`,
      `They were read by ${python}; another one is taken from a virtual environment, or from PATH.`,
    );
}

const START =
  "import sys; sys.path.insert(0, sys.argv.pop(1)); from trainyard.readers.__main__ import main; sys.exit(main(sys.argv[1:]))";
