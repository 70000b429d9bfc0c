import { realpath } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isInsidePath } from "../../protocol/base.ts";
import { readExperiment } from "../../client/readExperiment.ts";
import type { Experiment, Trial } from "../../protocol/entities.ts";
import { findRepository } from "../../client/snapshot/person.ts";
import { confirmSize } from "../../client/snapshot/answers.ts";
import { largestFolders } from "../../client/snapshot/sizes.ts";
import type { SnapshotPlan } from "../../client/snapshot/plan.ts";
import { isDisconnected } from "../../client/poolCallError.ts";
import { defaultStateFolder } from "../../client/stateFolder.ts";
import { isRemote } from "../../client/pools/openPool.ts";
import { LOCAL_POOL } from "../../client/pools/poolList.ts";
import { submitExperiment, type SubmitOptions, type Submitted } from "../../client/submit.ts";
import { UserError } from "../../client/userError.ts";
import {
  connectAgain,
  EXIT,
  UsageError,
  type Command,
  type Context,
  type Given,
  type Pool,
} from "../command.ts";
import { environmentAnswers } from "../environmentAnswers.ts";
import { ask } from "../prompt.ts";
import { bytesText, CLEAR_LINE, plain, plainOutput } from "../text.ts";
import { countText, numberText } from "../../client/numberWords.ts";
import { questionText, whyText } from "./experiments.ts";

const WAIT_EVERY_MS = 500;

export const submit: Command = {
  name: "submit",
  usage:
    "submit SCRIPT [--config F] [--slots N] [--torchrun] [--name NAME] [--python P] [--build] [--anyway] [--wait] [--yes] [-- ARGS]",
  summary: "Snapshot the code and run the script as an experiment.",
  details: `The snapshot is the git repository around the script, or the script's folder. Its configuration is the table
[tool.trainyard] in the script's block of comments, else train.yaml or experiment.yaml beside it. Exit code with --wait: 0 when it completed, 1 when it failed.

  --config F     another configuration, or a script that has one; --config none runs without
  --slots N      slots (GPUs) of the trial, instead of the configuration's
  --torchrun     start one process for each slot
  --name NAME    name of the experiment
  --python P     interpreter: a path, or a name on PATH
  --build        on another machine: build an environment there when the interpreter lacks what the script imports,
                 from the nearest uv.lock, requirements.txt, pyproject.toml, environment.yml or block in the script
                 (with --python P: on that one)
  --anyway       submit whatever the interpreter there lacks
  --wait         show progress on stderr until the experiment ends
  --yes          send more than 100 MB or 10,000 files without asking`,
  options: {
    config: { type: "string", short: "c" },
    slots: { type: "string" },
    torchrun: { type: "boolean" },
    name: { type: "string" },
    python: { type: "string" },
    build: { type: "boolean" },
    anyway: { type: "boolean" },
    wait: { type: "boolean", short: "w" },
    yes: { type: "boolean", short: "y" },
  },
  arguments: ["SCRIPT"],
  passesOn: true,
  run: async (context, given) => {
    const script = path.resolve(context.cwd, given.arguments[0] ?? "");
    const entry = await context.pool();
    const isThere = isRemote(entry);
    const choice = choices(given, context.cwd, isThere);
    const folder = await startFolder(script, context);
    // The snapshot does not wait for the pool.
    const connecting = context.connect();
    connecting.catch(() => undefined);
    try {
      const submitted = await submitExperiment({
        ...choice,
        connection: connecting,
        pool: entry?.name ?? LOCAL_POOL,
        isRemote: isThere,
        stateFolder: defaultStateFolder(),
        script,
        folder,
        arguments: given.passedOn,
        secrets: (names) => Promise.resolve(fromEnvironment(names, context.environment)),
        environment: environmentAnswers(context, given),
        onProgress: bytesLine(context),
        onBuildOutput: (text) => context.note(plainOutput(text)),
        confirm: (plan) => confirm(context, plan, given.values.yes === true),
        signal: context.signal,
      });
      for (const note of submitted.notes) context.note(`note: ${plain(note)}\n`);
      if (given.values.wait === true) return await wait(context, await connecting, submitted, isThere);
      const { experimentId, trialId } = submitted;
      context.document({ experimentId, trialId, snapshot: submitted.snapshot });
      context.say(`${describe(submitted, isThere)}\n`);
      const endless = await whyNever(await connecting, experimentId, context.signal);
      if (endless !== null) context.note(`note: ${plain(endless)}\n`);
      return EXIT.ok;
    } finally {
      (await connecting.catch(() => null))?.close();
    }
  },
};

