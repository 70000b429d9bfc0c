/** Runs a probe. Drivers hang, so no probe is waited for longer than its time, not even for its death. */
import { spawn } from "node:child_process";

export const PROBE_TIMEOUT_MS = 5000;
const MAX_OUTPUT_BYTES = 4 * 1024 * 1024;

export type ProbeOutcome =
  { kind: "output"; text: string } | { kind: "absent" } | { kind: "failed"; reason: string };

export function runProbe(
  command: string,
  args: readonly string[],
  timeoutMs = PROBE_TIMEOUT_MS,
): Promise<ProbeOutcome> {
  return new Promise((resolve) => {
    // A group of its own, so that what a wrapper script has started goes with it.
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], detached: true });
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
        error.code === "ENOENT"
          ? { kind: "absent" }
          : { kind: "failed", reason: `${command}: ${error.message}` },
      ),
    );
    child.on("close", (code, signal) => {
      const text = Buffer.concat(chunks).toString("utf8");
      if (code === 0) finish({ kind: "output", text });
      else {
        const words = firstLine(stderr) ?? firstLine(text) ?? `ended with ${signal ?? `exit code ${code}`}`;
        finish({ kind: "failed", reason: `${command}: ${words}` });
      }
    });
  });
}

function firstLine(text: string): string | null {
  return (
    text
      .split("\n")
      .find((line) => line.trim() !== "")
      ?.trim()
      .slice(0, 300) ?? null
  );
}
