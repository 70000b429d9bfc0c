/** Has a pool's files checked, repaired or backed up, where they are: by its program there, beside its server or without one. */
import { spawn } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import {
  type BackupReport,
  type CheckReport,
  MaintenanceLine,
  type MaintenanceRequest,
} from "../../protocol/maintenance.ts";
import { findRuntime } from "../runtime.ts";
import { hostBundle } from "../ssh/hostBundle.ts";
import { MAINTAIN } from "../ssh/hostScripts.ts";
import { connectOver, openHost } from "../ssh/sshPool.ts";
import { UserError } from "../userError.ts";
import { openPool, type OpenPoolOptions } from "./openPool.ts";
import type { PoolEntry } from "./poolList.ts";

export interface MaintainOptions {
  /** `fraction`: 0 to 1 of the whole, null where it cannot be known. */
  onProgress?: ((text: string, fraction: number | null) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/** @param entry null for this machine's own pool @throws UserError where it cannot be checked, or the signal's reason */
export async function checkPool(
  entry: PoolEntry | null,
  options: OpenPoolOptions,
  { full, repair, ...asked }: { full: boolean; repair: boolean } & MaintainOptions,
): Promise<CheckReport> {
  const line = await maintain(entry, options, (home) => ({ verb: "check", home, full, repair }), asked);
  if (line.type !== "checked") throw new UserError("The pool's program has checked nothing.");
  // What waits there goes on now, not when somebody looks at it the next time.
  if (line.report.hasStopped) (await openPool(entry, options)).close();
  return line.report;
}

/** @param folder on the pool's host @throws UserError, or the signal's reason */
export async function backUpPool(
  entry: PoolEntry | null,
  options: OpenPoolOptions,
  { folder, ...asked }: { folder: string } & MaintainOptions,
): Promise<BackupReport> {
  const line = await maintain(entry, options, (home) => ({ verb: "backup", home, folder }), asked);
  if (line.type !== "backedUp") throw new UserError("The pool's program has backed up nothing.");
  return line.report;
}

type Ask = (home: string) => MaintenanceRequest;
type Result = Exclude<MaintenanceLine, { type: "progress" | "failed" }>;

async function maintain(
  entry: PoolEntry | null,
  options: OpenPoolOptions,
  ask: Ask,
  asked: MaintainOptions,
): Promise<Result> {
  if (entry?.kind === "ssh") return overThere(entry, options, ask, asked);
  const home = folderHere(entry?.home ?? options.local.home);
  const { execPath, environment } = await findRuntime(options.local.runtimePath);
  const child = spawn(execPath, [options.local.serverScript, "maintain"], {
    stdio: ["pipe", "pipe", "ignore"],
    cwd: "/", // the pool's folder may be one that we may not enter
    env: { ...process.env, ...environment, ...options.local.environment },
  });
  const failed = new Promise<never>((_, reject) => child.once("error", reject));
  return Promise.race([
    talk({ input: child.stdin, output: child.stdout, request: ask(home), ...asked }),
    failed,
  ]).finally(() => child.stdin.destroy());
}

/** @throws UserError: looking at a pool that is not there must not make one */
function folderHere(home: string | null): string {
  const wanted = path.resolve(home ?? (process.env.TRAINYARD_HOME || path.join(os.homedir(), ".trainyard")));
  try {
    return fs.realpathSync(wanted);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EACCES")
      throw new UserError(
        `This account may not look for a pool in ${wanted}.`,
        "Do it as the account whose pool it is.",
      );
    throw new UserError(
      `There is no pool in ${wanted}.`,
      "Submit something first, or name its folder: TRAINYARD_HOME.",
    );
  }
}

async function overThere(
  entry: Extract<PoolEntry, { kind: "ssh" }>,
  { ssh }: OpenPoolOptions,
  ask: Ask,
  asked: MaintainOptions,
): Promise<Result> {
  const given = { ...ssh, entry, signal: asked.signal };
  const { hash } = await hostBundle(ssh.dist);
  const session = await openHost(given);
  try {
    for (let round = 0; ; round++) {
      const stream = await session.openCommand(MAINTAIN);
      stream.write(`${hash}\n${entry.home ?? ""}\n${entry.runtimePath ?? ""}\n`);
      const line = await talk({ input: stream, output: stream, request: ask, ...asked }).catch(
        (error: unknown) => {
          if (error === NOT_INSTALLED && round === 0) return null;
          throw error;
        },
      );
      stream.destroy();
      if (line !== null) return line;
      // Connecting sends what the host lacks; a server that does not start is what is to be looked at.
      await connectOver(session, given).then(
        (connection) => connection.close(),
        () => undefined,
      );
    }
  } finally {
    session.close();
  }
}

const NOT_INSTALLED = new UserError(
  "Trainyard's program is not on the host yet.",
  "Connect to the pool once (trainyard pool status), then try again.",
);

interface Talk extends MaintainOptions {
  input: NodeJS.WritableStream;
  output: NodeJS.ReadableStream;
  /** Over SSH the folder is only known there: it is told after the mark. */
  request: MaintenanceRequest | Ask;
}

/** Sends the request and reads lines until one is the result. */
function talk({ input, output, request, onProgress, signal }: Talk): Promise<Result> {
  return new Promise((resolve, reject) => {
    let rest = "";
    let hasBegun = typeof request !== "function";
    const finish = (settle: () => void): void => {
      signal?.removeEventListener("abort", cancel);
      settle();
    };
    const cancel = (): void => {
      input.end();
      finish(() => reject(signal?.reason instanceof Error ? signal.reason : new Error("cancelled")));
    };
    const take = (text: string): void => {
      if (!hasBegun) {
        const [, home] = /^home=(.*)$/.exec(text) ?? [];
        if (text === "missing=yes") finish(() => reject(NOT_INSTALLED));
        if (home === undefined || typeof request !== "function") return;
        hasBegun = true;
        input.write(`${JSON.stringify(request(home))}\n`);
        return;
      }
      const line = parse(text);
      if (line === null) return;
      if (line.type === "progress") onProgress?.(line.text, line.fraction);
      else if (line.type === "failed") finish(() => reject(new UserError(line.message, line.remedy)));
      else finish(() => resolve(line));
    };
    if (signal?.aborted) return cancel();
    signal?.addEventListener("abort", cancel);
    input.on("error", () => undefined);
    output.on("error", (error: Error) => finish(() => reject(error)));
    output.on("data", (chunk: Buffer | string) => {
      const lines = (rest + chunk.toString()).split("\n");
      rest = lines.pop() ?? "";
      for (const each of lines) take(each);
    });
    output.on("end", () =>
      finish(() =>
        reject(
          new UserError(
            "The pool's program ended before it was done.",
            "Try again; its server's log may say why.",
          ),
        ),
      ),
    );
    if (typeof request !== "function") input.write(`${JSON.stringify(request)}\n`);
  });
}

/** Null for what is not a line of the program's. */
function parse(text: string): MaintenanceLine | null {
  try {
    return MaintenanceLine.parse(JSON.parse(text));
  } catch {
    return null;
  }
}
