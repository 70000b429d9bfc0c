/** Who waits for slots, when somebody would get them, and who comes first. */
import { preemptsText, startsText } from "../../protocol/queueWords.ts";
import type { QueueChange } from "../../protocol/scheduling.ts";
import { EXIT, UsageError, withPool, type Command } from "../command.ts";
import { parseExperiment } from "../ids.ts";
import { wholeNumber } from "../numbers.ts";
import { ask } from "../prompt.ts";
import { table } from "../text.ts";
import { countText } from "../../client/numberWords.ts";

export const queue: Command = {
  name: "queue",
  usage: "queue",
  summary: "Who waits for slots, for how long, and what would start them now.",
  arguments: [],
  run: (context) =>
    withPool(context, async (pool) => {
      const state = await pool.call("queue/state", {}, { signal: context.signal });
      context.document(state);
      if (state.waiting.length === 0) context.say("Nobody waits.\n");
      else
        context.say(
          table(
            ["PLACE", "TRIAL", "SLOTS", "STARTS", "WHY", "WOULD START IT"],
            state.waiting.map(({ place, trialId, slots, startsIn, reason, change }) => [
              String(place),
              trialId,
              String(slots),
              startsText(startsIn),
              reason,
              change === null ? "" : commandOf(change),
            ]),
            context.paint,
          ),
        );
      return EXIT.ok;
    }),
};

export const forecast: Command = {
  name: "forecast",
  usage: "forecast [--slots N] [--priority N]",
  summary: "When a trial that came now would get its slots.",
  options: { slots: { type: "string" }, priority: { type: "string" } },
  arguments: [],
  run: (context, given) => {
    const slots = wholeNumber("--slots", given.values.slots, 0, 1024) ?? 1;
    const priority = wholeNumber("--priority", given.values.priority, 1, 99);
    return withPool(context, async (pool) => {
      const asked = { slots, ...(priority !== null && { priority }) };
      const found = await pool.call("queue/forecast", asked, { signal: context.signal });
      context.document(found);
      const { startsIn, reason, preempts } = found;
      if (startsIn?.toMs === 0) context.say(`${countText(slots, "slot")}: now.\n`);
      else context.say(`${countText(slots, "slot")}: ${startsText(startsIn)}. ${reason}\n`);
      if (preempts.length > 0) context.say(`${preemptsText(preempts)}\n`);
      return EXIT.ok;
    });
  },
};

export const priority: Command = {
  name: "priority",
  usage: "priority ID [N] [--weight W] [--max-slots N|none] [--yes]",
  summary: "Change who comes first: 1 to 99, lower first; asks before trials are preempted.",
  options: {
    weight: { type: "string" },
    "max-slots": { type: "string" },
    yes: { type: "boolean", short: "y" },
  },
  arguments: ["ID", "N?"],
  run: (context, given) => {
    const experimentId = parseExperiment(given.arguments[0] ?? "");
    const { weight, "max-slots": maxSlots } = given.values;
    const priority = wholeNumber("priority", given.arguments[1], 1, 99);
    const change = {
      ...(priority !== null && { priority }),
      ...(weight !== undefined && { weight: weightOf(weight) }),
      ...(maxSlots !== undefined && {
        maxSlots: maxSlots === "none" ? null : wholeNumber("--max-slots", maxSlots, 1, 1_000_000),
      }),
    };
    if (Object.keys(change).length === 0)
      throw new UsageError("Say what is to change: a priority, --weight or --max-slots.");
    const asked = { experimentId, ...change };
    return withPool(context, async (pool) => {
      const options = { signal: context.signal };
      const { preempts } = await pool.call("experiment/setResources", { ...asked, confirm: false }, options);
      if (preempts.length > 0 && given.values.yes !== true) {
        context.note(`${preemptsText(preempts)}\n`);
        if (!(await ask(context, "Change it?"))) {
          context.note("Nothing was changed. To change it all the same, add --yes.\n");
          return EXIT.usage;
        }
      }
      const done = await pool.call("experiment/setResources", { ...asked, confirm: true }, options);
      context.document(done);
      const starts = done.starts.length === 0 ? "" : ` ${countText(done.starts.length, "trial")} can start.`;
      context.say(`Experiment ${experimentId} is changed.${starts}\n`);
      return EXIT.ok;
    });
  },
};

function commandOf(change: QueueChange): string {
  switch (change.type) {
    case "priority":
      return `priority ${change.experimentId} ${change.priority}`;
    case "maxSlots":
      return `priority ${change.experimentId} --max-slots ${change.maxSlots ?? "none"}`;
    case "pause":
      return `pause ${change.trialId}`;
  }
}

function weightOf(text: string | boolean): number {
  const value = Number(text);
  if (typeof text !== "string" || !Number.isFinite(value) || value <= 0)
    throw new UsageError(`\`--weight ${text}\`: a number above 0 is needed.`);
  return value;
}
