/** Which Python runs a workspace's scripts here, when the client cannot look for one: its files are on another machine. */
import { execFile } from "node:child_process";
import { stat } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { CallError } from "../callError.ts";
import { messageOf } from "../errors.ts";
import type { PoolStore } from "../store/poolStore.ts";

const OLDEST = [3, 8] as const;
const TIMEOUT_MS = 20_000;
/** Behind a shim (pyenv, asdf) the real one; in an environment the environment's own. */
const QUESTION = "import sys; print(sys.executable); print('%d.%d.%d' % sys.version_info[:3])";

export interface FoundInterpreter {
  /** Absolute path. */
  path: string;
  version: string;
  /** Why this one, for display. */
  origin: string;
}

/** @throws CallError that says what was tried and what to do */
export async function resolveInterpreter(
  store: PoolStore,
  { explicit, workspace }: { explicit: string | null; workspace: string },
): Promise<FoundInterpreter> {
  if (explicit !== null) {
    const found = await ask(await programOf(explicit));
    if (typeof found === "string")
      throw new CallError(
        "refused",
        `${explicit} is no Python for a run on ${os.hostname()}: ${found}.`,
        "Name another interpreter.",
      );
    return { ...found, origin: "named for this submit" };
  }
  const last = lastCompletedWith(store, workspace);
  if (last !== null) {
    const found = await ask(last);
    if (typeof found !== "string") return { ...found, origin: "what this folder last completed with" };
  }
  const found = await ask("python3");
  if (typeof found !== "string") return { ...found, origin: "python3 on the pool's PATH" };
  throw new CallError(
    "unavailable",
    `No Python was found on ${os.hostname()}: ${found}.`,
    "Install Python 3.8 or later there, or name an interpreter.",
  );
}

function lastCompletedWith(store: PoolStore, workspace: string): string | null {
  const records = store
    .experimentRecords()
    .filter(({ experiment }) => experiment.workspace === workspace && experiment.state === "completed")
    .sort((a, b) => b.experiment.id - a.experiment.id);
  return records[0]?.own.request.interpreter ?? null;
}

/** A name is looked for on the PATH, an environment's folder has its Python inside, `~/` is the home folder. */
async function programOf(named: string): Promise<string> {
  if (!named.includes("/")) return named;
  const absolute = named.startsWith("~/")
    ? path.join(os.homedir(), named.slice(2))
    : path.resolve("/", named);
  const isFolder = await stat(absolute).then(
    (found) => found.isDirectory(),
    () => false,
  );
  return isFolder ? path.join(absolute, "bin", "python") : absolute;
}

/** @returns why it cannot be used, as a string */
async function ask(program: string): Promise<{ path: string; version: string } | string> {
  try {
    const { stdout } = await promisify(execFile)(program, ["-c", QUESTION], {
      timeout: TIMEOUT_MS,
      cwd: "/",
    });
    const [executable = "", version = ""] = stdout.split("\n");
    const [major = 0, minor = 0] = version.split(".").map(Number);
    if (!executable.startsWith("/")) return `${program} does not say what it is`;
    const isOld = major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]);
    return isOld
      ? `${executable} is Python ${version}, and ${OLDEST.join(".")} is needed`
      : { path: executable, version };
  } catch (error) {
    const { code, stderr } = error as NodeJS.ErrnoException & { stderr?: string };
    if (code === "ENOENT") return `${program} does not exist`;
    return `${program} does not run (${stderr?.trim().split("\n").at(-1) || messageOf(error)})`;
  }
}
