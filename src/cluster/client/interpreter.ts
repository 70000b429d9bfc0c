/** Which Python runs the script. */
import { execFile } from "node:child_process";
import { access, constants, stat } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { messageOf, UserError } from "./userError.ts";

const OLDEST = [3, 8] as const;
const TIMEOUT_MS = 10_000;
/** What python says of itself: behind a shim (pyenv, asdf) that is the real one, in an environment the environment's. */
const QUESTION =
  "import sys; print(sys.executable); print('%d.%d.%d' % sys.version_info[:3]); print(sys.implementation.name)";

export interface Interpreter {
  /** Absolute path of the executable. */
  path: string;
  version: string;
  /** Why this one, for display. */
  origin: string;
}

export interface InterpreterRequest {
  /** Absolute path of the script, and the snapshot's root, above which nothing is looked for. */
  script: string;
  root: string;
  /** From the command line, a setting or the configuration; relative to the root's counterpart `folder`. */
  explicit?: { value: string; origin: string } | null;
  folder: string;
  /** What the Python extension has selected. */
  editorChoice?: string | null;
}

/** @throws UserError that says what was tried and what to do */
export async function resolveInterpreter(request: InterpreterRequest): Promise<Interpreter> {
  const { explicit, editorChoice } = request;
  if (explicit) return check(await locate(explicit.value, request.folder), explicit.origin);
  if (editorChoice) return check(editorChoice, "selected in the editor");
  for (const folder of foldersUpTo(path.dirname(request.script), request.root))
    for (const name of [".venv", "venv"]) {
      const python = path.join(folder, name, ...EXECUTABLE);
      if (await isExecutable(python)) return check(python, `${path.join(folder, name)}`);
    }
  const conda = process.env.CONDA_PREFIX;
  if (conda) {
    const python = path.join(conda, ...(process.platform === "win32" ? ["python.exe"] : ["bin", "python"]));
    if (await isExecutable(python)) return check(python, "the active conda environment");
  }
  const found = await onPath("python3");
  if (found) return check(found, "python3 on PATH");
  throw new UserError(
    "No Python was found: no .venv beside the script, no conda environment, no python3 on PATH.",
    "Install Python 3.8 or newer, create a virtual environment (python3 -m venv .venv), or name an interpreter.",
  );
}

const EXECUTABLE = process.platform === "win32" ? ["Scripts", "python.exe"] : ["bin", "python"];

/** A name with a slash is a path, another is looked for on PATH. */
async function locate(value: string, folder: string): Promise<string> {
  if (!/[/\\]/.test(value)) {
    const found = await onPath(value);
    if (found) return found;
  }
  const expanded = value.startsWith("~/") ? path.join(process.env.HOME ?? "~", value.slice(2)) : value;
  return path.resolve(folder, expanded);
}

const known = new Map<string, Promise<Interpreter>>();

async function check(python: string, origin: string): Promise<Interpreter> {
  const found = await stat(python).catch(() => null);
  if (!found)
    throw new UserError(`There is no Python at ${python} (${origin}).`, "Choose another interpreter.");
  if (found.isDirectory()) return check(path.join(python, ...EXECUTABLE), origin);
  const key = `${python}/${found.mtimeMs}`;
  const asked = known.get(key) ?? ask(python, origin);
  known.set(key, asked);
  try {
    return { ...(await asked), origin };
  } catch (error) {
    known.delete(key);
    throw error;
  }
}

async function ask(python: string, origin: string): Promise<Interpreter> {
  const choose = "Choose another interpreter (the setting, `--python`, or `environment.python`).";
  const output = await promisify(execFile)(python, ["-I", "-c", QUESTION], { timeout: TIMEOUT_MS }).catch(
    (error: unknown) => {
      const { stderr } = error as { stderr?: string };
      const said = stderr?.trim().split("\n").pop() || messageOf(error);
      throw new UserError(`${python} (${origin}) does not run: ${said}.`, choose);
    },
  );
  const [executable = "", version = ""] = output.stdout.trim().split(/\r?\n/);
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (!path.isAbsolute(executable) || !(major > 0))
    throw new UserError(`${python} (${origin}) does not answer as Python does.`, choose);
  if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]))
    throw new UserError(
      `${python} (${origin}) is Python ${version}; ${OLDEST.join(".")} or newer is needed.`,
      choose,
    );
  return { path: executable, version, origin };
}

function foldersUpTo(folder: string, root: string): string[] {
  const folders = [folder];
  for (let at = folder; at !== root && path.dirname(at) !== at;) {
    at = path.dirname(at);
    folders.push(at);
  }
  return folders.includes(root) ? folders : [folder];
}

async function onPath(name: string): Promise<string | null> {
  for (const folder of (process.env.PATH ?? "").split(path.delimiter)) {
    if (!path.isAbsolute(folder)) continue;
    const file = path.join(folder, process.platform === "win32" ? `${name}.exe` : name);
    if (await isExecutable(file)) return file;
  }
  return null;
}

async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
}
