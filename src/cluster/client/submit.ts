/**
 * From a click to an experiment, the one path that the editor and the command line share: read the configuration, find
 * the interpreter, snapshot the code, send what the pool lacks, submit.
 */
import { randomUUID } from "node:crypto";
import { realpath, stat } from "node:fs/promises";
import path from "node:path";
import { isInsidePath, Uuid } from "../protocol/base.ts";
import type { SnapshotInfo } from "../protocol/entities.ts";
import type { Launcher, Result } from "../protocol/methods.ts";
import {
  ConfigurationError,
  dataPathsOf,
  dataPlacesOf,
  defaultConfiguration,
  findConfiguration,
  loadConfiguration,
  type LoadedConfiguration,
  type Located,
} from "./configuration.ts";
import { determinedNotes } from "./determined/submitNotes.ts";
import { entrypointNote } from "./entrypointNote.ts";
import { bytePath } from "./git.ts";
import { resolveInterpreter, type Interpreter } from "./interpreter.ts";
import { isDisconnected, PoolCallError } from "./poolCallError.ts";
import { linksOf, WAYS } from "./mappedPaths.ts";
import { explicitHere, namedEnvironment, pythonPathOf } from "./environment/named.ts";
import { type EnvironmentAnswer, type EnvironmentQuestion, prepareThere } from "./environment/prepare.ts";
import type { PoolCalls } from "./poolCalls.ts";
import { LOCAL_POOL } from "./pools/poolList.ts";
import { requireMappable } from "./snapshot/mapped.ts";
import { planSnapshot, type SnapshotPlan } from "./snapshot/plan.ts";
import { pushSnapshot } from "./snapshot/push.ts";
import { writeSnapshot } from "./snapshot/write.ts";
import { SubmitCancelled } from "./submitCancelled.ts";
import { UserError } from "./userError.ts";

const LONGEST_NAME = 250;

export type SubmitStep =
  "planning" | "connecting" | "snapshotting" | "sending" | "preparing" | "building" | "submitting";

export interface SubmitOptions {
  /** May still be connecting: the snapshot does not wait for it. */
  connection: PoolCalls | Promise<PoolCalls>;
  /** Where private repositories and answers are kept (defaultStateFolder()). */
  stateFolder: string;
  /** Absolute path of the script. */
  script: string;
  /** The workspace folder: the run starts at its counterpart. */
  folder: string;
  arguments?: readonly string[];
  /** `"auto"`: the one beside the script if there is one; a path; or null for none. */
  configuration?: "auto" | { file: string } | null;
  /** Changes what the configuration says, for this submit alone. */
  change?: (value: LoadedConfiguration["value"]) => LoadedConfiguration["value"];
  name?: string;
  slots?: number;
  /** `torchrun` starts one process for each slot of the trial. */
  launcher?: Launcher;
  interpreter?: { explicit?: string | null; editorChoice?: string | null };
  startFrom?: string | null;
  /** Ignored paths to link and paths to leave out, beside the remembered ones; relative to the snapshot's root. */
  extraLinks?: readonly string[];
  leftOut?: readonly string[];
  /** Name of the pool, by which what a person maps on it is remembered; this machine's without one. */
  pool?: string;
  /** The pool does not share this machine's files: nothing is linked, and the pool finds the interpreter, or makes one. */
  isRemote?: boolean;
  /** Values for `${secret:NAME}`. */
  secrets?: (names: readonly string[]) => Promise<Record<string, string>>;
  /**
   * Asked when the size needs a yes: the callback remembers it (confirmSize) and answers `go`, or has changed what is
   * left out (leaveOut) and answers `planAgain`, or `cancel`.
   */
  confirm: (plan: SnapshotPlan) => Promise<"go" | "planAgain" | "cancel">;
  /** Asked where a remote pool's Python lacks what the script imports. Without it that is an error. */
  environment?: (question: EnvironmentQuestion) => Promise<EnvironmentAnswer>;
  /** Text of the log, as it comes, while an environment is built there. */
  onBuildOutput?: (text: string) => void;
  /** `bytes`: how far the step is, where it is one that takes bytes; without a total where nobody knows it. */
  onProgress?: (step: SubmitStep, bytes?: { done: number; total: number | null }) => void;
  signal?: AbortSignal;
}

export interface Submitted extends Result<"experiment/submit"> {
  snapshot: SnapshotInfo;
  configuration: LoadedConfiguration | null;
  interpreter: Interpreter;
  sentBytes: number;
  /** Said once after the submit: that another script runs, keys without effect (with their lines), files that changed while read. */
  notes: string[];
  /** Wall time of each step in milliseconds. */
  timings: Partial<Record<SubmitStep, number>>;
}

