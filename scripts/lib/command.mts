import { spawn, type ChildProcess } from "node:child_process";
import { createWriteStream } from "node:fs";

export interface CommandOptions {
  readonly cwd?: string;
  /** The whole environment; the default is ours. */
  readonly env?: NodeJS.ProcessEnv;
  readonly timeoutMs: number;
  /** Where the output goes besides the result: shown as it comes, and/or kept in a file. */
  readonly show?: boolean;
  readonly logFile?: string;
}

export interface CommandResult {
  /** 0 when it went well; 124 when it ran past its time; 127 when it could not be started; 128+N by signal. */
  readonly code: number;
  /** Standard output and error, as they came. */
  readonly output: string;
}

const KILL_AFTER_MS = 5_000;
const running = new Set<ChildProcess>();
const cleanups = new Set<() => void>();

/** Signals a process group: a command's children (shells, browsers, servers) go with it. */
export function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // Already gone.
  }
}

/** Runs `cleanup` (synchronous) when this process ends, also by SIGINT or SIGTERM. Returns a function that forgets it. */
export function atExit(cleanup: () => void): () => void {
  cleanups.add(cleanup);
  return () => cleanups.delete(cleanup);
}

process.on("exit", () => {
  for (const child of running) signalGroup(child, "SIGTERM");
  for (const cleanup of cleanups) cleanup();
});
for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 129],
] as const) {
  process.on(signal, () => process.exit(code));
}

/** Runs a program in a process group of its own, to its end or its timeout. Never rejects. */
export function command(
  program: string,
  args: readonly string[],
  options: CommandOptions,
): Promise<CommandResult> {
  const child = spawn(program, args, {
    cwd: options.cwd,
    env: options.env ?? process.env,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  running.add(child);
  const file = options.logFile === undefined ? null : createWriteStream(options.logFile);
  const chunks: string[] = [];
  const take = (chunk: string): void => {
    chunks.push(chunk);
    file?.write(chunk);
    if (options.show) process.stdout.write(chunk);
  };
  child.stdout.setEncoding("utf8").on("data", take);
  child.stderr.setEncoding("utf8").on("data", take);
  return new Promise((resolve) => {
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      take(`\n${program} took longer than ${options.timeoutMs / 1000} s and was ended.\n`);
      signalGroup(child, "SIGTERM");
      setTimeout(() => signalGroup(child, "SIGKILL"), KILL_AFTER_MS).unref();
    }, options.timeoutMs);
    const end = (code: number): void => {
      clearTimeout(timer);
      running.delete(child);
      file?.end();
      resolve({ code, output: chunks.join("") });
    };
    child.on("error", (error) => {
      take(`${program} could not be started: ${error.message}\n`);
      end(127);
    });
    // "exit" and not "close": a grandchild that kept our pipe must not hold us.
    child.on("exit", (code) => setTimeout(() => end(timedOut ? 124 : (code ?? 128)), 50));
  });
}

/** As `command`, for steps that must work: throws with the output's end when they do not. */
export async function must(
  what: string,
  program: string,
  args: readonly string[],
  options: CommandOptions,
): Promise<string> {
  const { code, output } = await command(program, args, options);
  if (code !== 0) throw new Error(`${what} failed (${program} ended with ${code}):\n${output.slice(-4_000)}`);
  return output;
}

/** Our environment without what npm and VS Code put in: both change how their children behave. */
export function cleanEnvironment(extra: Record<string, string> = {}): Record<string, string> {
  const kept = Object.entries(process.env).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined && !/^(VSCODE_|npm_|NODE_OPTIONS$)/i.test(entry[0]),
  );
  return { ...Object.fromEntries(kept), ...extra };
}
