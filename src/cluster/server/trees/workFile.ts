/** work.json beside a run's `work/`: what it was built from. Its mtime is the moment after which the run began. */
import { readFile, rename, stat, writeFile } from "node:fs/promises";
import * as z from "zod";
import { ObjectId, RelativePath } from "../../protocol/base.ts";

const WorkFile = z.object({
  version: z.literal(1),
  tree: ObjectId,
  method: z.enum(["reflink", "copy", "hardlink"]),
  /** Symbolic links that we made, and where they lead. */
  links: z.array(z.object({ path: RelativePath, target: z.string() })),
  /** True when only what the run wrote or changed is left. */
  pruned: z.boolean(),
});
export type WorkFile = z.infer<typeof WorkFile>;

function nameOf(work: string): string {
  return `${work}.json`;
}

/** Null when there is none that can be read. `builtAtMs` is in the clock of the file system. */
export async function readWorkFile(work: string): Promise<(WorkFile & { builtAtMs: number }) | null> {
  try {
    const value = WorkFile.parse(JSON.parse(await readFile(nameOf(work), "utf8")));
    return { ...value, builtAtMs: (await stat(nameOf(work))).mtimeMs };
  } catch {
    return null;
  }
}

export async function writeWorkFile(work: string, value: WorkFile): Promise<void> {
  await writeFile(`${nameOf(work)}.tmp`, JSON.stringify(value));
  await rename(`${nameOf(work)}.tmp`, nameOf(work));
}