/** @throws UserError, ConfigurationError, SubmitCancelled, AbortError, and what a call to the pool throws */
export async function submitExperiment(options: SubmitOptions): Promise<Submitted> {
  const { signal } = options;
  const timings: Submitted["timings"] = {};
  const timed = async <T>(step: SubmitStep, work: () => Promise<T>): Promise<T> => {
    signal?.throwIfAborted();
    options.onProgress?.(step);
    const start = performance.now();
    try {
      return await work();
    } finally {
      timings[step] = (timings[step] ?? 0) + performance.now() - start;
    }
  };
  const tellBytes =
    (step: SubmitStep) =>
    (done: number, total: number | null): void =>
      options.onProgress?.(step, { done, total });
  const poolName = options.pool ?? LOCAL_POOL;
  const connecting = Promise.resolve(options.connection);
  // A connection that fails while the snapshot is planned is reported when its turn comes.
  connecting.catch(() => undefined);

  const script = await realScript(options.script);
  const folder = await realpath(options.folder);
  const { configuration, notes } = await readConfiguration(options, script);
  const written = configuration?.value ?? defaultConfiguration();
  const value = options.change?.(written) ?? written;
  const secretsAsked = askSecrets(options, configuration?.secretNames ?? []);
  secretsAsked.catch(() => undefined);

  let plan = await timed("planning", () => planOf(options, folder, value));
  requireScript(plan, script);
  while (plan.needsConfirmation) {
    const answer = await options.confirm(plan);
    if (answer === "cancel") throw new SubmitCancelled();
    if (answer === "go") break;
    plan = await timed("planning", () => planOf(options, folder, value));
    requireScript(plan, script);
  }
  requireMappable(plan.mapped, { entries: plan.entries, pool: poolName });
  const named = namedEnvironment(options.interpreter?.explicit ?? null, value.environment);
  const interpretingHere = options.isRemote
    ? null
    : resolveInterpreter({
        script,
        root: plan.root,
        folder,
        explicit: named && (await explicitHere(named)),
        editorChoice: options.interpreter?.editorChoice ?? null,
      });
  interpretingHere?.catch(() => undefined);

  const snapshot = await timed("snapshotting", () =>
    writeSnapshot(plan, { signal, onProgress: tellBytes("snapshotting") }),
  );
  const secrets = await secretsAsked;
  const pool = await timed("connecting", () => connecting);
  const links = await linksOf(pool, poolName, snapshot.plan.mapped, signal);
  const here = await interpretingHere;
  const { sentBytes } = await timed("sending", () =>
    pushSnapshot(pool, snapshot, { signal, onSent: (bytes) => tellBytes("sending")(bytes, null) }),
  );
  const taken = await snapshot.info;
  const info = { ...taken, linked: [...taken.linked, ...links] };

  const { directory, script: relative } = startOf(plan, script);
  const interpreter =
    here ??
    (await prepareThere(pool, {
      start: { tree: info.tree, directory, script: relative, workspace: folder },
      named,
      pythonPath: pythonPathOf(value),
      checkImports: value.entrypoint === undefined,
      ask: options.environment,
      onBuildOutput: options.onBuildOutput,
      timed,
      signal,
    }));
  const slotsPerTrial = options.slots ?? value.resources.slots_per_trial;
  const launcher = options.launcher ?? "python";
  const submitted = await timed("submitting", () =>
    pool
      .call(
        "experiment/submit",
        {
          submissionId: randomUUID(),
          name: (options.name ?? value.name ?? path.basename(script)).slice(0, LONGEST_NAME),
          workspace: folder,
          script: relative,
          directory,
          arguments: [...(options.arguments ?? [])],
          snapshot: info,
          interpreter: interpreter.path,
          configuration: {
            value,
            source: configuration
              ? { path: nameIn(plan.root, configuration.file), text: configuration.text }
              : null,
          },
          slotsPerTrial,
          launcher,
          secrets,
          startFrom: options.startFrom ?? value.searcher.source_checkpoint_uuid ?? null,
        },
        { signal },
      )
      .catch(unsure),
  );
  const entrypoint = value.entrypoint && entrypointNote(value.entrypoint, relative);
  return {
    ...submitted,
    snapshot: info,
    configuration,
    interpreter,
    sentBytes,
    notes: [
      ...(entrypoint ? [entrypoint] : []),
      ...(await determinedNotes(path.dirname(script), value)),
      ...notes,
      ...snapshot.notes,
      ...notSent(plan.unlinked),
      ...(slotsPerTrial > 1 && launcher === "python" && value.entrypoint === undefined
        ? [
            `One process has all ${slotsPerTrial} slots; torchrun, among the submit's options, starts one for each.`,
          ]
        : []),
    ],
    timings,
  };
}

