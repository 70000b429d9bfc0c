/** Runs the system's git on one bare repository, untouched by the user's configuration, environment and hooks. */
import { type ChildProcessByStdio, execFile, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { CallError } from "../callError.ts";

const MINIMUM_VERSION = [2, 30] as const;
const MAX_OUTPUT_BYTES = 1024 * 1024 * 1024;

export type GitProcess = ChildProcessByStdio<Writable, Readable, Readable>;

export interface Git {
  /** @throws CallError with git's own words when it does not end with 0 */
  output(args: readonly string[], options?: { env?: Record<string, string> }): Promise<Buffer>;
  /** A running git whose streams the caller handles; `ended` in git.ts waits for it. A group can be ended with its children. */
  start(
    args: readonly string[],
    options?: { env?: Record<string, string>; signal?: AbortSignal; isGroup?: boolean },
  ): GitProcess;
}

export function createGit(folder: string): Git {
  const prefix = [`--git-dir=${folder}`, "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false"];
  return {
    output: (args, options) =>
      new Promise((resolve, reject) => {
        execFile(
          "git",
          [...prefix, ...args],
          { env: environment(folder, options?.env), encoding: "buffer", maxBuffer: MAX_OUTPUT_BYTES },
          (error, stdout, stderr) => {
            if (error === null) resolve(stdout);
            else reject(failure(args, error, stderr.toString("utf8")));
          },
        );
      }),
    start: (args, options) =>
      spawn("git", [...prefix, ...args], {
        env: environment(folder, options?.env),
        stdio: ["pipe", "pipe", "pipe"],
        detached: options?.isGroup ?? false,
        signal: options?.signal,
        killSignal: "SIGKILL",
      }),
  };
}

/** Waits for the end of a started git. @throws CallError when it was not 0 */
export function ended(child: GitProcess, args: readonly string[]): Promise<void> {
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr = (stderr + text).slice(-16_384);
  });
  return new Promise((resolve, reject) => {
    child.on("error", (error) => reject(failure(args, error, stderr)));
    child.on("close", (code, signal) => {
      if (code === 0) resolve();
      else reject(failure(args, new Error(signal ?? `exit code ${code ?? "unknown"}`), stderr));
    });
  });
}

/** @throws CallError when git is not there or too old */
export async function checkGit(): Promise<void> {
  const wanted = MINIMUM_VERSION.join(".");
  const text = await new Promise<string>((resolve, reject) => {
    execFile("git", ["version"], { env: environment("/"), timeout: 10_000 }, (error, stdout) => {
      if (error === null) resolve(stdout);
      else reject(failure(["version"], error, ""));
    });
  });
  const [, major, minor] = /(\d+)\.(\d+)/.exec(text) ?? [];
  const [a, b] = [Number(major), Number(minor)];
  if (a > MINIMUM_VERSION[0] || (a === MINIMUM_VERSION[0] && b >= MINIMUM_VERSION[1])) return;
  throw new CallError(
    "unavailable",
    `git on this machine is too old: snapshots need ${wanted} or later, this is "${text.trim()}".`,
    `Install git ${wanted} or later, and submit again.`,
  );
}

function environment(home: string, extra: Record<string, string> = {}): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = {};
  for (const [name, value] of Object.entries(process.env)) if (!name.startsWith("GIT_")) env[name] = value;
  return {
    ...env,
    // HOME as well: GIT_CONFIG_GLOBAL is known from git 2.32 on.
    HOME: home,
    XDG_CONFIG_HOME: home,
    LC_ALL: "C",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_ATTR_NOSYSTEM: "1",
    GIT_TERMINAL_PROMPT: "0",
    GIT_NO_REPLACE_OBJECTS: "1",
    ...extra,
  };
}

function failure(args: readonly string[], error: Error, stderr: string): Error {
  if (error.name === "AbortError") return error;
  if ("code" in error && error.code === "ENOENT")
    return new CallError(
      "unavailable",
      "git is not installed on this machine, and snapshots are kept with it.",
      "Install git, and submit again.",
    );
  const words = stderr.trim().split("\n").slice(-3).join("; ").slice(0, 1000);
  return new CallError("invalid", `git ${args[0] ?? ""} failed: ${words === "" ? error.message : words}`);
}
