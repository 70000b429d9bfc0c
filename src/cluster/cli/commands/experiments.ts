/** Looking at experiments: list, show, checkpoints. */
import { rankCheckpoints } from "../../client/checkpointChoice.ts";
import type { Checkpoint, Experiment, MetricChoice, Trial } from "../../protocol/entities.ts";
import type { Result } from "../../protocol/methods.ts";
import { EXIT, UsageError, withPool, type Command, type Context } from "../command.ts";
import { readExperiment, readExperiments } from "../../client/readExperiment.ts";
import { filterProblem } from "../../protocol/textFilter.ts";
import { parseId } from "../ids.ts";
import { wholeNumber } from "../numbers.ts";
import { readTrial } from "../readTrial.ts";
import { agoText, bytesText, durationText, pairs, stateColour, table } from "../text.ts";
import { countText, numberText } from "../../client/numberWords.ts";

/** More than this in one table nobody reads. */
const ROWS_SHOWN = 200;

export const list: Command = {
  name: "list",
  usage: "list [--filter TEXT] [--limit N]",
  summary: "Experiments, newest first.",
  details:
    "TEXT: words that all must hold, of an experiment and one of its trials: `digits state:failed lr<0.01 loss<0.2 -sgd`. Of\n" +
    "metrics the one that says which trial is best, of parameters those of the configuration.",
  options: { filter: { type: "string", short: "f" }, limit: { type: "string", short: "n" } },
  arguments: [],
  run: (context, given) => {
    const filter = String(given.values.filter ?? "").trim();
    const problem = filterProblem(filter);
    if (problem !== null) throw new UsageError(`The filter cannot be read: ${problem}`);
    const most = wholeNumber("--limit", given.values.limit, 1, 1_000_000);
    return withPool(context, async (pool) => {
      const { experiments, total } = await readExperiments(pool, { filter }, most, context.signal);
      context.document({ experiments, total });
      if (experiments.length === 0 && filter === "")
        context.say("No experiments yet. Submit a script: trainyard submit train.py\n");
      else if (experiments.length === 0) context.say(`No experiment matches: ${filter}\n`);
      else
        context.say(
          table(
            ["ID", "STATE", "NAME", "BEST", "CREATED", "TOOK"],
            experiments.map((experiment) => [
              String(experiment.id),
              {
                text: experiment.question === null ? experiment.state : `${experiment.state}, asks`,
                colour: stateColour(experiment.state),
              },
              experiment.name,
              bestText(experiment),
              agoText(experiment.createdAt),
              experiment.endedAt === null ? "" : durationText(experiment.endedAt - experiment.createdAt),
            ]),
            context.paint,
          ),
        );
      if (experiments.length < total)
        context.note(`${experiments.length} of ${total}: --limit ${total} lists all.\n`);
      return EXIT.ok;
    });
  },
};

export const show: Command = {
  name: "show",
  usage: "show ID [--limit N]",
  summary: "One experiment (12) or trial (12.3): state, trials, checkpoints, and why it failed.",
  details: `Of a search's trials and checkpoints the first N (${ROWS_SHOWN}); --json has them all.`,
  options: { limit: { type: "string", short: "n" } },
  arguments: ["ID"],
  run: async (context, given) => {
    const id = parseId(given.arguments[0] ?? "");
    if (id.kind === "checkpoint") throw new UsageError("`show` takes an experiment (12) or a trial (12.3).");
    const most = wholeNumber("--limit", given.values.limit, 1, 1_000_000) ?? ROWS_SHOWN;
    return withPool(context, async (pool) => {
      if (id.kind === "experiment") {
        const got = await readExperiment(pool, id.experimentId, context.signal);
        context.document(got);
        showExperiment(context, got, most);
        return EXIT.ok;
      }
      const { trial, runs, checkpoints } = await readTrial(context, pool, id.trialId);
      context.document({ trial, runs, checkpoints });
      showTrial(context, trial);
      return EXIT.ok;
    });
  },
};

export const checkpoints: Command = {
  name: "checkpoints",
  usage: "checkpoints ID",
  summary: "Checkpoints of an experiment or a trial, best first.",
  arguments: ["ID"],
  run: async (context, given) => {
    const id = parseId(given.arguments[0] ?? "");
    if (id.kind === "checkpoint")
      throw new UsageError("`checkpoints` takes an experiment (12) or a trial (12.3).");
    return withPool(context, async (pool) => {
      const got =
        id.kind === "experiment"
          ? await readExperiment(pool, id.experimentId, context.signal)
          : await readTrial(context, pool, id.trialId);
      const ranked = rankCheckpoints(
        got.checkpoints.filter(({ runId }) => id.kind !== "run" || runId === id.runId),
        got.experiment.metric,
      );
      context.document({ checkpoints: ranked });
      context.say(
        ranked.length === 0
          ? "No checkpoints: a script writes one with `with run.checkpoint(step) as path:`.\n"
          : checkpointTable(context, ranked, got.experiment.metric),
      );
      return EXIT.ok;
    });
  },
};

/** What a search waits for, and the two answers. */
export function questionText({ id, question }: Experiment): string | null {
  if (question === null) return null;
  return `${question.message} Go on with \`trainyard resume ${id}\`, or end it with \`trainyard stop ${id}\`.`;
}

