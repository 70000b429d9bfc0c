/** What is remembered of a snapshot root between submits: one small JSON file beside its private repository. */
import { createHash } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import path from "node:path";
import * as z from "zod";

/** What is missing is made anew each time: a value that two folders had in common would be changed for both. */
const Memory = z.object({
  root: z.string(),
  /** The size that the person said yes to. */
  answered: z.object({ files: z.number(), bytes: z.number() }).nullable().catch(null),
  /** Paths, relative to the root, that the person leaves out, and ignored ones that the person has linked. */
  leaveOut: z.array(z.string()).catch(() => []),
  links: z.array(z.string()).catch(() => []),
  /** Ignored paths that are sent all the same. */
  sent: z.array(z.string()).catch(() => []),
  /** Where a path is on a pool: by the pool's name, then by path. */
  mapped: z.record(z.string(), z.record(z.string(), z.string())).catch(() => ({})),
  /** Nested repositories whose files are in the private index (byte paths). */
  nested: z.array(z.string()).catch(() => []),
  /** The ignore rules that the private index was last brought in line with. */
  ignoreKey: z.string().catch(""),
  /** Files of the person's index that are ignored all the same, and the state of the index that this was read from. */
  tracked: z.object({ key: z.string(), paths: z.array(z.string()) }).catch(() => ({ key: "", paths: [] })),
  /** Sizes of files of 4 GiB and more (byte paths): a git index has only the lower 32 bits. */
  huge: z.record(z.string(), z.number()).catch(() => ({})),
  /** Trees that a pool has, newest first, by pool id. */
  pushed: z.record(z.string(), z.array(z.string())).catch(() => ({})),
});
export type Memory = z.infer<typeof Memory>;

export interface Places {
  memory: string;
  repository: string;
  lock: string;
}

/** @param root real path of the snapshot root */
export function placesOf(stateFolder: string, root: string): Places {
  const base = path.join(stateFolder, "snapshots", createHash("sha256").update(root).digest("hex"));
  return { memory: `${base}.json`, repository: `${base}.git`, lock: `${base}.lock` };
}

export async function readMemory(file: string, root: string): Promise<Memory> {
  const empty = { root, pushed: {}, ignoreKey: "", tracked: { key: "", paths: [] } };
  const fresh = Memory.parse(empty);
  try {
    const read = Memory.safeParse(JSON.parse(await readFile(file, "utf8")));
    return read.success ? read.data : fresh;
  } catch {
    return fresh;
  }
}

/** Reads, changes and writes back. Callers that may meet another window hold the lock. */
export async function changeMemory(
  file: string,
  root: string,
  change: (memory: Memory) => void,
): Promise<Memory> {
  const memory = await readMemory(file, root);
  const before = JSON.stringify(memory);
  change(memory);
  const after = JSON.stringify(memory);
  if (after !== before) {
    await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
    const temporary = `${file}.${process.pid}.tmp`;
    await writeFile(temporary, after, { mode: 0o600 });
    await rename(temporary, file);
  }
  return memory;
}
