/** The files of one run, for the server: docs/run-directory.md. */
import { readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import * as z from "zod";
import { RunId } from "../../protocol/entities.ts";
import { Control, ExitFile, RunSpec, SupervisorFile } from "../../protocol/runDirectory.ts";

export const FILES = {
  spec: "spec.json",
  control: "control.json",
  supervisor: "supervisor.json",
  exit: "exit.json",
  log: "supervisor.log",
  work: "work",
  dropped: "dropped.json",
} as const;

/** @throws ZodError for what is not a run's id: it becomes part of a path */
export function runFolder(pool: string, runId: string): string {
  return path.join(pool, "runs", RunId.parse(runId));
}

/** Readers see the old file or the new one. */
export async function writeJson(file: string, value: unknown, mode = 0o666): Promise<void> {
  const temporary = path.join(path.dirname(file), `.${path.basename(file)}.${process.pid}.tmp`);
  try {
    await writeFile(temporary, JSON.stringify(value), { mode });
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
}

/** Null when it is not there. @throws Error that names the file when it is not what it should be */
export async function readJson<T>(file: string, schema: z.ZodType<T>): Promise<T | null> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error(`${file} is not JSON`);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new Error(`${file} is not as it should be: ${z.prettifyError(parsed.error)}`);
}

export const readSpec = (folder: string): Promise<RunSpec | null> =>
  readJson(path.join(folder, FILES.spec), RunSpec);
export const readControl = (folder: string): Promise<Control | null> =>
  readJson(path.join(folder, FILES.control), Control);
export const readExit = (folder: string): Promise<ExitFile | null> =>
  readJson(path.join(folder, FILES.exit), ExitFile);
export const readSupervisor = (folder: string): Promise<SupervisorFile | null> =>
  readJson(path.join(folder, FILES.supervisor), SupervisorFile);

/** Milliseconds since the epoch, or null when it is not there. */
export async function modifiedAt(file: string): Promise<number | null> {
  try {
    return (await stat(file)).mtimeMs;
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR");
}
