/** What a run says: its metrics. */
import { readPoints } from "../../client/points.ts";
import { EXIT, UsageError, withPool, type Command } from "../command.ts";
import { readExperiment } from "../../client/readExperiment.ts";
import { parseId } from "../ids.ts";
import { table } from "../text.ts";
import { numberText } from "../../client/numberWords.ts";

export const metrics: Command = {
  name: "metrics",
  usage: "metrics ID [--metric M]",
  summary: "Last values of all metrics, or every point of one.",
  details: "M is a name (loss) or a group and a name (validation/loss).",
  options: { metric: { type: "string", short: "m" } },
  arguments: ["ID"],
  run: async (context, given) => {
    const id = parseId(given.arguments[0] ?? "");
    if (id.kind === "checkpoint")
      throw new UsageError("`metrics` takes an experiment (12) or a trial (12.3).");
    const wanted = given.values.metric;
    return withPool(context, async (pool) => {
      const trialIds =
        id.kind === "experiment"
          ? (await readExperiment(pool, id.experimentId, context.signal)).trials.map((trial) => trial.id)
          : [id.trialId];
      const listed = await Promise.all(
        trialIds.map((trialId) => pool.call("series/list", { trialId }, { signal: context.signal })),
      );
      const series = listed.flatMap((result) => result.series);
      if (typeof wanted !== "string") {
        context.document({ series });
        context.say(
          series.length === 0
            ? "No metrics yet.\n"
            : table(
                ["TRIAL", "METRIC", "POINTS", "STEP", "LAST"],
                series.map((one) => [
                  one.trialId,
                  `${one.group}/${one.name}${one.rank > 0 ? ` (rank ${one.rank})` : ""}`,
                  String(one.count),
                  numberText(one.lastStep),
                  numberText(one.lastValue),
                ]),
                context.paint,
              ),
        );
        return EXIT.ok;
      }
      const chosen = series.filter((one) => one.name === wanted || `${one.group}/${one.name}` === wanted);
      if (chosen.length === 0) {
        const names = [...new Set(series.map((one) => `${one.group}/${one.name}`))];
        throw new UsageError(
          `There is no metric \`${wanted}\`. There are: ${names.join(", ") || "none yet"}.`,
        );
      }
      const curves = await Promise.all(
        chosen.map(async ({ trialId, group, name, rank }) => {
          const series = { trialId, group, name, rank };
          return { ...series, points: await readPoints(pool, series, context.signal) };
        }),
      );
      context.document({ series: curves });
      for (const { trialId, group, name, points } of curves)
        context.say(
          table(
            ["TRIAL", "METRIC", "STEP", "TIME", "VALUE"],
            points.map((point) => [
              trialId,
              `${group}/${name}`,
              numberText(point.step),
              new Date(point.time).toISOString(),
              `${numberText(point.value)}${point.superseded ? " (superseded)" : ""}`,
            ]),
            context.paint,
          ),
        );
      return EXIT.ok;
    });
  },
};