function showExperiment(
  context: Context,
  { experiment, trials, checkpoints: kept }: Result<"experiment/get">,
  most: number,
): void {
  const { snapshot, imported } = experiment;
  const head = snapshot.head;
  const code = `${snapshot.tree.slice(0, 12)}, ${countText(snapshot.files, "file")}, ${bytesText(snapshot.bytes)}`;
  const commit = head
    ? ` (${head.branch ?? "detached"} ${head.commit.slice(0, 8)}${head.modified ? ", modified" : ""})`
    : "";
  const only = trials.length === 1 ? trials[0] : undefined;
  context.say(
    pairs(
      [
        ["Experiment", `${experiment.id}  ${experiment.name}`],
        ["State", experiment.state],
        ["Asks", questionText(experiment)],
        ["Labels", experiment.labels.join(", ") || null],
        ["Notes", firstLine(experiment.notes)],
        ["Why", only ? whyText(only) : null],
        ["Imported", imported ? `from ${imported.from}: ${imported.source}` : null],
        ["Command", imported ? null : experiment.commandLine.join(" ")],
        ["Workspace", experiment.workspace || "not known"],
        ["Code", imported ? null : code + commit],
        ["Linked", snapshot.linked.length > 0 ? snapshot.linked.map(({ path }) => path).join(", ") : null],
        [
          "Not sent",
          snapshot.leftOut.length > 0 ? snapshot.leftOut.map(({ path }) => path).join(", ") : null,
        ],
        ["Configuration", experiment.configuration],
        ["Best", bestText(experiment) || null],
        [imported ? "Ran" : "Created", agoText(experiment.createdAt)],
        ...experiment.warnings.map((warning) => ["Warning", warning] as const),
      ],
      context.paint,
    ),
  );
  if (trials.length > 0)
    context.say(
      `\n${table(
        ["TRIAL", "STATE", "STEP", "BEST", "RUNS", "WHY"],
        trials
          .slice(0, most)
          .map((trial) => [
            trial.id,
            { text: trial.state, colour: stateColour(trial.state) },
            trial.latestStep === null ? "" : numberText(trial.latestStep),
            trial.best ? `${numberText(trial.best.value)} at step ${numberText(trial.best.step)}` : "",
            String(trial.attempts),
            whyText(trial) ?? "",
          ]),
        context.paint,
      )}${moreText(trials.length, most)}`,
    );
  if (kept.length > 0) {
    const ranked = rankCheckpoints(kept, experiment.metric).slice(0, most);
    context.say(`\n${checkpointTable(context, ranked, experiment.metric)}${moreText(kept.length, most)}`);
  }
}

function moreText(count: number, most: number): string {
  return count > most ? `... and ${count - most} more: --limit ${count} shows all.\n` : "";
}

function showTrial(context: Context, trial: Trial): void {
  context.say(
    pairs(
      [
        ["Trial", [trial.id, trial.name ?? ""].join("  ").trimEnd()],
        ["Starred", trial.starred ? "yes" : null],
        ["Labels", trial.labels.join(", ") || null],
        ["Notes", firstLine(trial.notes)],
        ["State", trial.state],
        ["Why", whyText(trial)],
        ["Slots", trial.slots.join(", ") || null],
        ["Step", trial.latestStep === null ? null : numberText(trial.latestStep)],
        ["Progress", trial.progress === null ? null : `${Math.round(trial.progress * 100)} %`],
        [
          "Best",
          trial.best ? `${numberText(trial.best.value)} at step ${numberText(trial.best.step)}` : null,
        ],
        ["Runs", `${trial.attempts}, ${countText(trial.restarts, "restart")}`],
        ["Seed", String(trial.seed)],
        ["NaN", trial.nan ? `${trial.nan.metric} at step ${numberText(trial.nan.step)}` : null],
        ...Object.entries(trial.parameters).map(
          ([name, { value, origin }]) => [name, `${JSON.stringify(value)} (${origin})`] as const,
        ),
        [
          "Captured",
          (trial.captured ?? []).map(({ library, version }) => `${library} ${version}`).join(", ") || null,
        ],
        ...trial.warnings.map((warning) => ["Warning", warning] as const),
      ],
      context.paint,
    ),
  );
}

/** The rest: `trainyard note ID`. */
function firstLine(notes: string): string | null {
  return notes.split("\n").find((line) => line.trim() !== "") ?? null;
}

export function whyText(trial: Trial): string | null {
  if (trial.waitReason !== null) return trial.waitReason;
  if (!trial.failure) return null;
  const { frame, message, notSent } = trial.failure;
  const where = frame ? ` (${frame.file}:${frame.line})` : "";
  const ways = notSent ? ". See: trainyard data send --help, trainyard data map --help" : "";
  return message + where + ways;
}

function bestText({ best, metric }: Experiment): string {
  if (!best) return "";
  return `${metric ? `${metric.name} ` : ""}${numberText(best.value)} at step ${numberText(best.step)}`;
}

function checkpointTable(
  context: Context,
  ranked: readonly Checkpoint[],
  metric: MetricChoice | null,
): string {
  const name = metric ? `${metric.group}/${metric.name}` : null;
  return table(
    ["CHECKPOINT", "TRIAL", "STEP", name ?? "METRIC", "SIZE", "WRITTEN"],
    ranked.map((checkpoint) => {
      const value = name === null ? undefined : checkpoint.metrics[name];
      return [
        checkpoint.uuid,
        checkpoint.trialId,
        numberText(checkpoint.step),
        value === undefined ? "" : numberText(value),
        bytesText(checkpoint.bytes),
        agoText(checkpoint.createdAt) + (checkpoint.pinned ? ", pinned" : ""),
      ];
    }),
    context.paint,
  );
}