/** The answer was lost, and perhaps no more than that. */
function unsure(error: unknown): never {
  if (!isDisconnected(error)) throw error;
  throw new PoolCallError(
    "disconnected",
    "The connection was lost at the last step of the submit: it is not known here whether the pool has it.",
    "When the pool is connected again the experiment is in the list, or it was not submitted.",
  );
}

/** Says so before the script finds that its data is missing there. */
function notSent(unlinked: SnapshotPlan["unlinked"]): string[] {
  const [first] = unlinked;
  if (first === undefined) return [];
  const more =
    unlinked.length > 1
      ? `, and so ${unlinked.length === 2 ? "is 1 more" : `are ${unlinked.length - 1} more`}`
      : "";
  return [
    `${first.path} is ${first.reason} and was not sent${more}: the pool does not see this machine's files. ` +
      `Send it, or use a path on the pool: ${WAYS}.`,
  ];
}

async function realScript(script: string): Promise<string> {
  const real = await realpath(script).catch(() => null);
  if (real === null) throw new UserError(`There is no script ${script}.`, "Check the path.");
  if (!(await stat(real)).isFile()) throw new UserError(`${script} is not a file.`, "Name a script to run.");
  // The script may be a link out of the folder: it runs by the name that the person used.
  return path.join(await realpath(path.dirname(script)), path.basename(script));
}

async function readConfiguration(
  options: SubmitOptions,
  script: string,
): Promise<{ configuration: LoadedConfiguration | null; notes: string[] }> {
  const choice = options.configuration ?? "auto";
  if (options.configuration === null) return { configuration: null, notes: [] };
  const file = choice === "auto" ? await findConfiguration(script) : choice.file;
  if (file === null) return { configuration: null, notes: [] };
  const configuration = await loadConfiguration(await realpath(file).catch(() => path.resolve(file)));
  if (configuration.notYet.length > 0) throw new ConfigurationError(configuration.notYet);
  const uuid = configuration.value.searcher.source_checkpoint_uuid;
  if (uuid && !Uuid.safeParse(uuid).success)
    throw new UserError(`\`searcher.source_checkpoint_uuid\` in ${file} is not a checkpoint's id: ${uuid}.`);
  return { configuration, notes: configuration.notes.map(place) };
}

function place({ file, line, message }: Located): string {
  return `${path.basename(file)}:${line}: ${message}`;
}

async function askSecrets(options: SubmitOptions, names: readonly string[]): Promise<Record<string, string>> {
  if (names.length === 0) return {};
  const values = (await options.secrets?.(names)) ?? {};
  const missing = names.filter((name) => values[name] === undefined);
  if (missing.length > 0)
    throw new UserError(
      `The configuration uses secrets that are not known here: ${missing.join(", ")}.`,
      "Store them first, or, on the command line, set environment variables of these names.",
    );
  return values;
}

function planOf(
  options: SubmitOptions,
  folder: string,
  configuration: LoadedConfiguration["value"],
): Promise<SnapshotPlan> {
  return planSnapshot({
    folder,
    stateFolder: options.stateFolder,
    dataPaths: dataPathsOf(configuration),
    pool: options.pool ?? LOCAL_POOL,
    dataPlaces: dataPlacesOf(configuration, options.pool ?? LOCAL_POOL),
    extraLinks: options.extraLinks ?? [],
    leftOut: options.leftOut ?? [],
    linkable: !options.isRemote,
    signal: options.signal,
  });
}

/** The run sees the snapshot and nothing else, so the script has to be in it. */
function requireScript(plan: SnapshotPlan, script: string): void {
  const name = path.relative(plan.root, script);
  if (!isInsidePath(name))
    throw new UserError(
      `${script} lies outside of ${plan.root}, whose code would be sent.`,
      "Open the folder that the script is in.",
    );
  if (plan.entries.has(bytePath(name))) return;
  const why = plan.leftOut.find((left) => name === left.path || name.startsWith(`${left.path}/`))?.reason;
  throw new UserError(
    `${name} is not part of the snapshot${why ? `: ${why}` : ": git ignores it, or it was restored from a pool"}.`,
    "Change the rule that ignores it, or add the file with: git add --force",
  );
}

/** Where the run starts, and the script from there: the folder's counterpart unless the script lies elsewhere. */
function startOf(plan: SnapshotPlan, script: string): { directory: string; script: string } {
  const relative = path.relative(path.join(plan.root, plan.directory), script);
  if (isInsidePath(relative)) return { directory: plan.directory, script: relative };
  const directory = path.relative(plan.root, path.dirname(script)) || ".";
  return { directory, script: path.basename(script) };
}

function nameIn(root: string, file: string): string {
  const relative = path.relative(root, file);
  return isInsidePath(relative) ? relative : file;
}
