/** What the server keeps beside the entities (store/records.ts), as far as it cannot do without. Readers ignore the rest. */
import * as z from "zod";
import { Uuid } from "../../protocol/base.ts";
import { SubmitRequest } from "../../protocol/methods.ts";
import { Control, RunSpec } from "../../protocol/runDirectory.ts";

const StartFrom = z.object({ uuid: Uuid, step: z.number() });

export const ExperimentOwn = z.object({
  request: SubmitRequest.omit({ secrets: true }),
  experimentSeed: z.number(),
  searcher: z.object({ name: z.string(), version: z.number(), data: z.json() }),
  startFrom: StartFrom.nullable(),
  restartsWithoutProgress: z.boolean(),
  added: z.array(z.object({ startFrom: z.string().nullable() })).optional(),
});

export const TrialOwn = z.object({
  queuedAt: z.number(),
  asked: z.string().nullable(),
  hasProgress: z.boolean(),
  control: Control.nullable(),
  notBefore: z.number(),
  invalidHyperparameters: z.string().nullable(),
  warningCodes: z.array(z.string()),
});

export const RunOwn = z.object({
  spec: RunSpec,
  tidy: z.boolean(),
  filesAreGone: z.literal(true).optional(),
});
