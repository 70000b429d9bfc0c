/** The interpreter that was chosen, or built, for each workspace of this pool. */
import path from "node:path";
import * as z from "zod";
import { readJson, writeJson } from "../runs/runFolder.ts";

const Choices = z.record(z.string(), z.string());
const MOST = 1000;
export type InterpreterChoices = ReturnType<typeof createChoices>;

/** @param state `<pool>/state` */
export function createChoices(state: string) {
  const file = path.join(state, "interpreters.json");
  let queue: Promise<unknown> = Promise.resolve();
  /** A damaged file is an empty one: a choice is made again in a moment. */
  const read = async (): Promise<z.infer<typeof Choices>> =>
    (await readJson(file, Choices).catch(() => null)) ?? {};

  return {
    async of(workspace: string): Promise<string | null> {
      await queue;
      return (await read())[workspace] ?? null;
    },
    /** Null forgets. */
    set(workspace: string, interpreter: string | null): Promise<void> {
      const changing = queue.then(async () => {
        const entries = Object.entries(await read()).filter(([name]) => name !== workspace);
        if (interpreter !== null) entries.push([workspace, interpreter]);
        await writeJson(file, Object.fromEntries(entries.slice(-MOST)), 0o600);
      });
      queue = changing.catch(() => undefined);
      return changing;
    },
  };
}
