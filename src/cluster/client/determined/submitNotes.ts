/** What files of Determined's beside a script mean for its submit. */
import { access } from "node:fs/promises";
import path from "node:path";
import type { ExperimentConfiguration } from "../../protocol/configuration.ts";

/** @param folder where the script starts @returns a sentence for each */
export async function determinedNotes(
  folder: string,
  { entrypoint }: ExperimentConfiguration,
): Promise<string[]> {
  const isThere = (name: string): Promise<boolean> =>
    access(path.join(folder, name)).then(
      () => true,
      () => false,
    );
  const [hook, ignore] = await Promise.all(["startup-hook.sh", ".detignore"].map(isThere));
  return [
    ...(hook && entrypoint !== undefined ? ["startup-hook.sh is sourced before the entrypoint."] : []),
    ...(ignore ? [".detignore is not read: what is to be left out belongs into .gitignore."] : []),
  ];
}