/** How far a large snapshot is, on one line of the terminal that is taken away again. */
function bytesLine({ stderr, note }: Pick<Context, "stderr" | "note">): SubmitOptions["onProgress"] {
  if (stderr.isTTY !== true) return undefined;
  let isShown = false;
  return (step, bytes) => {
    if (!bytes && isShown) note(CLEAR_LINE);
    isShown = bytes !== undefined;
    if (!bytes) return;
    const whole = bytes.total === null ? "" : ` of ${bytesText(bytes.total)}`;
    note(`${CLEAR_LINE}${step} ${bytesText(bytes.done)}${whole}`);
  };
}

/** Why nobody can say when it starts: it may need more slots than there are. Null where it starts, or that is known. */
async function whyNever(pool: Pool, experimentId: number, signal: AbortSignal): Promise<string | null> {
  const { waiting } = await pool.call("queue/state", {}, { signal });
  const [first] = waiting.filter((one) => one.experimentId === experimentId);
  return first?.startsIn === null ? first.reason : null;
}

export function choices(
  given: Given,
  cwd: string,
  isThere: boolean,
): Pick<SubmitOptions, "configuration" | "slots" | "launcher" | "name" | "interpreter"> {
  const { config, slots, torchrun, name, python, build, anyway } = given.values;
  if (build === true && anyway === true)
    throw new UsageError("`--build` and `--anyway` are two answers to one question.");
  if ((build === true || anyway === true) && !isThere)
    throw new UsageError("`--build` and `--anyway` are for pools on other machines.");
  if (typeof slots === "string" && !/^\d{1,4}$/.test(slots))
    throw new UsageError(`\`--slots ${slots}\`: a number from 0 to 9999 is needed.`);
  const hasFolder = typeof python === "string" && /[/\\]/.test(python);
  if (isThere && hasFolder && !/^(\/|~\/)/.test(python))
    throw new UsageError(`\`--python ${python}\`: a path on the pool's host begins with \`/\` or \`~/\`.`);
  const file = typeof config === "string" ? path.resolve(cwd, config) : null;
  return {
    configuration: config === "none" ? null : file === null ? "auto" : { file },
    ...(typeof slots === "string" ? { slots: Number(slots) } : {}),
    launcher: torchrun === true ? "torchrun" : "python",
    ...(typeof name === "string" && name !== "" ? { name } : {}),
    // A path is relative to where the person is; a bare name is looked for on PATH.
    ...(typeof python === "string" && build !== true
      ? { interpreter: { explicit: hasFolder && !isThere ? path.resolve(cwd, python) : python } }
      : {}),
  };
}

/** The run starts where the person is, when that holds the script and lies in its repository; else beside the script. */
export async function startFolder(script: string, context: Context): Promise<string> {
  const beside = await realpath(path.dirname(script)).catch(() => null);
  if (beside === null) throw new UserError(`There is no script ${script}.`, "Check the path.");
  const { repository } = await findRepository(beside, context.signal);
  if (!repository) return beside;
  const here = await realpath(context.cwd);
  const inRepository = here === repository.root || isInsidePath(path.relative(repository.root, here));
  const holdsScript = isInsidePath(path.relative(here, path.join(beside, path.basename(script))));
  return inRepository && holdsScript ? here : beside;
}

export function fromEnvironment(
  names: readonly string[],
  environment: NodeJS.ProcessEnv,
): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of names) {
    const value = environment[name];
    if (value !== undefined) found[name] = value;
  }
  return found;
}

