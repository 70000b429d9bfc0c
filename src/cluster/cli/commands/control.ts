/** Acting on experiments and trials: stop, kill, pause, resume, delete. */
import { EXIT, withPool, type Command } from "../command.ts";
import { parseExperiment, parseTarget, parseTrial } from "../ids.ts";
import { ask } from "../prompt.ts";
import { bytesText } from "../text.ts";
import { countText } from "../../client/numberWords.ts";

function action(verb: "stop" | "kill" | "pause" | "resume", summary: string, done: string): Command {
  return {
    name: verb,
    usage: `${verb} ID`,
    summary,
    arguments: ["ID"],
    run: async (context, given) => {
      const text = given.arguments[0] ?? "";
      const target = parseTarget(text);
      return withPool(context, async (pool) => {
        await pool.call(`trial/${verb}`, target, { signal: context.signal });
        context.document(target);
        context.say(`${text} ${done}.\n`);
        return EXIT.ok;
      });
    },
  };
}

export const stop = action("stop", "Ask an experiment (12) or a trial (12.3) to end.", "is asked to stop");
export const kill = action("kill", "Kill an experiment or a trial: its whole process tree.", "is killed");
export const pause = action("pause", "Checkpoint, and give the slots back.", "is asked to pause");
export const resume = action("resume", "Go on from the last checkpoint.", "goes on");

export const preempt: Command = {
  name: "preempt",
  usage: "preempt TRIAL",
  summary: "Let a trial checkpoint and give its slots to who waits; it goes on in its turn.",
  arguments: ["TRIAL"],
  run: async (context, given) => {
    const trialId = parseTrial(given.arguments[0] ?? "");
    return withPool(context, async (pool) => {
      await pool.call("trial/preempt", { trialId }, { signal: context.signal });
      context.document({ trialId });
      context.say(`${trialId} is asked to give its slots back.\n`);
      return EXIT.ok;
    });
  },
};

export const remove: Command = {
  name: "delete",
  usage: "delete ID [--yes]",
  summary: "Delete an experiment with its checkpoints and files; asks first.",
  options: { yes: { type: "boolean", short: "y" } },
  arguments: ["ID"],
  run: async (context, given) => {
    const experimentId = parseExperiment(given.arguments[0] ?? "");
    return withPool(context, async (pool) => {
      if (given.values.yes !== true) {
        const counted = await pool.call(
          "experiment/delete",
          { experimentId, confirm: false },
          { signal: context.signal },
        );
        const what = `experiment ${experimentId} with ${countText(counted.checkpoints, "checkpoint")}, ${bytesText(counted.bytes)}`;
        if (!(await ask(context, `Delete ${what}?`))) {
          context.note(`Nothing was deleted. To delete ${what}, add --yes.\n`);
          context.document(counted);
          return EXIT.usage;
        }
      }
      const deleted = await pool.call(
        "experiment/delete",
        { experimentId, confirm: true },
        { signal: context.signal },
      );
      context.document(deleted);
      context.say(`Deleted experiment ${experimentId}: ${bytesText(deleted.bytes)} are free again.\n`);
      return EXIT.ok;
    });
  },
};
