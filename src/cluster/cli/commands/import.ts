/** Runs that other tools have logged, brought in as experiments. */
import { realpath } from "node:fs/promises";
import { countText } from "../../client/numberWords.ts";
import { type FoundRun, type ReadRuns, readRuns } from "../../client/imports/readRuns.ts";
import { knownRuns, sendRuns } from "../../client/imports/sendRuns.ts";
import { UserError } from "../../client/userError.ts";
import { EXIT, withPool, type Command, type Context, type Values } from "../command.ts";
import { ask } from "../prompt.ts";
import { plain, table } from "../text.ts";

const CLEAR_LINE = "\r\u001b[K";

export const importRuns: Command = {
  name: "import",
  usage: "import PATH... [--dry-run] [--yes]",
  summary:
    "Bring in finished runs of TensorBoard, W&B, MLflow and CSV logs as experiments; shows them first.",
  details: `A path is a folder to look through, or a file: events.out.tfevents.*, *.wandb, mlflow.db, a CSV log. Nothing there is changed.
A run that is in the pool already is not brought in again.

  --dry-run    only show what is there
  --yes        do not ask`,
  options: { "dry-run": { type: "boolean" }, yes: { type: "boolean", short: "y" } },
  arguments: ["PATH..."],
  run: async (context, given) => {
    const read = await readRuns({
      paths: given.arguments,
      cwd: context.cwd,
      pythonFolder: context.pythonFolder,
      signal: context.signal,
      onProgress: progress(context, "read"),
    });
    return importFrom(context, read, given.values).finally(read.forget);
  },
};

async function importFrom(context: Context, read: ReadRuns, values: Values): Promise<number> {
  for (const problem of read.problems) context.note(`note: ${plain(problem)}\n`);
  if (read.runs.length === 0)
    throw new UserError(
      "No run was found.",
      "Name a folder that TensorBoard, W&B (wandb/) or MLflow (mlruns/, mlflow.db) has written to, or a CSV log.",
    );
  return withPool(context, async (pool) => {
    const known = await knownRuns(pool, read.runs, context.signal);
    const fresh = uniqueOf(read.runs).filter(({ id }) => !known.has(id));
    const found = read.runs.map((run) => ({ ...run, experimentId: known.get(run.id) ?? null }));
    context.say(table(["NAME", "FROM", "POINTS", "METRICS", "PATH"], found.map(rowOf), context.paint));
    for (const run of found)
      for (const problem of run.problems) context.note(`note: ${plain(`${run.name}: ${problem}`)}\n`);
    const what = countText(fresh.length, "run");
    if (fresh.length === 0 || values["dry-run"] === true) {
      context.document({ runs: found, imported: [] });
      if (fresh.length === 0) context.say("All of them are in the pool already.\n");
      return EXIT.ok;
    }
    if (values.yes !== true && !(await ask(context, `Import ${what}?`))) {
      context.note(`Nothing was imported. To import ${what}, add --yes.\n`);
      context.document({ runs: found, imported: [] });
      return EXIT.usage;
    }
    const tell = progress(context, "imported");
    let done = 0;
    const sent = await sendRuns(pool, read, fresh, {
      workspace: await realpath(context.cwd),
      signal: context.signal,
      onSent: () => tell(++done, fresh.length),
    });
    context.document({
      runs: found,
      imported: sent.map(({ run, experimentId }) => ({ id: run.id, experimentId })),
    });
    const ids = sent.map(({ experimentId }) => experimentId);
    context.say(`Imported ${what} as experiment ${ids.join(", ")}.\n`);
    return EXIT.ok;
  });
}

/** The same run may lie at two of the paths. */
function uniqueOf(runs: readonly FoundRun[]): FoundRun[] {
  return [...new Map(runs.map((run) => [run.id, run])).values()];
}

function rowOf(run: FoundRun & { experimentId: number | null }): string[] {
  return [
    run.name,
    run.from,
    String(run.points),
    String(run.metricCount),
    run.experimentId === null ? run.source : `already imported as ${run.experimentId}`,
  ];
}

/** A line that is redrawn on a terminal; nothing elsewhere. */
function progress(context: Context, what: string): (done: number, total: number) => void {
  if (context.stderr.isTTY !== true) return () => undefined;
  return (done, total) => {
    if (total > 0)
      context.note(`\r${what} ${done} of ${countText(total, "run")}${done >= total ? CLEAR_LINE : ""}`);
  };
}
