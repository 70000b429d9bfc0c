/** Starts supervisors, detached: they and their scripts outlive this server. */
import { spawn } from "node:child_process";
import { open } from "node:fs/promises";
import path from "node:path";
import { changed, inherited } from "../environments/variables.ts";
import type { Logger } from "../ports.ts";
import { FILES } from "./runFolder.ts";
import { CallError } from "../callError.ts";

export interface Supervisors {
  /**
   * Resolves when it has been started.
   * @param variables what the script gets beside what this server has: null takes one away
   * @throws CallError
   */
  start(
    runId: string,
    folder: string,
    variables: Readonly<Record<string, string | null>>,
    adopt: boolean,
  ): Promise<void>;
  /** Of the supervisor that this process started last for the run. */
  state(runId: string): "alive" | "ended" | "unknown";
  /** Whether that one has this pid, and has not ended: no question to the kernel is needed. */
  isRunning(runId: string, pid: number): boolean;
}

/** @param onEnd one of them has ended */
export function createSupervisors(
  pythonFolder: string,
  findPython: () => Promise<string>,
  onEnd: () => void,
  logger: Logger,
): Supervisors {
  const script = path.join(pythonFolder, "trainyard", "supervisor.py");
  /** Pid, or null when it has ended. */
  const started = new Map<string, number | null>();

  return {
    state: (runId) => {
      const pid = started.get(runId);
      return pid === undefined ? "unknown" : pid === null ? "ended" : "alive";
    },
    isRunning: (runId, pid) => started.get(runId) === pid,
    start: async (runId, folder, variables, adopt) => {
      const python = await findPython();
      const log = await open(path.join(folder, FILES.log), "a", 0o600);
      try {
        const child = spawn(python, ["-S", "-E", script, folder, ...(adopt ? ["--adopt"] : [])], {
          cwd: folder,
          env: changed(inherited(), variables),
          detached: true,
          stdio: ["ignore", log.fd, log.fd],
        });
        await new Promise<void>((resolve, reject) => {
          child.once("spawn", resolve);
          child.once("error", (error) =>
            reject(new CallError("unavailable", `the run's supervisor cannot be started: ${error.message}`)),
          );
        });
        const pid = child.pid ?? 0;
        started.set(runId, pid);
        child.once("exit", (code, signal) => {
          if (started.get(runId) === pid) started.set(runId, null);
          if (code !== 0) logger.warn("A supervisor ended badly", { runId, code, signal });
          onEnd();
        });
        child.unref();
        logger.info(adopt ? "Adopted a run" : "Started a run", { runId, supervisor: pid });
      } finally {
        await log.close();
      }
    },
  };
}
