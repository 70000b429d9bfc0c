import { randomInt } from "node:crypto";
import path from "node:path";
import { loadConfiguration } from "../../client/configuration.ts";
import { firstTrials, previewSearch, type SearchPreview } from "../../search/preview.ts";
import type { Search } from "../../search/searcher.ts";
import { readSpace } from "../../search/space.ts";
import { UserError } from "../../client/userError.ts";
import { EXIT, type Command } from "../command.ts";
import { wholeNumber } from "../numbers.ts";
import { countText, numberText, plain, table } from "../text.ts";

export const preview: Command = {
  name: "preview",
  usage: "preview CONFIG [--trials N] [--seed N]",
  summary: "What a search would do: its brackets, how long trials train, the first trials themselves.",
  details: `Nothing is submitted, and no pool is needed. Lengths are those of a search in which at each rung just the best
1/divisor go on.

  --trials N   also the first N trials, in the order in which they would be made
  --seed N     the experiment seed; without it the configuration's reproducibility.experiment_seed, else any`,
  options: { trials: { type: "string" }, seed: { type: "string" } },
  arguments: ["CONFIG"],
  run: async (context, given) => {
    const count = wholeNumber("--trials", given.values.trials, 0, 100_000) ?? 0;
    const seed = wholeNumber("--seed", given.values.seed, 0, 2 ** 31 - 1);
    const { value, notYet } = await loadConfiguration(path.resolve(context.cwd, given.arguments[0] ?? ""));
    const [problem] = notYet;
    if (problem !== undefined) throw new UserError(`${problem.file}:${problem.line}: ${problem.message}`);
    const read = readSpace(value.hyperparameters);
    if ("problems" in read) throw new Error("a configuration that was loaded is checked");
    const experimentSeed = seed ?? value.reproducibility.experiment_seed ?? randomInt(2 ** 31 - 1);
    const search: Search = { configuration: value.searcher, space: read.space, experimentSeed };
    const shown = previewSearch(search);
    const trials = firstTrials(search, count);
    context.document({
      brackets: shown.brackets,
      lengths: shown.lengths,
      total_units: shown.totalUnits,
      full_units: shown.fullUnits,
      experiment_seed: experimentSeed,
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
    context.say(describe(shown));
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
        )}\nThe experiment seed is ${experimentSeed} (\`reproducibility.experiment_seed\`): with another one they are others.\n`,
      );
    return EXIT.ok;
  },
};

function describe({ brackets, lengths, totalUnits, fullUnits, trials }: SearchPreview): string {
  const lines = brackets.map(
    ({ rungs, trials: count, concurrency }, index) =>
      `  bracket ${index + 1}: ${countText(rungs, "rung")}, ${countText(count, "trial")}, ${concurrency} at a time`,
  );
  const long = lengths.map(
    ({ units, trials: count }) => `  ${countText(count, "trial")} for ${numberText(units)}`,
  );
  const work =
    totalUnits === null || fullUnits === null
      ? "How long trials train is not stated (`max_time`), so the work is not known."
      : `Work: ${numberText(totalUnits)}, ${numberText(fullUnits / totalUnits)} times less than ${numberText(fullUnits)} for training all to the end.`;
  return `${[`${countText(trials, "trial")} in ${countText(brackets.length, "bracket")}:`, ...lines, ...(long.length > 0 ? ["Trained, in units of the time metric:", ...long] : []), work].join("\n")}\n`;
}

/** @throws UsageError */
