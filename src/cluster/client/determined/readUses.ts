/** Asks a Python what scripts of a folder use of Determined (determined_uses.py). */
import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import * as z from "zod";
import { messageOf, UserError } from "../userError.ts";

const MARK = "\n=trainyard=";
const TIMEOUT_MS = 60_000;
const MOST_BYTES = 64 * 1024 * 1024;

const Place = z.object({ file: z.string(), line: z.number().int() });
const Uses = z.object({
  scripts: z.array(
    z.object({
      file: z.string(),
      uses: z.array(z.object({ line: z.number().int(), name: z.string(), known: z.boolean() })),
    }),
  ),
  unread: z.array(Place.extend({ message: z.string() })),
});
export type Uses = z.infer<typeof Uses>;

/** @param pythonFolder holds the package `trainyard` @throws UserError without a Python that can tell */
export async function readUses(folder: string, pythonFolder: string, signal: AbortSignal): Promise<Uses> {
  const program = path.join(pythonFolder, "trainyard", "environment", "determined_uses.py");
  const python = process.platform === "win32" ? "python" : "python3";
  try {
    const { stdout } = await promisify(execFile)(python, ["-I", "-B", program, folder], {
      timeout: TIMEOUT_MS,
      maxBuffer: MOST_BYTES,
      signal,
    });
    return Uses.parse(JSON.parse(stdout.slice(stdout.lastIndexOf(MARK) + MARK.length)));
  } catch (error) {
    signal.throwIfAborted();
    throw new UserError(
      `The scripts cannot be read: ${messageOf(error)}`,
      `It needs a Python 3.8 or newer as \`${python}\` on PATH.`,
      { cause: error },
    );
  }
}
