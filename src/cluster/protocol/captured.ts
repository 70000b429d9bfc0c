/** What a manifest's metadata says of a checkpoint whose files were captured as a script saved them (docs/capture.md). */
import { z } from "zod";
import { JsonObject, Uuid } from "./base.ts";

const Captured = z.object({
  captured: z.object({
    /** Which library saved them. */
    by: z.string(),
    /** In which earlier checkpoint the newest state of each other saved file is. */
    beside: z.record(z.string(), Uuid).catch({}),
  }),
});

/** The checkpoints that have what this one lacks when a script goes on from it; none of one that the script wrote itself. */
export function besideOf({ metadata }: { metadata: JsonObject }): string[] {
  const { data } = Captured.safeParse(metadata);
  return data === undefined ? [] : [...new Set(Object.values(data.captured.beside))];
}
