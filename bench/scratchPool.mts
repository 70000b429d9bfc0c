/** A pool folder and a project of their own for a benchmark, driven through the built command line. */
import { execFile } from "node:child_process";
import {
  chmodSync,
  chownSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { setTimeout as sleep } from "node:timers/promises";
import { cleanEnvironment, must } from "../scripts/lib/command.mts";
import { dist, root } from "../scripts/lib/paths.mts";
import type { Account } from "./leases/accounts.mts";

const execute = promisify(execFile);
const COMMAND_MS = 60_000;

/** Runs a command that prints JSON. Rejects when it fails. */
export type Cli = <T = unknown>(...args: string[]) => Promise<T>;

export interface ScratchPool {
  folder: string;
  pool: string;
  project: string;
  cli: Cli;
  /** The lock names the server's process; none is there in the moment between two. */
  killServer: () => boolean;
  /** @returns whether it has come to its end well: then nothing of the pool is kept */
  remove: (isRight: boolean) => Promise<void>;
}

/** Builds what is measured. @returns the folder of the programs */
export async function buildPrograms(): Promise<string> {
  await must("The build", process.execPath, [path.join(root, "scripts/build.mts")], {
    cwd: root,
    timeoutMs: 120_000,
  });
  return dist;
}

/** @param options.script of the folder bench/, which becomes `train.py` */
export async function scratchPool(options: {
  name: string;
  script: string;
  /** Of train.yaml. */
  configuration: string;
  slots: number;
  /** Folder of cli.js and server.js, when they are built already. */
  programs?: string;
  /** Another account than this process's (as root). */
  account?: Account | null;
  /** Folder of the leases, when several pools share it. */
  leases?: string;
}): Promise<ScratchPool> {
  const programs = options.programs ?? (await buildPrograms());
  const { account } = options;
  const folder = mkdtempSync(path.join(tmpdir(), `trainyard-${options.name}-`));
  const pool = path.join(folder, "pool");
  const project = path.join(folder, "project");
  mkdirSync(project);
  copyFileSync(path.join(root, options.script), path.join(project, "train.py"));
  chmodSync(path.join(project, "train.py"), 0o644);
  writeFileSync(path.join(project, "train.yaml"), options.configuration);
  if (account)
    for (const place of [folder, project, path.join(project, "train.py"), path.join(project, "train.yaml")])
      chownSync(place, account.uid, account.gid);
  const env = cleanEnvironment({
    TRAINYARD_HOME: pool,
    TRAINYARD_LEASES: options.leases ?? path.join(folder, "leases"),
    TRAINYARD_STATE: path.join(folder, "state"),
    TRAINYARD_CPU_SLOTS: String(options.slots),
    ...(account ? { HOME: folder, USER: account.name, LOGNAME: account.name } : {}),
  });
  const identity = account ? { uid: account.uid, gid: account.gid } : {};
  const cli: Cli = async (...args) => {
    const limits = { cwd: project, env, ...identity, timeout: COMMAND_MS, maxBuffer: 256 * 1024 * 1024 };
    const end = args.indexOf("--");
    const own = end < 0 ? args : args.slice(0, end);
    const passedOn = end < 0 ? [] : args.slice(end);
    const line = [path.join(programs, "cli.js"), ...own, "--json", ...passedOn];
    const { stdout } = await execute(process.execPath, line, limits);
    return JSON.parse(stdout) as never;
  };
  const killServer = (): boolean => {
    try {
      const { pid } = JSON.parse(readFileSync(path.join(pool, "state/lock"), "utf8")) as { pid: number };
      process.kill(pid, "SIGKILL");
      return true;
    } catch {
      return false;
    }
  };
  return {
    folder,
    pool,
    project,
    cli,
    killServer,
    async remove(isRight) {
      await cli("server", "stop").catch(killServer);
      if (isRight) rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Waits until the experiment has ended. @throws after `limitMs` */
export async function untilEnded(cli: Cli, experimentId: number, limitMs: number): Promise<string> {
  const until = Date.now() + limitMs;
  for (;;) {
    const { experiment } = await cli<{ experiment: { state: string; endedAt: number | null } }>(
      "show",
      String(experimentId),
    );
    if (experiment.endedAt !== null) return experiment.state;
    if (Date.now() > until)
      throw new Error(`experiment ${experimentId} has not ended in ${limitMs / 1000} s`);
    await sleep(500);
  }
}
