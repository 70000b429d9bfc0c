/** The command line in this process, with a real server, and what it wrote. */
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { PassThrough } from "node:stream";
import { afterAll } from "vitest";
import { UnreachableError, type Pool } from "../../../src/cluster/cli/command.ts";
import { runCommandLine } from "../../../src/cluster/cli/run.ts";
import { connectLocalPool } from "../../../src/cluster/client/localPool.ts";

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
}

/** One pool for a test file, with a server of its own that ends with it. */
export function commandLine(): CommandLine {
  const base = mkdtempSync(path.join(realpathSync(os.tmpdir()), "trainyard-cli-"));
  const home = path.join(base, "pool");
  process.env.TRAINYARD_STATE = path.join(base, "state");
  const connect = (): Promise<Pool> =>
    connectLocalPool({
      home,
      serverScript: path.join(ROOT, "src/cluster/server/main.ts"),
      pythonFolder: path.join(ROOT, "src/cluster/python"),
      runtimePath: null,
      environment: { TRAINYARD_LEASES: path.join(base, "leases"), TRAINYARD_CPU_SLOTS: "2" },
      client: { name: "test", version: "0.0.0" },
    });
  afterAll(async () => {
    const pool = await connect();
    await pool.call("server/stop", {});
    pool.close();
    rmSync(base, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  });
  const run = async (argv: readonly string[], options: RunOptions = {}): Promise<Ran> => {
    const [stdout, stderr] = [collector(options.isTTY), collector(options.isTTY)];
    const terminal = {
      stdout: stdout.stream,
      stderr: stderr.stream,
      stdin: new PassThrough(),
      environment: { ...options.environment },
      cwd: options.cwd ?? base,
      signal: options.signal ?? new AbortController().signal,
    };
    const code = await runCommandLine(argv, terminal, options.connect ?? connect, "1.2.3");
    return { code, stdout: stdout.text(), stderr: stderr.text() };
  };
  return { home, run, connect };
}

export function unreachable(): Promise<Pool> {
  return Promise.reject(new UnreachableError("The pool cannot be reached: no.", "Start it."));
}

function collector(isTTY = false): { stream: PassThrough & { isTTY?: boolean }; text: () => string } {
  const chunks: Buffer[] = [];
  const stream: PassThrough & { isTTY?: boolean } = new PassThrough();
  stream.isTTY = isTTY;
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  return { stream, text: () => Buffer.concat(chunks).toString("utf8") };
}
