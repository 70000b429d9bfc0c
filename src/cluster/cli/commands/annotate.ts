/** What a person writes on experiments and trials: rename, note, label, star. */
import { text as readAll } from "node:stream/consumers";
import { Label, type Experiment, type Trial } from "../../protocol/entities.ts";
import type { Input, Target } from "../../protocol/methods.ts";
import { EXIT, UsageError, withPool, type Command, type Context, type Pool } from "../command.ts";
import { parseTarget } from "../ids.ts";
import { plain, plainOutput } from "../text.ts";
import { readTrial } from "../readTrial.ts";

export const rename: Command = {
  name: "rename",
  usage: "rename ID NAME",
  summary: "Give an experiment (12) or a trial (12.3) another name.",
  details: "An empty name takes a trial's own away: it goes by its number again.",
  arguments: ["ID", "NAME"],
  run: async (context, given) => {
    const text = given.arguments[0] ?? "";
    const target = parseTarget(text);
    const name = (given.arguments[1] ?? "").trim();
    const isTaken = name === "" && "trialId" in target;
    if ((name === "" && !isTaken) || name.length > 250)
      throw new UsageError("A name has 1 to 250 characters.");
    return withPool(context, async (pool) => {
      const { signal } = context;
      if ("trialId" in target)
        await pool.call("trial/annotate", { ...target, name: name || null }, { signal });
      else await pool.call("experiment/rename", { ...target, name }, { signal });
      context.document({ ...target, name: name || null });
      context.say(`${text} is renamed.\n`);
      return EXIT.ok;
    });
  },
};

export const note: Command = {
  name: "note",
  usage: "note ID [TEXT|-]",
  summary:
    "Show the notes (Markdown) of an experiment or a trial, or replace them; `-` reads them from the input.",
  arguments: ["ID", "TEXT?"],
  run: async (context, given) => {
    const text = given.arguments[0] ?? "";
    const target = parseTarget(text);
    const written = given.arguments[1];
    const notes = written === "-" ? await readAll(context.stdin) : written;
    if (notes !== undefined && notes.length > 100_000)
      throw new UsageError("Notes have at most 100,000 characters.");
    return withPool(context, async (pool) => {
      if (notes !== undefined) await annotate(pool, context, target, { notes });
      const shown = notes ?? (await get(pool, context, target)).notes;
      context.document({ ...target, notes: shown });
      if (notes !== undefined) context.say(`The notes of ${text} are written.\n`);
      else context.say(shown === "" ? `${text} has no notes.\n` : `${plainOutput(shown).trimEnd()}\n`);
      return EXIT.ok;
    });
  },
};

export const label: Command = {
  name: "label",
  usage: "label ID [+LABEL|-LABEL]...",
  summary: "Show the labels of an experiment or a trial; `+a` adds one, `-a` takes one away.",
  arguments: ["ID", "LABEL...?"],
  takesDashes: true,
  run: async (context, given) => {
    const [text = "", ...own] = given.arguments;
    const target = parseTarget(text);
    const changes = own.map(parseChange);
    return withPool(context, async (pool) => {
      const labels = new Set((await get(pool, context, target)).labels);
      for (const { adds, name } of changes)
        if (adds) labels.add(name);
        else labels.delete(name);
      if (changes.length > 0) await annotate(pool, context, target, { labels: [...labels] });
      context.document({ ...target, labels: [...labels] });
      context.say(labels.size === 0 ? `${text} has no labels.\n` : `${[...labels].join(", ")}\n`);
      return EXIT.ok;
    });
  },
};

/** @throws UsageError */
function parseChange(text: string): { adds: boolean; name: string } {
  const name = Label.safeParse(text.slice(1));
  if (!/^[+-]/.test(text) || !name.success)
    throw new UsageError(
      `\`${plain(text)}\` is neither +LABEL nor -LABEL with 1 to 50 characters of one line.`,
    );
  return { adds: text.startsWith("+"), name: name.data };
}

async function annotate(
  pool: Pool,
  { signal }: Context,
  target: Target,
  change: Pick<Input<"experiment/annotate">, "notes" | "labels">,
): Promise<void> {
  if ("trialId" in target) await pool.call("trial/annotate", { ...target, ...change }, { signal });
  else await pool.call("experiment/annotate", { ...target, ...change }, { signal });
}

/** @throws UsageError for a trial that there is not */
async function get(pool: Pool, context: Context, target: Target): Promise<Experiment | Trial> {
  if ("trialId" in target) return (await readTrial(context, pool, target.trialId)).trial;
  const { experimentId } = target;
  const { signal } = context;
  return (await pool.call("experiment/get", { experimentId, contents: "none" }, { signal })).experiment;
}
