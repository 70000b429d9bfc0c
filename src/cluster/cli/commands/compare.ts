/** `trainyard compare`: what tells trials apart. */
import { compare as rowsOf, SECTIONS, type Cell, type Compared } from "../../client/compare/comparison.ts";
import { readCompared } from "../../client/compare/readCompared.ts";
import type { Target } from "../../protocol/methods.ts";
import { EXIT, UsageError, withPool, type Command, type Context, type Pool } from "../command.ts";
import { parseTarget } from "../ids.ts";
import { readTrial } from "../readTrial.ts";
import { table } from "../text.ts";
import { numberText } from "../../client/numberWords.ts";

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

/** Its best; while none has a value the first. */
async function standsFor(pool: Pool, { signal }: Context, experimentId: number): Promise<string> {
  const { experiment, trials } = await pool.call("experiment/read", { experimentId, limit: 1 }, { signal });
  const id = experiment.best?.trialId ?? trials[0]?.id;
  if (id === undefined) throw new UsageError(`Experiment ${experimentId} has no trial yet.`);
  return id;
}

async function read(pool: Pool, context: Context, target: Target): Promise<Compared> {
  const trialId = "trialId" in target ? target.trialId : await standsFor(pool, context, target.experimentId);
  return readCompared(pool, await readTrial(context, pool, trialId), context.signal);
}

function cellText(cell: Cell): string {
  if (cell === null) return "-";
  return typeof cell === "number" ? numberText(cell) : cell;
}
