/** What people write on things. What is left out stays as it is. */
import * as z from "zod";
import { ExperimentId, Label, Notes, TrialId } from "./entities.ts";

const Labels = z.array(Label).max(50);

export const ANNOTATION_METHODS = {
  "experiment/annotate": {
    params: z.object({ experimentId: ExperimentId, notes: Notes.optional(), labels: Labels.optional() }),
    result: z.object({}),
  },
  "trial/annotate": {
    params: z.object({
      trialId: TrialId,
      /** Null: by its number. */
      name: z.string().trim().min(1).max(250).nullable().optional(),
      notes: Notes.optional(),
      labels: Labels.optional(),
      starred: z.boolean().optional(),
    }),
    result: z.object({}),
  },
} as const;
