/** Asks interpreters of this host what they are. One that hangs or is broken says so in words. */
import { access, constants, realpath, stat } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import * as z from "zod";
import type { HostInterpreter, MissingModule } from "../../protocol/environments.ts";
import { MissingModule as MissingModuleSchema } from "../../protocol/environments.ts";
import { runProbe } from "../resources/command.ts";
import type { SetUp } from "./setUp.ts";
import { changed, inherited } from "./variables.ts";

const OLDEST = [3, 8] as const;
/** Behind a shim, on a busy machine and a slow home, a start takes seconds. */
const TIMEOUT_MS = 20_000;
/** What a sitecustomize prints comes before it. */
const MARK = "\n=trainyard=";
const MOST_KNOWN = 1000;

const Answer = z.object({
  executable: z.string().startsWith("/"),
  version: z.string(),
  machine: z.string(),
  torch: z.string().nullable(),
  cuda: z.string().nullable(),
  ensurepip: z.boolean(),
  packages: z.array(z.string()),
});
const Missing = z.object({ missing: z.array(MissingModuleSchema).max(10_000) });

export interface Python extends Omit<HostInterpreter, "origin"> {
  machine: string;
  /** It can make a virtual environment with pip in it. */
  ensurepip: boolean;
}
interface Known {
  files: Map<string, number>;
  python: Python;
}

export interface ImportsRequest {
  /** Absolute path of the snapshot's folder. */
  root: string;
  directory: string;
  script: string;
  pythonPath: string | null;
}
export type Pythons = ReturnType<typeof createPythons>;

/** @param pythonFolder holds the package `trainyard` */
export function createPythons(pythonFolder: string, setUp: Pick<SetUp, "changes">) {
  const known = new Map<string, Known>();
  const program = (name: string): string => path.join(pythonFolder, "trainyard", "environment", name);

  async function variables(): Promise<NodeJS.ProcessEnv> {
    return changed(inherited(), await setUp.changes());
  }

  return {
    /** What every Python of this pool gets. */
    variables,

    /**
     * @param named a path, an environment's folder, or a name on the PATH
     * @returns why it cannot be used, as a string
     */
    async ask(named: string, timeoutMs = TIMEOUT_MS): Promise<Python | string> {
      const env = await variables();
      const file = await programOf(named, env);
      if (file === null) return `${named} does not exist`;
      const before = known.get(file);
      if (before !== undefined && (await isAsBefore(before))) return before.python;
      const outcome = await runProbe(file, ["-B", program("probe.py")], {
        timeoutMs,
        env,
        cwd: "/",
        reason: "last line",
      });
      if (outcome.kind === "absent") return `${named} does not exist`;
      if (outcome.kind === "failed") return `it does not run (${outcome.reason})`;
      const answer = parse(outcome.text, Answer);
      if (answer === null) return `${file} does not say what it is`;
      const [major = 0, minor = 0] = answer.version.split(".").map(Number);
      if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]))
        return `${answer.executable} is Python ${answer.version}, and ${OLDEST.join(".")} is needed`;
      const { executable, packages, ...rest } = answer;
      const python: Python = { path: executable, ...rest };
      if (known.size >= MOST_KNOWN) known.clear();
      known.set(file, { python, files: await changeTimes([file, ...packages]) });
      return python;
    },

    /** What the script imports and this Python lacks; nothing when that cannot be told. */
    async missing(python: string, request: ImportsRequest): Promise<MissingModule[]> {
      const env = await variables();
      if (request.pythonPath !== null) delete env.PYTHONPATH; // the configuration's wins
      const outcome = await runProbe(python, ["-B", program("imports.py"), JSON.stringify(request)], {
        timeoutMs: TIMEOUT_MS,
        env,
        cwd: "/",
      });
      return outcome.kind === "output" ? (parse(outcome.text, Missing)?.missing ?? []) : [];
    },
  };
}

function parse<T>(text: string, schema: z.ZodType<T>): T | null {
  const start = text.lastIndexOf(MARK);
  if (start < 0) return null;
  try {
    return schema.parse(JSON.parse(text.slice(start + MARK.length)));
  } catch {
    return null;
  }
}

/** A name is looked for on the PATH, an environment's folder has its Python inside, `~/` is the home folder. */
async function programOf(named: string, env: NodeJS.ProcessEnv): Promise<string | null> {
  if (!named.includes("/")) return findProgram(named, env);
  const absolute = absoluteOf(named);
  if (absolute === null) return null;
  const found = await stat(absolute).catch(() => null);
  if (found === null) return null;
  return found.isDirectory() ? path.join(absolute, "bin", "python") : absolute;
}

/** Null for a relative path, which means nothing on another machine than the person's. */
export function absoluteOf(named: string): string | null {
  if (named.startsWith("~/")) return path.join(os.homedir(), named.slice(2));
  return path.isAbsolute(named) ? path.normalize(named) : null;
}

export async function findProgram(
  name: string,
  env: NodeJS.ProcessEnv,
  others: readonly string[] = [],
): Promise<string | null> {
  const onPath = (env.PATH ?? "")
    .split(":")
    .filter((folder) => path.isAbsolute(folder))
    .map((folder) => path.join(folder, name));
  for (const file of [...onPath, ...others]) if (await isExecutable(file)) return file;
  return null;
}

export async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
}

/** The interpreter's file behind its links, and the folders of its packages, which installing something touches. */
async function changeTimes(files: readonly string[]): Promise<Map<string, number>> {
  const times = new Map<string, number>();
  for (const file of files) times.set(file, await changedAt(file));
  return times;
}

async function isAsBefore({ files }: Known): Promise<boolean> {
  for (const [file, time] of files) if ((await changedAt(file)) !== time) return false;
  return true;
}

async function changedAt(file: string): Promise<number> {
  try {
    return (await stat(await realpath(file))).mtimeMs;
  } catch {
    return 0;
  }
}
