/**
 * The person's own lines that run before every Python of this pool (`module load cuda`), and the environment that they
 * leave. They are a file that a login shell reads, and never become part of another command.
 */
import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod";
import type { PoolSettings } from "../../protocol/environments.ts";
import { CallError } from "../callError.ts";
import { readJson, writeJson } from "../runs/runFolder.ts";
import { type Changes, changesBetween, inherited } from "./variables.ts";

/** Less than a client waits for its answer, so that it is told what took so long. */
const TIMEOUT_MS = 45_000;
const LAST_WORDS_MS = 500;
const MAX_ENVIRONMENT_BYTES = 1024 * 1024;
/** Of what the lines print: its end says what went wrong. */
const KEPT_CHARACTERS = 4096;
/** What they leave is taken again after this, as a site's modules change. */
const VALID_MS = 10 * 60_000;
/** The environment goes through a pipe of its own, which what the lines leave behind does not hold open. */
const READ_LINES = String.raw`. "$TRAINYARD_SETUP" 3>&- </dev/null; code=$?; [ "$code" -ne 0 ] || /usr/bin/env -0 >&3; exit "$code"`;

const Kept = z.object({ wheelFolder: z.string().nullable() });

export interface SetUp {
  settings(): Promise<PoolSettings>;
  set(settings: PoolSettings): Promise<void>;
  /** Of the environment, by the lines. @throws CallError with the last line that they printed */
  changes(): Promise<Changes>;
}

/** @param state `<pool>/state` */
export function createSetUp(state: string, timeoutMs = TIMEOUT_MS): SetUp {
  mkdirSync(state, { recursive: true, mode: 0o700 });
  const linesFile = path.join(state, "setup.sh");
  const settingsFile = path.join(state, "settings.json");
  let known: { lines: string; at: number; changes: Promise<Changes> } | null = null;

  const readLines = (): Promise<string> =>
    readFile(linesFile, "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return "";
      throw error;
    });

  return {
    async settings() {
      const kept = await readJson(settingsFile, Kept);
      return { setupLines: await readLines(), wheelFolder: kept?.wheelFolder ?? null };
    },
    async set({ setupLines, wheelFolder }) {
      if (setupLines.trim() === "") await rm(linesFile, { force: true });
      else {
        const temporary = `${linesFile}.${process.pid}.tmp`;
        await writeFile(temporary, setupLines.endsWith("\n") ? setupLines : `${setupLines}\n`, {
          mode: 0o600,
        });
        await rename(temporary, linesFile);
      }
      await writeJson(settingsFile, { wheelFolder } satisfies z.infer<typeof Kept>, 0o600);
      known = null;
    },
    async changes() {
      const lines = await readLines();
      if (lines === "") return {};
      if (known?.lines === lines && Date.now() - known.at < VALID_MS) return known.changes;
      const changes = environmentAfter(linesFile, timeoutMs);
      const mine = { lines, at: Date.now(), changes };
      known = mine;
      changes.catch(() => {
        if (known === mine) known = null;
      });
      return changes;
    },
  };
}

async function environmentAfter(linesFile: string, timeoutMs: number): Promise<Changes> {
  const before = inherited();
  for (const shell of [["bash", "-l"], ["sh"]]) {
    const outcome = await run(shell, { ...before, TRAINYARD_SETUP: linesFile }, timeoutMs);
    if (outcome.kind === "absent") continue;
    if (outcome.kind === "environment") return changesBetween(before, outcome.text);
    throw new CallError(
      "unavailable",
      `The set-up lines of the pool on ${os.hostname()} failed: ${outcome.reason}.`,
      "Correct them in the pool's settings (trainyard pool setup).",
    );
  }
  throw new CallError("unavailable", `There is no shell on ${os.hostname()} to run the set-up lines.`);
}

type Outcome =
  { kind: "environment"; text: string } | { kind: "failed"; reason: string } | { kind: "absent" };

function run(
  [shell = "", ...options]: string[],
  env: NodeJS.ProcessEnv,
  timeoutMs: number,
): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = spawn(shell, [...options, "-c", READ_LINES], {
      cwd: os.homedir(),
      env,
      detached: true,
      stdio: ["ignore", "pipe", "pipe", "pipe"],
    });
    let printed = "";
    const environment: Buffer[] = [];
    let bytes = 0;
    const finish = (outcome: Outcome): void => {
      clearTimeout(timer);
      for (const stream of child.stdio) stream?.destroy();
      resolve(outcome);
    };
    const abandon = (reason: string): void => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
      } catch {
        // gone by itself
      }
      finish({ kind: "failed", reason });
    };
    const timer = setTimeout(() => abandon(`they did not end in ${timeoutMs / 1000} s`), timeoutMs);
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding("utf8").on("data", (text: string) => {
        printed = (printed + text).slice(-KEPT_CHARACTERS);
      });
    const pipe = child.stdio[3] as NodeJS.ReadableStream;
    pipe.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > MAX_ENVIRONMENT_BYTES)
        abandon(`the environment that they leave has more than ${MAX_ENVIRONMENT_BYTES} bytes`);
      else environment.push(chunk);
    });
    const piped = new Promise<void>((ended) => pipe.on("close", ended));
    child.on("error", (error: NodeJS.ErrnoException) =>
      finish(error.code === "ENOENT" ? { kind: "absent" } : { kind: "failed", reason: error.message }),
    );
    const closed = new Promise<void>((ended) => child.on("close", () => ended()));
    child.on("exit", (code, signal) => {
      // What they left running may hold their output open, and is not waited for.
      void piped
        .then(() => Promise.race([closed, sleep(LAST_WORDS_MS)]))
        .then(() => {
          const text = Buffer.concat(environment).toString("utf8");
          if (code === 0 && text !== "") finish({ kind: "environment", text });
          else if (code === 0) finish({ kind: "failed", reason: "they end the shell (exit)" });
          else
            finish({
              kind: "failed",
              reason: lastLine(printed) ?? `they ended with ${signal ?? `exit code ${code}`}`,
            });
        });
    });
  });
}

function lastLine(text: string): string | null {
  const line = text.split("\n").findLast((candidate) => candidate.trim() !== "");
  return line?.trim().replace(/\.$/, "").slice(0, 300) ?? null;
}