export async function confirm(context: Context, plan: SnapshotPlan, yes: boolean): Promise<"go" | "cancel"> {
  const size = `${countText(plan.files, "file")}, ${bytesText(plan.bytes)}`;
  const largest = largestFolders(plan).map(
    (folder) =>
      `  ${bytesText(folder.bytes).padStart(8)}  ${countText(folder.files, "file")}  ${plain(folder.path)}\n`,
  );
  if (!yes) {
    context.note(
      `The snapshot of ${plain(plan.root)} is large: ${size}. The largest in it:\n${largest.join("")}`,
    );
    if (!(await ask(context, "Send it?")))
      throw new UsageError(
        "Over 100 MB or 10,000 files need --yes (asked once for a folder, and again when it doubles). " +
          "Paths in .gitignore are not sent.",
      );
  }
  await confirmSize(plan);
  return "go";
}

/** @param isThere the interpreter is not this machine's, so it is said why it is that one */
function describe({ experimentId, snapshot, interpreter, sentBytes }: Submitted, isThere: boolean): string {
  const { files, bytes, linked } = snapshot;
  const links = linked.length > 0 ? `; linked: ${linked.map((link) => link.path).join(", ")}` : "";
  return plain(
    `Experiment ${experimentId}: ${countText(files, "file")}, ${bytesText(bytes)} (${bytesText(sentBytes)} sent)${links}; ` +
      `Python ${interpreter.version} at ${interpreter.path}${isThere ? ` there (${interpreter.origin})` : ""}`,
  );
}

/** Shows what changes on stderr until the experiment ends. Leaving (Ctrl-C) does not end the experiment. */
async function wait(context: Context, first: Pool, submitted: Submitted, isThere: boolean): Promise<number> {
  const { experimentId } = submitted;
  const { signal } = context;
  context.note(`${describe(submitted, isThere)}\n`);
  let pool = first;
  let last = "";
  try {
    for (;;) {
      const got = await readProgress(pool, experimentId, signal).catch((error: unknown) => {
        if (signal.aborted || !isDisconnected(error)) throw error;
        return null;
      });
      if (got === null) {
        // The link is cut, or another server takes over, after an update, say: the experiment lives on, and so does the wait.
        pool = await connectAgain(context);
      } else {
        const line = progressLine(got);
        if (line !== last) context.note(`${line}\n`);
        last = line;
        const { state } = got.experiment;
        if (state === "completed" || state === "stopped" || state === "failed" || state === "killed") {
          if (context.json) context.document(await readExperiment(pool, experimentId, signal));
          return state === "failed" || state === "killed" ? EXIT.failed : EXIT.ok;
        }
      }
      await sleep(WAIT_EVERY_MS, undefined, { signal });
    }
  } catch (error) {
    if (signal.aborted) context.note(`Experiment ${experimentId} goes on without this command.\n`);
    throw error;
  } finally {
    pool.close();
  }
}

/** What a line of progress tells, whatever else there is: the only trial, else one that failed. */
async function readProgress(
  pool: Pool,
  experimentId: number,
  signal: AbortSignal,
): Promise<{ experiment: Experiment; only: Trial | undefined; failed: Trial | undefined }> {
  const first = await pool.call("experiment/read", { experimentId, limit: 2 }, { signal });
  const { experiment, trials } = first;
  const only = trials.length === 1 ? trials[0] : undefined;
  if (experiment.state !== "failed" || only) return { experiment, only, failed: undefined };
  const page = { experimentId, states: ["failed" as const], limit: 1 };
  const { trials: failed } = await pool.call("trial/page", page, { signal });
  return { experiment, only, failed: failed.find(({ failure }) => failure !== null) };
}

function progressLine({ experiment, only, failed }: Awaited<ReturnType<typeof readProgress>>): string {
  const parts = [`${experiment.id} ${only?.state ?? experiment.state}`];
  if (only?.latestStep !== null && only?.latestStep !== undefined)
    parts.push(`step ${numberText(only.latestStep)}`);
  if (only?.progress !== null && only?.progress !== undefined)
    parts.push(`${Math.round(only.progress * 100)} %`);
  if (experiment.best) parts.push(`best ${numberText(experiment.best.value)}`);
  const explained = only ?? failed;
  const why = questionText(experiment) ?? (explained ? whyText(explained) : null);
  const which = only === undefined && explained && experiment.question === null ? `${explained.id}: ` : "";
  return plain(parts.join(", ") + (why ? `: ${which}${why}` : ""));
}
