/** `trainyard compare`: what tells trials apart. */
import { compare as rowsOf, SECTIONS, type Cell, type Compared } from "../../client/compare/comparison.ts";
import { readCompared } from "../../client/compare/readCompared.ts";
import { standsFor } from "../../client/compare/standsFor.ts";
import type { Target } from "../../protocol/methods.ts";
import { EXIT, UsageError, withPool, type Command, type Context, type Pool } from "../command.ts";
import { parseTarget } from "../ids.ts";
import { numberText, table } from "../text.ts";

const MOST = 8;

export const compare: Command = {
  name: "compare",
  usage: "compare ID ID... [--all]",
  summary:
    "What differs between 2 to 8 trials: results, parameters, seeds, packages, code; `*` marks the best.",
  details: "An experiment stands for its best trial. With --all what is alike is shown too.",
  options: { all: { type: "boolean" } },
  arguments: ["ID", "ID...?"],
  run: async (context, given) => {
    const targets = given.arguments.map(parseTarget);
    if (targets.length < 2 || targets.length > MOST)
      throw new UsageError(`\`compare\` takes 2 to ${MOST} experiments (12) or trials (12.3).`);
    return withPool(context, async (pool) => {
      const compared = await Promise.all(targets.map((target) => read(pool, context, target)));
      const rows = rowsOf(compared).filter(({ differs }) => differs || given.values.all === true);
      const trialIds = compared.map(({ trial }) => trial.id);
      context.document({ trials: trialIds, rows });
      if (rows.length === 0) context.say("They do not differ in anything that is known of them.\n");
      for (const section of SECTIONS) {
        const own = rows.filter((row) => row.section === section);
        if (own.length === 0) continue;
        const cells = own.map((row) => [
          row.name,
          ...row.cells.map((cell, column) => cellText(cell) + (row.best.includes(column) ? " *" : "")),
        ]);
        context.say(`${table([section.toUpperCase(), ...trialIds], cells, context.paint)}\n`);
      }
      return EXIT.ok;
    });
  },
};

async function read(pool: Pool, { signal }: Context, target: Target): Promise<Compared> {
  const experimentId = "trialId" in target ? Number(target.trialId.split(".")[0]) : target.experimentId;
  const { experiment, trials, runs } = await pool.call("experiment/get", { experimentId }, { signal });
  const trial =
    "trialId" in target ? trials.find(({ id }) => id === target.trialId) : standsFor(experiment, trials);
  if (!trial)
    throw new UsageError(
      "trialId" in target
        ? `Experiment ${experimentId} has no trial ${target.trialId}.`
        : `Experiment ${experimentId} has no trial yet.`,
    );
  const own = runs.filter(({ trialId }) => trialId === trial.id).sort((a, b) => a.attempt - b.attempt);
  return readCompared(pool, { experiment, trial, runs: own }, signal);
}

function cellText(cell: Cell): string {
  if (cell === null) return "-";
  return typeof cell === "number" ? numberText(cell) : cell;
}
