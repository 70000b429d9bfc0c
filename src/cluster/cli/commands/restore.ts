import path from "node:path";
import { rankCheckpoints } from "../../client/checkpointChoice.ts";
import { checkpointFolder } from "../../client/restore.ts";
import { restoreThroughCuts } from "../../client/restore/throughCuts.ts";
import { UserError } from "../../client/userError.ts";
import type { Checkpoint } from "../../protocol/entities.ts";
import {
  connectAgain,
  EXIT,
  UsageError,
  withPool,
  type Command,
  type Context,
  type Pool,
} from "../command.ts";
import { parseId } from "../ids.ts";
import { readExperiment } from "../../client/readExperiment.ts";
import { readTrial } from "../readTrial.ts";
import { ask } from "../prompt.ts";
import { bytesText, CLEAR_LINE, plain } from "../text.ts";
import { countText, numberText } from "../../client/numberWords.ts";

/** On a terminal, where the progress was drawn. */

export const restore: Command = {
  name: "restore",
  usage: "restore ID [--to DIR] [--replace]",
  summary: "Bring back the best checkpoint of an experiment (12) or a trial (12.3), or one by its UUID.",
  details: `It is verified against its manifest and put into checkpoints/<experiment>-<trial>-step<N>/ of this folder.

  --to DIR     another folder; it must not exist
  --replace    replace what is there`,
  options: { to: { type: "string" }, replace: { type: "boolean" } },
  arguments: ["ID"],
  run: async (context, given) => {
    const text = given.arguments[0] ?? "";
    const { to } = given.values;
    return withPool(context, async (pool) => {
      const checkpoint = await findCheckpoint(context, pool, text);
      const destination =
        typeof to === "string" ? path.resolve(context.cwd, to) : checkpointFolder(context.cwd, checkpoint);
      let again: Pool | null = null;
      const attempt = (replace: boolean): ReturnType<typeof restoreThroughCuts> =>
        restoreThroughCuts({
          connection: again ?? pool,
          reconnect: async () => {
            again?.close();
            return (again = await connectAgain(context));
          },
          uuid: checkpoint.uuid,
          destination,
          replace,
          signal: context.signal,
          onProgress: progress(context),
          onCut: () =>
            context.note(
              `${context.stderr.isTTY === true ? CLEAR_LINE : ""}The connection was cut: it is waited for; Ctrl-C gives up.\n`,
            ),
        }).finally(() => again?.close());
      let restored = await attempt(given.values.replace === true);
      if (restored.kind === "conflict") {
        context.note(`${plain(restored.folder)} is there already. ${plain(restored.reason)}\n`);
        if (!(await ask(context, "Replace it?")))
          throw new UserError("Nothing was restored.", "Add --replace, or name another folder with --to.");
        restored = await attempt(true);
      }
      if (restored.kind === "conflict") throw new UserError(restored.reason);
      context.document({ folder: restored.folder, already: restored.kind === "already", checkpoint });
      const size = `${countText(restored.manifest.files.length, "file")}, ${bytesText(checkpoint.bytes)}, verified`;
      const what = `Step ${numberText(checkpoint.step)} of ${checkpoint.trialId} (${size})`;
      const where = path.relative(context.cwd, restored.folder) || restored.folder;
      context.say(
        `${what} ${restored.kind === "already" ? "was there already" : "is restored"}: ${plain(where)}\n`,
      );
      return EXIT.ok;
    });
  },
};

/** The best one of an experiment, a trial or a run, or the one that is named. */
export async function findCheckpoint(context: Context, pool: Pool, text: string): Promise<Checkpoint> {
  const id = parseId(text);
  if (id.kind === "checkpoint") {
    const { manifest } = await pool.call(
      "checkpoint/manifest",
      { uuid: id.uuid },
      { signal: context.signal },
    );
    const got = await readTrial(context, pool, manifest.trial);
    const found = got.checkpoints.find((checkpoint) => checkpoint.uuid === id.uuid);
    if (!found) throw new UsageError(`There is no checkpoint ${id.uuid}.`);
    return found;
  }
  const got =
    id.kind === "experiment"
      ? await readExperiment(pool, id.experimentId, context.signal)
      : await readTrial(context, pool, id.trialId);
  const wanted = got.checkpoints.filter(({ runId }) => id.kind !== "run" || runId === id.runId);
  const [best] = rankCheckpoints(wanted, got.experiment.metric);
  if (!best) throw new UserError(`${text} has no checkpoint.`, "See its state with: trainyard show");
  return best;
}

/** A line that is redrawn on a terminal; nothing elsewhere. */
function progress(
  context: Context,
): (progress: { bytes: number; totalBytes: number; phase: string }) => void {
  if (context.stderr.isTTY !== true) return () => undefined;
  let last = 0;
  return ({ bytes, totalBytes, phase }) => {
    const now = Date.now();
    const done = bytes >= totalBytes;
    if (!done && now - last < 100) return;
    last = now;
    const percent = totalBytes > 0 ? Math.floor((100 * bytes) / totalBytes) : 100;
    context.note(`\r${phase} ${percent} % of ${bytesText(totalBytes)}${done ? CLEAR_LINE : ""}`);
  };
}
