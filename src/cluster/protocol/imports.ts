/** Runs of other tools, brought in as experiments: what the client read of them, and their event file as bulk bytes. */
import * as z from "zod";
import { JsonObject, TimeMs, Uuid } from "./base.ts";
import { ExperimentId, Label, Notes, TrialId } from "./entities.ts";
import { Imported } from "./runDirectory.ts";

/** Of one run's event file. */
export const MAX_IMPORT_BYTES = 1024 ** 3;

export const ImportedRun = Imported.extend({
  /** Made of the content: the same run is brought in once. */
  id: Uuid,
  name: z.string().trim().min(1).max(250),
  labels: z.array(Label).max(50),
  /** What its script was told, to find the trial by; its event file has them, too. */
  hyperparameters: JsonObject.default({}),
  notes: Notes,
  /** The folder that it was brought into: an absolute path on the person's machine. */
  workspace: z.string().max(4096),
  /** When it ran, as far as its files say. */
  startedAt: TimeMs.nullable(),
  endedAt: TimeMs.nullable(),
});
export type ImportedRun = z.infer<typeof ImportedRun>;

export const IMPORT_METHODS = {
  /** Those of the runs that are experiments here already. */
  "import/known": {
    params: z.object({ ids: z.array(Uuid).max(10_000) }),
    result: z.object({ known: z.array(z.object({ id: Uuid, experimentId: ExperimentId })) }),
  },
  /** Send the event file (docs/run-directory.md) by HTTP PUT to `/bulk/<ticket>`, then call experiment/import. */
  "import/begin": {
    params: z.object({ bytes: z.number().int().nonnegative() }),
    result: z.object({ ticket: z.string() }),
  },
  /** Makes an experiment of it, with one trial that has ended. A second time gives the same experiment. */
  "experiment/import": {
    params: z.object({ ticket: z.string(), run: ImportedRun }),
    result: z.object({ experimentId: ExperimentId, trialId: TrialId }),
  },
} as const;
