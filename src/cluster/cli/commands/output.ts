/** What a run says: logs and metrics. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Result } from "../../protocol/methods.ts";
import { readPoints } from "../../client/points.ts";
import { FINAL_TRIAL_STATES } from "../../protocol/entities.ts";
import { EXIT, UsageError, withPool, type Command, type Context, type Pool } from "../command.ts";
import { readExperiment } from "../../client/readExperiment.ts";
import { parseId } from "../ids.ts";
import { readTrial } from "../readTrial.ts";
import { numberText, plainOutput, table } from "../text.ts";

const FOLLOW_EVERY_MS = 300;
const CHUNK_BYTES = 1024 * 1024;

export const logs: Command = {
  name: "logs",
  usage: "logs ID [-f] [--stderr]",
  summary: "Output of an experiment's trial (12, 12.3) or of one attempt (12.3.1).",
  options: { follow: { type: "boolean", short: "f" }, stderr: { type: "boolean" } },
  arguments: ["ID"],
  run: async (context, given) => {
    const text = given.arguments[0] ?? "";
    const follow = given.values.follow === true;
    const stream = given.values.stderr === true ? "stderr" : "stdout";
    if (follow && context.json)
      throw new UsageError("`--json` prints one document; it does not go with `--follow`.");
    return withPool(context, async (pool) => {
      if (context.json) {
        const { runId } = await findRun(context, pool, text);
        const chunks: Uint8Array[] = [];
        if (runId) await readOutput(context, pool, runId, stream, 0, (chunk) => chunks.push(chunk));
        context.document({ runId, stream, text: Buffer.concat(chunks).toString("utf8") });
        return EXIT.ok;
      }
      let current: string | null = null;
      let offset = 0;
      let write = writer(context);
      for (;;) {
        const { runId, final } = await findRun(context, pool, text);
        if (runId !== null && runId !== current) {
          if (current !== null) {
            context.note(`--- run ${runId}\n`);
            write = writer(context);
          }
          [current, offset] = [runId, 0];
        }
        if (current !== null) offset = await readOutput(context, pool, current, stream, offset, write);
        if (!follow || (final && runId === current)) return EXIT.ok;
        await sleep(FOLLOW_EVERY_MS, undefined, { signal: context.signal });
      }
    });
  },
};

/** A terminal sees text; a file or a pipe gets the bytes as the script wrote them. */
function writer(context: Context): (chunk: Uint8Array) => void {
  const decoder = new TextDecoder();
  if (context.stdout.isTTY !== true) return (chunk) => void context.stdout.write(chunk);
  return (chunk) => void context.stdout.write(plainOutput(decoder.decode(chunk, { stream: true })));
}

async function readOutput(
  context: Context,
  pool: Pool,
  runId: string,
  stream: "stdout" | "stderr",
  from: number,
  write: (chunk: Uint8Array) => void,
): Promise<number> {
  for (let offset = from; ;) {
    const read: Result<"output/read"> = await pool.call(
      "output/read",
      { runId, stream, offset, limit: CHUNK_BYTES },
      { signal: context.signal },
    );
    if (read.bytes.length === 0) return offset;
    write(read.bytes);
    offset = read.offset + read.bytes.length;
    if (offset >= read.size) return offset;
  }
}

/** The run that an id means now, and whether no further one will come. */
async function findRun(
  context: Context,
  pool: Pool,
  text: string,
): Promise<{ runId: string | null; final: boolean }> {
  const id = parseId(text);
  if (id.kind === "checkpoint") throw new UsageError("`logs` takes an experiment, a trial or a run.");
  const { trial, runs: found } = await readTrial(
    context,
    pool,
    id.kind === "experiment" ? await onlyTrial(context, pool, id.experimentId) : id.trialId,
  );
  if (id.kind === "run") {
    const run = found.find((candidate) => candidate.id === id.runId);
    if (!run) throw new UsageError(`There is no run ${id.runId}.`);
    return { runId: run.id, final: run.endedAt !== null };
  }
  const runs = [...found].sort((a, b) => a.attempt - b.attempt);
  const isFinal = (FINAL_TRIAL_STATES as readonly string[]).includes(trial.state);
  return { runId: trial.currentRun ?? runs.at(-1)?.id ?? null, final: isFinal };
}

async function onlyTrial({ signal }: Context, pool: Pool, experimentId: number): Promise<string> {
  const { experiment, trials } = await pool.call("experiment/read", { experimentId, limit: 2 }, { signal });
  const [trial] = trials;
  if (!trial) throw new UsageError(`There is no trial ${experimentId}.`);
  const count = Object.values(experiment.trialCounts).reduce((sum, one) => sum + one, 0);
  if (trials.length > 1)
    throw new UsageError(`Experiment ${experimentId} has ${count} trials: name one (such as ${trial.id}).`);
  return trial.id;
}

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
