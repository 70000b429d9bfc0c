/** Changing a search that runs, or has ended, and adding a trial of one's own. */
import path from "node:path";
import { readAssignments } from "../../client/handWritten.ts";
import { loadConfiguration } from "../../client/configuration.ts";
import { EXIT, UsageError, withPool, type Command } from "../command.ts";
import { parseExperiment } from "../ids.ts";
import { wholeNumber } from "../numbers.ts";
import { countText } from "../../client/numberWords.ts";

export const searchChange: Command = {
  name: "search change",
  usage: "search change ID [--trials N] [--config FILE]",
  summary: "Give a search more trials, or the narrower space of a configuration; one that has ended goes on.",
  details: "Of FILE only `hyperparameters` is read: the whole space, inside of the present one.",
  options: { trials: { type: "string" }, config: { type: "string" } },
  arguments: ["ID"],
  run: async (context, given) => {
    const experimentId = parseExperiment(given.arguments[0] ?? "");
    const maxTrials = wholeNumber("--trials", given.values.trials, 1, 1_000_000);
    const { config } = given.values;
    if (maxTrials === null && config === undefined)
      throw new UsageError("Say what is to change: --trials or --config.");
    const space =
      typeof config === "string" ? await loadConfiguration(path.resolve(context.cwd, config)) : undefined;
    const change = {
      experimentId,
      ...(maxTrials !== null && { maxTrials }),
      ...(space !== undefined && { hyperparameters: space.value.hyperparameters }),
    };
    return withPool(context, async (pool) => {
      const changed = await pool.call("search/change", change, { signal: context.signal });
      context.document(changed);
      const planned =
        changed.trialsPlanned === null ? "" : `: ${countText(changed.trialsPlanned, "trial")} in all`;
      context.say(`Search ${experimentId} is changed${planned}.\n`);
      return EXIT.ok;
    });
  },
};

export const searchAdd: Command = {
  name: "search add",
  usage: "search add ID [--from CHECKPOINT] -- NAME=VALUE ...",
  summary: "Add a trial of your own to a search; constants may be left out.",
  options: { from: { type: "string" } },
  arguments: ["ID"],
  passesOn: true,
  run: async (context, given) => {
    const experimentId = parseExperiment(given.arguments[0] ?? "");
    const hyperparameters = readAssignments(given.passedOn);
    const startFrom = typeof given.values.from === "string" ? given.values.from : null;
    return withPool(context, async (pool) => {
      const added = await pool.call(
        "search/addTrial",
        { experimentId, hyperparameters, startFrom },
        { signal: context.signal },
      );
      context.document(added);
      context.say(`Trial ${added.trialId} is added.\n`);
      return EXIT.ok;
    });
  },
};
