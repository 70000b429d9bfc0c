import { existsSync } from "node:fs";
import path from "node:path";
import { poolFolder } from "../../client/localPaths.ts";
import { expectedText, previewText } from "../../client/previewWords.ts";
import {
  expectationOf,
  loadSearch,
  type Expectation,
  type PreviewedSearch,
} from "../../client/searchPreview.ts";
import { messageOf, UserError } from "../../client/userError.ts";
import { firstTrials } from "../../search/preview.ts";
import { EXIT, withPool, type Command, type Context } from "../command.ts";
import { wholeNumber } from "../numbers.ts";
import { plain, table } from "../text.ts";

export const preview: Command = {
  name: "preview",
  usage: "preview CONFIG [--trials N] [--seed N] [--script SCRIPT] [--slots N]",
  summary:
    "What a search would do: its brackets, how long trials train, its time, the first trials themselves.",
  details: `Nothing is submitted, and no pool is needed. Lengths are those of a search in which at each rung just the best
1/divisor go on. How long it takes on the pool is taken from earlier trials there, of CONFIG or of SCRIPT.

  --trials N       also the first N trials, in the order in which they would be made
  --seed N         the experiment seed; without it the configuration's reproducibility.experiment_seed, else any
  --script SCRIPT  also earlier trials of this script tell how long it takes
  --slots N        slots of each trial; without it as the configuration says`,
  options: {
    trials: { type: "string" },
    seed: { type: "string" },
    script: { type: "string" },
    slots: { type: "string" },
  },
  arguments: ["CONFIG"],
  run: async (context, given) => {
    const count = wholeNumber("--trials", given.values.trials, 0, 100_000) ?? 0;
    const seed = wholeNumber("--seed", given.values.seed, 0, 2 ** 31 - 1);
    const slotsPerTrial = wholeNumber("--slots", given.values.slots, 0, 1024);
    const { script } = given.values;
    const previewed = await loadSearch(path.resolve(context.cwd, given.arguments[0] ?? ""), seed);
    const { search, preview: shown } = previewed;
    const expected = await expect(context, previewed, {
      script: typeof script === "string" ? path.resolve(context.cwd, script) : null,
      slotsPerTrial,
    });
    const trials = firstTrials(search, count);
    context.document({
      brackets: shown.brackets,
      lengths: shown.lengths,
      total_units: shown.totalUnits,
      full_units: shown.fullUnits,
      experiment_seed: search.experimentSeed,
      expected:
        expected === null
          ? null
          : {
              starts_in_ms: expected.startsIn && [expected.startsIn.fromMs, expected.startsIn.toMs],
              lasts_ms: expected.lasts && [expected.lasts.fromMs, expected.lasts.toMs],
              at_once: expected.atOnce,
              slots: expected.slots,
              from_trials: expected.trials,
            },
      ...(count > 0
        ? {
            trials: trials.map(({ requestId, seed: trialSeed, hyperparameters }) => ({
              request_id: requestId,
              trial_seed: trialSeed,
              hyperparameters,
            })),
          }
        : {}),
    });
    context.say(`${previewText(shown).join("\n")}\n`);
    if (expected !== null) context.say(`${expectedText(expected)}\n`);
    if (trials.length > 0)
      context.say(
        `\n${table(
          ["TRIAL", "SEED", "HYPERPARAMETERS"],
          trials.map((trial) => [
            String(trial.number),
            String(trial.seed),
            plain(JSON.stringify(trial.hyperparameters)),
          ]),
          context.paint,
        )}\nThe experiment seed is ${search.experimentSeed} (\`reproducibility.experiment_seed\`): with another one they are others.\n`,
      );
    return EXIT.ok;
  },
};

/** A pool that was never used has nothing to tell, and is not made for this. */
async function expect(
  context: Context,
  previewed: PreviewedSearch,
  asked: { script: string | null; slotsPerTrial: number | null },
): Promise<Expectation | null> {
  const isThere =
    (await context.pool()) !== null ||
    existsSync(path.join(poolFolder(context.environment.TRAINYARD_HOME || null), "state", "pool.sqlite"));
  if (!isThere) return null;
  try {
    return await withPool(context, (pool) => expectationOf(pool, previewed, asked, context.signal));
  } catch (error) {
    context.signal.throwIfAborted();
    const remedy = error instanceof UserError && error.remedy ? ` ${error.remedy}` : "";
    context.note(`How long it takes there is not known. ${plain(`${messageOf(error)}${remedy}`)}\n`);
    return null;
  }
}
