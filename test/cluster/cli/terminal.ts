/** The command line in this process, with a real server, and what it wrote. */
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { PassThrough } from "node:stream";
import { afterAll } from "vitest";
import { type Pool, type PoolAccess, UnreachableError } from "../../../src/cluster/cli/command.ts";
import { runCommandLine } from "../../../src/cluster/cli/run.ts";
import type { OpenPoolOptions } from "../../../src/cluster/client/pools/openPool.ts";
import { backUpPool, checkPool } from "../../../src/cluster/client/pools/maintain.ts";
import { connectLocalPool } from "../../../src/cluster/client/localPool.ts";

/** These tests are of pools of this machine. */
const NO_SSH = {} as OpenPoolOptions["ssh"];
const ROOT = path.resolve(import.meta.dirname, "../../..");

export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

export interface CommandLine {
  /** The pool folder. */
  home: string;
  run: (argv: readonly string[], options?: RunOptions) => Promise<Ran>;
  connect: () => Promise<Pool>;
}
export interface RunOptions {
  cwd?: string;
  environment?: Record<string, string>;
  signal?: AbortSignal;
  isTTY?: boolean;
  connect?: () => Promise<Pool>;
  /** What a person types; and what she sees while it runs. */
  stdin?: PassThrough;
  onStderr?: (stderr: PassThrough) => void;
}

/** One pool for a test file, with a server of its own that ends with it. */
export function commandLine(): CommandLine {
  const base = mkdtempSync(path.join(realpathSync(os.tmpdir()), "trainyard-cli-"));
  const home = path.join(base, "pool");
  process.env.TRAINYARD_STATE = path.join(base, "state");
  const local = {
    home,
    serverScript: path.join(ROOT, "src/cluster/server/main.ts"),
    pythonFolder: path.join(ROOT, "src/cluster/python"),
    runtimePath: null,
    environment: { TRAINYARD_LEASES: path.join(base, "leases"), TRAINYARD_CPU_SLOTS: "2" },
    client: { name: "test", version: "0.0.0" },
  };
  const connect = (): Promise<Pool> => connectLocalPool(local);
  afterAll(async () => {
    const pool = await connect();
    await pool.call("server/stop", {});
    pool.close();
    rmSync(base, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  });
  const run: CommandLine["run"] = (argv, { connect: other, ...options } = {}) =>
    runLine(
      argv,
      {
        connect: other ?? connect,
        pythonFolder: local.pythonFolder,
        purge: unreachable,
        backUp: (pool, _, asked) => backUpPool(pool, { local, ssh: NO_SSH }, asked),
        check: (pool, _, asked) => checkPool(pool, { local, ssh: NO_SSH }, asked),
      },
      { cwd: base, ...options },
    );
  return { home, run, connect };
}

export async function runLine(
  argv: readonly string[],
  access: PoolAccess,
  options: RunOptions & { cwd: string },
): Promise<Ran> {
  const [stdout, stderr] = [collector(options.isTTY), collector(options.isTTY)];
  const stdin = options.stdin ?? new PassThrough();
  const terminal = {
    stdout: stdout.stream,
    stderr: stderr.stream,
    stdin: Object.assign(stdin, { isTTY: options.isTTY === true }),
    environment: { ...options.environment },
    cwd: options.cwd,
    signal: options.signal ?? new AbortController().signal,
  };
  options.onStderr?.(stderr.stream);
  const code = await runCommandLine(argv, terminal, access, "1.2.3");
  return { code, stdout: stdout.text(), stderr: stderr.text() };
}

export function unreachable(): Promise<never> {
  return Promise.reject(new UnreachableError("The pool cannot be reached: no.", "Start it."));
}

/** A keyboard that takes the line editor's switch to single keys. */
export function terminalInput(): PassThrough {
  return Object.assign(new PassThrough(), { setRawMode: () => undefined });
}

function collector(isTTY = false): { stream: PassThrough & { isTTY?: boolean }; text: () => string } {
  const chunks: Buffer[] = [];
  const stream: PassThrough & { isTTY?: boolean } = new PassThrough();
  stream.isTTY = isTTY;
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  return { stream, text: () => Buffer.concat(chunks).toString("utf8") };
}
