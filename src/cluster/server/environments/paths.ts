/** What is at a path of this host: for data that is here already. Nothing is listed, nothing is read. */
import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Result } from "../../protocol/methods.ts";

type Checked = Result<"path/check">["paths"][number];

/** A network file system whose server is gone answers never. */
const ANSWER_MS = 5000;

export function checkPaths(paths: readonly string[]): Promise<Checked[]> {
  return Promise.all(paths.map(check));
}

async function check(named: string): Promise<Checked> {
  const target = named.startsWith("~/") ? path.join(os.homedir(), named.slice(2)) : path.resolve(named);
  const found = await Promise.race([
    look(target),
    sleep(ANSWER_MS, { kind: null, problem: "its file system does not answer" }, { ref: false }),
  ]);
  return { path: named, target, ...found };
}

async function look(target: string): Promise<Pick<Checked, "kind" | "problem">> {
  try {
    const found = await stat(target);
    const kind = found.isFile() ? "file" : found.isDirectory() ? "folder" : "other";
    await access(target, kind === "folder" ? constants.R_OK | constants.X_OK : constants.R_OK);
    return { kind, problem: null };
  } catch (error) {
    return { kind: null, problem: wordsFor(error) };
  }
}

function wordsFor(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  switch (code) {
    case "ENOENT":
    case "ENOTDIR":
      return "does not exist";
    case "EACCES":
    case "EPERM":
      return "may not be read";
    default:
      return `cannot be read (${code ?? "of unknown cause"})`;
  }
}
