/** `node server.js maintain`: what protocol/maintenance.ts describes, in a process of its own, beside a server or without one. */
import { existsSync, readFileSync, realpathSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { type CheckReport, type MaintenanceLine, MaintenanceRequest } from "../protocol/maintenance.ts";
import { PoolLockFile } from "../protocol/poolLock.ts";
import { backUpPool } from "./backup/backUpPool.ts";
import { CallError } from "./callError.ts";
import { requireAccess } from "./check/access.ts";
import { type CheckOptions, checkPool, repairPool } from "./check/checkPool.ts";
import { messageOf } from "./errors.ts";
import { whereabouts } from "./identity.ts";
import { PoolIsTaken, type PoolLock, takePoolLock } from "./lock.ts";
import type { Logger } from "./ports.ts";
import type { RequestMessage } from "./requestThread.ts";
import { leasesFolder } from "./resources/slotSource.ts";

/** A server that is asked to end finishes what it writes. */
const STOP_MS = 20_000;
const POLL_MS = 10;
const CANCEL_MS = 2000;
const PROGRESS_MS = 100;

/**
 * Reads the request, does it, says how it went.
 * @param requestThread of requestThread.ts, as a bundle or as it is written
 * @returns the exit code
 */
export async function maintain(version: string, requestThread: string, logger: Logger): Promise<number> {
  const cancelled = new AbortController();
  const cancel = (): void => {
    cancelled.abort(new Error("cancelled"));
    // In the middle of a large file: what is half done is under a temporary name.
    setTimeout(() => process.exit(1), CANCEL_MS).unref();
  };
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, cancel);
  try {
    const request = await readRequest(requestThread, cancel);
    const home = realpathSync(request.home);
    requireAccess(home, request.verb === "check" && request.repair);
    requirePool(home);
    const options = {
      home,
      version,
      logger,
      leases: path.resolve(leasesFolder(process.env.TRAINYARD_LEASES || null)),
      signal: cancelled.signal,
      progress: throttled(),
    };
    const settled = { ...options, isServed: isServed(home) };
    if (request.verb === "check")
      say({ type: "checked", report: await check({ ...settled, full: request.full }, request.repair) });
    else
      say({
        type: "backedUp",
        report: await backUpPool({ ...settled, full: false }, request.folder.replace(/^~(?=\/)/, homedir())),
      });
    return 0;
  } catch (error) {
    say(failed(error));
    return 1;
  }
}

async function readRequest(requestThread: string, onEnd: () => void): Promise<MaintenanceRequest> {
  const thread = new Worker(requestThread, { name: "trainyard-request" });
  return new Promise((resolve, reject) => {
    thread.on("error", reject);
    // Lines after the first one say nothing; the end does.
    thread.on("message", (line: RequestMessage) => {
      if (line === null) {
        reject(new Error("there was no request"));
        onEnd();
        return;
      }
      try {
        resolve(MaintenanceRequest.parse(JSON.parse(line)));
      } catch (error) {
        reject(new Error(`the request cannot be read: ${messageOf(error)}`));
      }
    });
  });
}

async function check(options: CheckOptions, repair: boolean): Promise<CheckReport> {
  if (!repair) return checkPool(options);
  const { lock, hasStopped } = await takeFromServer(options.home, options.signal);
  try {
    return { ...(await repairPool({ ...options, isServed: false })), hasStopped };
  } finally {
    lock.release();
  }
}

/** The folder for this process: a server there is asked to end, and its trials live on. @throws CallError */
async function takeFromServer(
  home: string,
  signal: AbortSignal,
): Promise<{ lock: PoolLock; hasStopped: boolean }> {
  const deadline = Date.now() + STOP_MS;
  const asked = new Set<number>();
  for (;;) {
    signal.throwIfAborted();
    try {
      const lock = takePoolLock(path.join(home, "state"), { onLost: () => process.exit(1) });
      return { lock, hasStopped: asked.size > 0 };
    } catch (error) {
      if (!(error instanceof PoolIsTaken) || error.isElsewhere || Date.now() > deadline)
        throw new CallError(
          "unavailable",
          messageOf(error),
          "Stop its server (trainyard server stop), then try again.",
        );
    }
    const owner = readOwner(home);
    if (owner !== null && !asked.has(owner.pid) && whereabouts(owner) === "running") {
      asked.add(owner.pid);
      process.kill(owner.pid, "SIGTERM");
    }
    await sleep(POLL_MS);
  }
}

function readOwner(home: string): PoolLockFile | null {
  try {
    return PoolLockFile.parse(JSON.parse(readFileSync(path.join(home, "state", "lock"), "utf8")));
  } catch {
    return null;
  }
}

function isServed(home: string): boolean {
  const owner = readOwner(home);
  return owner !== null && whereabouts(owner) !== "gone";
}

function requirePool(home: string): void {
  if (["state/pool.sqlite", "runs", "checkpoints"].some((name) => existsSync(path.join(home, name)))) return;
  throw new CallError(
    "notFound",
    `There is no pool in ${home}.`,
    "Name its folder: TRAINYARD_HOME, or a pool of `trainyard pool list` with --pool.",
  );
}

function throttled(): CheckOptions["progress"] {
  let last = 0;
  let before = "";
  return (text, fraction) => {
    if (text === before && Date.now() - last < PROGRESS_MS) return;
    [last, before] = [Date.now(), text];
    say({ type: "progress", text, fraction });
  };
}

function failed(error: unknown): MaintenanceLine {
  const { remedy } = error as { remedy?: unknown };
  return { type: "failed", message: messageOf(error), remedy: typeof remedy === "string" ? remedy : null };
}

function say(line: MaintenanceLine): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
