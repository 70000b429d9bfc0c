/** Gives space back: deletes checkpoints that nobody keeps. */
import { DEFAULT_SAVE_POLICY } from "../../protocol/savePolicy.ts";
import { EXIT, withPool, type Command } from "../command.ts";
import { parseExperiment } from "../ids.ts";
import { wholeNumber } from "../numbers.ts";
import { ask } from "../prompt.ts";
import { bytesText } from "../text.ts";
import { countText } from "../../client/numberWords.ts";

const MOST = 1_000_000;
const { experimentBest, trialBest, trialLatest } = DEFAULT_SAVE_POLICY;

export const checkpointsCollect: Command = {
  name: "checkpoints collect",
  usage: "checkpoints collect [ID] [--experiment-best N] [--trial-best N] [--trial-latest N] [--yes]",
  summary: "Delete checkpoints but the best and the newest, of an experiment or of all; asks first.",
  details: `Kept are so many of the best of each experiment (${experimentBest} unless it is said), of the best (${trialBest}) and of the newest (${trialLatest})
of each trial, what is pinned, and what a trial that has not ended or another experiment goes on from.`,
  options: {
    "experiment-best": { type: "string" },
    "trial-best": { type: "string" },
    "trial-latest": { type: "string" },
    yes: { type: "boolean", short: "y" },
  },
  arguments: ["ID?"],
  run: async (context, given) => {
    const [id] = given.arguments;
    const count = (name: string, otherwise: number): number =>
      wholeNumber(`--${name}`, given.values[name], 0, MOST) ?? otherwise;
    const asked = {
      experimentId: id === undefined ? null : parseExperiment(id),
      policy: {
        experimentBest: count("experiment-best", experimentBest),
        trialBest: count("trial-best", trialBest),
        trialLatest: count("trial-latest", trialLatest),
      },
    };
    return withPool(context, async (pool) => {
      const options = { signal: context.signal };
      const found = await pool.call("checkpoint/collect", { ...asked, confirm: false }, options);
      if (found.count === 0) {
        context.document(found);
        context.say(`Nothing goes: all ${countText(found.kept, "checkpoint")} are kept.\n`);
        return EXIT.ok;
      }
      const what = `${countText(found.count, "checkpoint")} of ${found.count + found.kept}, ${bytesText(found.bytes)}`;
      if (given.values.yes !== true && !(await ask(context, `Delete ${what}?`))) {
        context.note(`Nothing was deleted. To delete ${what}, add --yes.\n`);
        context.document(found);
        return EXIT.usage;
      }
      const done = await pool.call("checkpoint/collect", { ...asked, confirm: true }, options);
      context.document(done);
      context.say(
        `Deleted ${countText(done.count, "checkpoint")}: ${bytesText(done.bytes)} are free again; ${done.kept} are kept.\n`,
      );
      return EXIT.ok;
    });
  },
};
