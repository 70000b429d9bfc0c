/** Runs a probe. Drivers hang, so no probe is waited for longer than its time, not even for its death. */
import { spawn } from "node:child_process";
import { statSync } from "node:fs";
import path from "node:path";

export const PROBE_TIMEOUT_MS = 5000;
const MAX_OUTPUT_BYTES = 4 * 1024 * 1024;

export type ProbeOutcome =
  { kind: "output"; text: string } | { kind: "absent" } | { kind: "failed"; reason: string };

export interface ProbeOptions {
  timeoutMs?: number;
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  /** Python and shells say at the end what went wrong; drivers begin with it. */
  reason?: "first line" | "last line";
}

export function runProbe(
  command: string,
  args: readonly string[],
  { timeoutMs = PROBE_TIMEOUT_MS, env, cwd, reason: which = "first line" }: ProbeOptions = {},
): Promise<ProbeOutcome> {
  return new Promise((resolve) => {
    // A group of its own, so that what a wrapper script has started goes with it.
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], detached: true, env, cwd });
    const chunks: Buffer[] = [];
    let bytes = 0;
    let stderr = "";
    const finish = (outcome: ProbeOutcome): void => {
      clearTimeout(timer);
      resolve(outcome);
    };
    const abandon = (reason: string): void => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
      } catch {
        // gone by itself
      }
      child.stdout.destroy();
      child.stderr.destroy();
      child.unref();
      finish({ kind: "failed", reason });
    };
    const timer = setTimeout(() => abandon(`${command} did not answer in ${timeoutMs / 1000} s`), timeoutMs);
    child.stdout.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > MAX_OUTPUT_BYTES) abandon(`${command} printed more than ${MAX_OUTPUT_BYTES} bytes`);
      else chunks.push(chunk);
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr = (stderr + text).slice(-4096);
    });
    child.on("error", (error: NodeJS.ErrnoException) =>
      finish(
        error.code === "ENOENT" || (error.code === "EACCES" && !isOnPath(command))
          ? { kind: "absent" }
          : { kind: "failed", reason: `${command}: ${error.message}` },
      ),
    );
    child.on("close", (code, signal) => {
      const text = Buffer.concat(chunks).toString("utf8");
      if (code === 0) finish({ kind: "output", text });
      else {
        const words =
          lineOf(stderr, which) ?? lineOf(text, which) ?? `ended with ${signal ?? `exit code ${code}`}`;
        finish({ kind: "failed", reason: `${command}: ${words}` });
      }
    });
  });
}

/** Where a folder of the PATH is closed to this account, nothing that is nowhere can be started "for want of permission". */
function isOnPath(command: string): boolean {
  if (command.includes("/")) return true;
  return (process.env.PATH ?? "").split(path.delimiter).some((folder) => isFile(path.join(folder, command)));
}

function lineOf(text: string, which: "first line" | "last line"): string | null {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  return (
    lines
      .at(which === "first line" ? 0 : -1)
      ?.trim()
      .slice(0, 300) ?? null
  );
}

function isFile(file: string): boolean {
  try {
    return statSync(file).isFile();
  } catch {
    return false; // not there, or in a closed folder
  }
}
