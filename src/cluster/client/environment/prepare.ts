/** The Python of a submit to a pool that does not share this machine's files: found, or made, before any slot is taken. */
import type {
  EnvironmentSource,
  HostInterpreter,
  MissingModule,
  Problem,
} from "../../protocol/environments.ts";
import type { Input, Result } from "../../protocol/methods.ts";
import type { PoolCalls } from "../poolCalls.ts";
import { SubmitCancelled } from "../submitCancelled.ts";
import { UserError } from "../userError.ts";
import { buildEnvironment } from "./build.ts";
import type { Named } from "./named.ts";
import { missingRemedy, missingText } from "./words.ts";

export type ListedInterpreter = Result<"interpreter/list">["interpreters"][number];

/** What the chosen Python lacks, and what could be done about it. */
export interface EnvironmentQuestion {
  /** All of it as one sentence: "torch is missing in /usr/bin/python3 (Python 3.11.2) on gpu1 (train.py:3)." */
  message: string;
  /** The pool's host. */
  host: string;
  interpreter: HostInterpreter;
  missing: readonly MissingModule[];
  /** What an environment can be built from, nearest first; none when the interpreter was named. */
  sources: readonly EnvironmentSource[];
  /** Why the building that was just tried did not succeed; then `message` says so. */
  problem: Problem | null;
  /** Every interpreter of the host, for a pick. */
  interpreters: () => Promise<ListedInterpreter[]>;
}
/** `python`: what to build on, instead of the host's python3. `choose`: a path there, remembered for the workspace. */
export type EnvironmentAnswer =
  { build: EnvironmentSource; python?: string } | { choose: string } | "anyway" | "cancel";

export interface PrepareOptions {
  start: Pick<Input<"environment/prepare">, "tree" | "directory" | "script" | "workspace">;
  named: Named | null;
  pythonPath: string | null;
  checkImports: boolean;
  /** Without it a missing module is an error. */
  ask?: ((question: EnvironmentQuestion) => Promise<EnvironmentAnswer>) | undefined;
  /** Text of a building's log, as it comes. */
  onBuildOutput?: ((text: string) => void) | undefined;
  /** Shows and measures a step. */
  timed: <T>(step: "preparing" | "building", work: () => Promise<T>) => Promise<T>;
  signal?: AbortSignal | undefined;
}

/** @throws UserError, SubmitCancelled, AbortError, and what a call to the pool throws */
export async function prepareThere(pool: PoolCalls, options: PrepareOptions): Promise<HostInterpreter> {
  const { start, pythonPath, checkImports, ask, timed, signal } = options;
  const { host } = pool.pool;
  let named = options.named?.environment ?? null;
  const rebuilt = new Set<string>();
  const build = ({ kind, path }: EnvironmentSource, python: string | null): Promise<Problem | null> =>
    timed("building", () =>
      buildEnvironment(
        pool,
        { ...start, source: { kind, path }, python },
        { onOutput: options.onBuildOutput, signal },
      ),
    );

  let problem: Problem | null = null;
  for (;;) {
    const prepared = await timed("preparing", () =>
      pool.call("environment/prepare", { ...start, named, pythonPath, checkImports }, { signal }),
    );
    const { missing, sources } = prepared;
    const origin = named === options.named?.environment ? options.named?.origin : undefined;
    const interpreter = { ...prepared.interpreter, ...(origin === undefined ? {} : { origin }) };
    const changed = sources.find((source) => source.mustRebuild && !rebuilt.has(source.environmentId));
    if (changed !== undefined) {
      rebuilt.add(changed.environmentId);
      problem = await build(changed, null);
      if (problem === null) continue;
    }
    if (missing.length === 0 && problem === null) return interpreter;

    const message = problem?.message ?? missingText(missing, interpreter, host);
    if (ask === undefined) throw new UserError(message, problem?.remedy ?? missingRemedy(sources, named));
    const answer = await ask({
      message,
      host,
      interpreter,
      missing,
      sources,
      problem,
      interpreters: async () =>
        (await pool.call("interpreter/list", { workspace: start.workspace }, { signal })).interpreters,
    });
    signal?.throwIfAborted();
    problem = null;
    if (answer === "anyway") return interpreter;
    if (answer === "cancel") throw new SubmitCancelled();
    if ("build" in answer) problem = await build(answer.build, answer.python ?? null);
    else if (named !== null)
      named = { python: answer.choose }; // what the configuration names is not forgotten
    else
      await pool.call("interpreter/choose", { workspace: start.workspace, path: answer.choose }, { signal });
  }
}
