/** A pool's host as its removal needs it: the same two scripts over SSH and on this machine. */
import { execFile } from "node:child_process";
import type { PoolConnection } from "../connection.ts";
import { connectLocalPool } from "../localPool.ts";
import { REMOVE, SURVEY } from "../ssh/hostScripts.ts";
import { answer, lines } from "../ssh/prepareHost.ts";
import { MAX_OUTPUT_BYTES, type Ran } from "../ssh/session.ts";
import { connectOver, openHost } from "../ssh/sshPool.ts";
import { UserError } from "../userError.ts";
import type { OpenPoolOptions } from "./openPool.ts";
import type { PoolEntry } from "./poolList.ts";

/** Of a folder with many small files. */
const SURVEY_MS = 120_000;
const REMOVE_MS = 15 * 60_000;

export interface Place {
  survey(): Promise<Survey>;
  connect(): Promise<PoolConnection>;
  /** @returns what is left in the folder since it is not ours, or null */
  remove(home: string): Promise<string | null>;
  close(): void;
}

export interface Survey {
  /** The pool folder, absolute. */
  home: string;
  isThere: boolean;
  /** A server has been at work in it. */
  hasServed: boolean;
  bytes: number | null;
}

type Run = (command: string, input: Buffer, timeoutMs: number) => Promise<Ran>;

export async function openPlace(entry: PoolEntry, options: OpenPoolOptions): Promise<Place> {
  if (entry.kind === "folder") {
    const { home } = entry;
    return {
      ...scripts("this machine", home, runHere),
      connect: () => connectLocalPool({ ...options.local, home }),
      close: () => undefined,
    };
  }
  const ssh = { ...options.ssh, entry };
  const session = await openHost(ssh);
  return {
    ...scripts(entry.name, entry.home ?? "", (command, input, timeoutMs) =>
      session.run(command, { input, timeoutMs, signal: ssh.signal }),
    ),
    connect: () => connectOver(session, ssh),
    close: () => session.close(),
  };
}

function scripts(host: string, configured: string, run: Run): Pick<Place, "survey" | "remove"> {
  return {
    survey: async () => {
      const said = answer(host, await run(SURVEY, lines(configured), SURVEY_MS));
      const kibibytes = said.kib ? Number(said.kib) : NaN;
      return {
        home: said.home ?? "",
        isThere: said.there === "yes",
        hasServed: said.served === "yes",
        bytes: Number.isFinite(kibibytes) ? kibibytes * 1024 : null,
      };
    },
    remove: async (home) => {
      const said = answer(host, await run(REMOVE, lines(home), REMOVE_MS));
      if (said.stuck)
        throw new UserError(
          `${said.stuck} on ${host} cannot be removed.`,
          "Something there may still use it, or it is another account's. Remove it by hand.",
        );
      return said.left || null;
    },
  };
}

function runHere(command: string, input: Buffer, timeout: number): Promise<Ran> {
  return new Promise((resolve) => {
    const child = execFile(
      "/bin/sh",
      ["-c", command],
      { timeout, maxBuffer: MAX_OUTPUT_BYTES },
      (_error, stdout, stderr) => resolve({ code: child.exitCode, stdout, stderr }),
    );
    child.stdin?.end(input);
  });
}
