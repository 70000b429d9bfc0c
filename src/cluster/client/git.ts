/** Runs the git on this machine. Arguments are lists and paths travel on standard input, so no name is ever parsed. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { UserError } from "./userError.ts";

/** Older ones lack what we rely on (porcelain options and `-z` everywhere). */
const OLDEST = [2, 20] as const;

export interface GitOptions {
  cwd: string;
  /** Before the subcommand, for example `-c name=value`. */
  config?: Readonly<Record<string, string>>;
  environment?: Readonly<Record<string, string>>;
  input?: Buffer | string;
  signal?: AbortSignal;
  /** Told the process once it runs. */
  onStart?: (pid: number) => void;
}
export interface GitResult {
  code: number;
  stdout: Buffer;
  stderr: string;
}

/** Variables that a surrounding git (a hook, a rebase) leaves behind and that would lead us to its repository. */
const REPOSITORY_VARIABLES = [
  "GIT_ALTERNATE_OBJECT_DIRECTORIES",
  "GIT_COMMON_DIR",
  "GIT_DIR",
  "GIT_GRAFT_FILE",
  "GIT_IMPLICIT_WORK_TREE",
  "GIT_INDEX_FILE",
  "GIT_INTERNAL_SUPER_PREFIX",
  "GIT_NAMESPACE",
  "GIT_NO_REPLACE_OBJECTS",
  "GIT_OBJECT_DIRECTORY",
  "GIT_PREFIX",
  "GIT_QUARANTINE_PATH",
  "GIT_REPLACE_REF_BASE",
  "GIT_SHALLOW_FILE",
  "GIT_WORK_TREE",
  "GIT_LITERAL_PATHSPECS",
  "GIT_GLOB_PATHSPECS",
  "GIT_NOGLOB_PATHSPECS",
  "GIT_ICASE_PATHSPECS",
];

function environmentOf(extra: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const environment: NodeJS.ProcessEnv = { ...process.env };
  for (const name of REPOSITORY_VARIABLES) delete environment[name];
  return {
    ...environment,
    // Messages are read by us; reading must not take the person's index.lock; nothing may wait for a password.
    LC_ALL: "C",
    GIT_OPTIONAL_LOCKS: "0",
    GIT_TERMINAL_PROMPT: "0",
    // Of a partial clone nothing is fetched because we look at it.
    GIT_NO_LAZY_FETCH: "1",
    ...extra,
  };
}

/** Starts git with all three streams as pipes. The caller waits for it. */
export function startGit(
  args: readonly string[],
  options: Omit<GitOptions, "input" | "onStart">,
): ChildProcess {
  const config = Object.entries(options.config ?? {}).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  return spawn("git", [...config, ...args], {
    cwd: options.cwd,
    env: environmentOf(options.environment),
    stdio: ["pipe", "pipe", "pipe"],
    windowsHide: true,
    ...(options.signal ? { signal: options.signal } : {}),
  });
}

/**
 * Runs git to its end; a non-zero exit code is a result, not an error.
 * @throws UserError when git is not there, AbortError when cancelled
 */
export async function runGit(args: readonly string[], options: GitOptions): Promise<GitResult> {
  options.signal?.throwIfAborted();
  const child = startGit(args, options);
  if (child.pid !== undefined) options.onStart?.(child.pid);
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout?.on("data", (chunk: Buffer) => stdout.push(chunk));
  child.stderr?.on("data", (chunk: Buffer) => stderr.push(chunk));
  // git may exit without reading its input; what it has to say about that is in its exit code.
  child.stdin?.on("error", () => undefined);
  child.stdin?.end(options.input ?? "");
  try {
    const [code, signal] = (await once(child, "close")) as [number | null, string | null];
    return {
      code: code ?? 128,
      stdout: Buffer.concat(stdout),
      stderr: signal ? `git was ended by ${signal}` : Buffer.concat(stderr).toString("utf8"),
    };
  } catch (error) {
    throw explain(error);
  }
}

/** Like runGit, but a non-zero exit code is an error with git's own words. */
export async function git(args: readonly string[], options: GitOptions): Promise<Buffer> {
  const result = await runGit(args, options);
  if (result.code !== 0) throw new GitError(args, result);
  return result.stdout;
}

export class GitError extends Error {
  override readonly name = "GitError";
  readonly stderr: string;
  constructor(args: readonly string[], result: GitResult) {
    super(`git ${args[0] ?? ""} failed (exit code ${result.code}): ${result.stderr.trim() || "no message"}`);
    this.stderr = result.stderr;
  }
}

function explain(error: unknown): unknown {
  if ((error as NodeJS.ErrnoException).code === "ENOENT")
    return new UserError(
      "git was not found.",
      "Install git (for example: sudo apt install git) and see that `git --version` works.",
    );
  return error;
}

let checked: Promise<void> | undefined;

/** @throws UserError when git is missing or too old; asked once per process when all is well. */
export function checkGit(): Promise<void> {
  checked ??= git(["--version"], { cwd: "/" }).then((output) => {
    const text = output.toString().trim();
    const [, major = "0", minor = "0"] = /(\d+)\.(\d+)/.exec(text) ?? [];
    if (Number(major) < OLDEST[0] || (Number(major) === OLDEST[0] && Number(minor) < OLDEST[1]))
      throw new UserError(
        `git is too old: ${text}; ${OLDEST.join(".")} or newer is needed.`,
        "Install a newer git and put it first on PATH.",
      );
  });
  checked.catch(() => (checked = undefined));
  return checked;
}

/** Paths as git prints them with `-z`: one byte a character (latin1), so that a name in any encoding survives. */
export function splitPaths(output: Buffer): string[] {
  if (output.length === 0) return [];
  const paths = output.toString("latin1").split("\0");
  paths.pop();
  return paths;
}

export function joinPaths(paths: Iterable<string>): Buffer {
  let text = "";
  for (const path of paths) text += `${path}\0`;
  return Buffer.from(text, "latin1");
}

/** A byte path as a person reads it. */
export function displayPath(bytePath: string): string {
  return Buffer.from(bytePath, "latin1").toString("utf8");
}
/** A path of ours (UTF-8 string) as git's bytes. */
export function bytePath(path: string): string {
  return Buffer.from(path, "utf8").toString("latin1");
}
