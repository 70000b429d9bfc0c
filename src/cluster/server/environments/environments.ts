/** Which Python runs a workspace's script here, what the script lacks in it, and how it gets one that has it. */
import { createHash } from "node:crypto";
import os from "node:os";
import path from "node:path";
import type {
  EnvironmentSource,
  HostInterpreter,
  NamedEnvironment,
  PoolSettings,
} from "../../protocol/environments.ts";
import type { Params, Result } from "../../protocol/methods.ts";
import { CallError } from "../callError.ts";
import { messageOf } from "../errors.ts";
import type { Logger } from "../ports.ts";
import { readPart } from "../runs/output.ts";
import type { PoolStore } from "../store/poolStore.ts";
import { createBuilder } from "./builder.ts";
import { createChoices } from "./choices.ts";
import { type Candidate, condaPrefixes, findCandidates } from "./discover.ts";
import { checkPaths } from "./paths.ts";
import { absoluteOf, createPythons, type Python } from "./pythons.ts";
import type { SetUp } from "./setUp.ts";
import { findSources, sourceHash, type Source } from "./sources.ts";

/** An interpreter of a list that is asked for at a glance is not waited for as long as one that is to run something. */
const LIST_TIMEOUT_MS = 10_000;
const ASKED_AT_ONCE = 4;
const EARLIER_AT_MOST = 20;

export interface EnvironmentsOptions {
  /** Absolute path of the pool folder. */
  home: string;
  pythonFolder: string;
  setUp: SetUp;
  store: PoolStore;
  /** Absolute path of a snapshot's folder; built if need be. */
  treeFolder: (tree: string) => Promise<string>;
  logger: Logger;
}
export type Environments = ReturnType<typeof createEnvironments>;
type Chosen = { python: Python; origin: string };

export function createEnvironments({
  home,
  pythonFolder,
  setUp,
  store,
  treeFolder,
  logger,
}: EnvironmentsOptions) {
  const pythons = createPythons(pythonFolder, setUp);
  const builder = createBuilder(path.join(home, "environments"), pythons, logger);
  const choices = createChoices(path.join(home, "state"));

  /** @throws CallError */
  async function need(named: string, remedy = "Name another interpreter."): Promise<Python> {
    const found = await pythons.ask(named);
    if (typeof found !== "string") return found;
    throw new CallError("refused", `${named} is no Python for a run on ${os.hostname()}: ${found}.`, remedy);
  }

  async function ofName(named: NamedEnvironment): Promise<Chosen> {
    if ("python" in named) {
      requireAbsolute(named.python);
      return { python: await need(named.python), origin: "named for this submit" };
    }
    if ("venv" in named) {
      requireAbsolute(named.venv.includes("/") ? named.venv : `./${named.venv}`);
      return { python: await need(named.venv), origin: "the environment that the configuration names" };
    }
    const { conda } = named;
    const prefix = conda.includes("/") ? conda : await findConda(conda);
    requireAbsolute(prefix);
    return { python: await need(prefix), origin: `conda environment ${conda}` };
  }

  async function findConda(name: string): Promise<string> {
    const prefixes = await condaPrefixes(await pythons.variables());
    // `base` is the installation itself, which is called as its folder is.
    const wanted = prefixes.filter((prefix) =>
      name === "base" ? path.basename(path.dirname(prefix)) !== "envs" : path.basename(prefix) === name,
    );
    for (const prefix of wanted) if (typeof (await pythons.ask(prefix)) !== "string") return prefix;
    throw new CallError(
      "refused",
      `There is no conda environment ${name} on ${os.hostname()}.`,
      "Create it there, or name another one, or its folder.",
    );
  }

  function lastCompletedWith(workspace: string, script: string): string | null {
    return store.interpretersOf(workspace, script, 1)[0] ?? null;
  }

  const defaultPython = (): Promise<Python> =>
    pythons.ask("python3").then((found) => {
      if (typeof found !== "string") return found;
      throw new CallError(
        "unavailable",
        `No Python was found on ${os.hostname()}: ${found}.`,
        "Install Python 3.8 or later there, or name an interpreter.",
      );
    });

  async function choose(
    { workspace, script }: { workspace: string; script: string },
    sources: readonly EnvironmentSource[],
  ): Promise<Chosen> {
    const remembered: [string | null, string][] = [
      [await choices.of(workspace), "chosen for this folder"],
      [lastCompletedWith(workspace, script), "what this script last completed with"],
    ];
    const built = sources.find(({ state }) => state === "ready");
    if (built !== undefined)
      remembered.push([builder.pythonOf(built.environmentId), `built from ${built.path}`]);
    for (const [named, origin] of remembered) {
      const python = named === null ? null : await pythons.ask(named);
      // What is not there any more is passed over: the next one may do.
      if (python !== null && typeof python !== "string") {
        const owner = await builder.owner(python.path);
        return { python, origin: owner === null ? origin : `built from ${owner.marker.source.path}` };
      }
    }
    return { python: await defaultPython(), origin: "python3 on the pool's PATH" };
  }

  /** The environment that a workspace uses of those that were built. */
  async function builtFor(workspace: string, script: string): ReturnType<typeof builder.owner> {
    const used = (await choices.of(workspace)) ?? lastCompletedWith(workspace, script);
    return used === null ? null : builder.owner(used);
  }

  async function sourcesOf(
    root: string,
    { workspace, directory, script }: { workspace: string; directory: string; script: string },
  ): Promise<EnvironmentSource[]> {
    const found = await findSources(root, directory, script);
    if (found.length === 0) return [];
    const used = await builtFor(workspace, script);
    const base = await defaultPython();
    return Promise.all(
      found.map(async (source) => {
        const isUsed = used !== null && isSame(source, used.marker.source);
        const on = isUsed ? await pythons.ask(used.marker.base) : base;
        const environmentId = idOf(source, typeof on === "string" ? base : on);
        return {
          kind: source.kind,
          path: source.path,
          environmentId,
          state: await builder.state(environmentId),
          mustRebuild: isUsed && environmentId !== used.id,
        };
      }),
    );
  }

  async function listed(workspace: string): Promise<Candidate[]> {
    const built = (await builder.list()).map(({ id, marker }) => ({
      file: builder.pythonOf(id),
      origin: `built from ${marker.source.path}`,
    }));
    const earlier = store
      .interpretersOf(workspace, null, EARLIER_AT_MOST)
      .map((file) => ({ file, origin: "used by an earlier experiment" }));
    const chosen = await choices.of(workspace);
    const own = chosen === null ? [] : [{ file: chosen, origin: "chosen for this folder" }];
    return findCandidates(await pythons.variables(), [...built, ...earlier, ...own]);
  }

  return {
    async prepare(request: Params<"environment/prepare">): Promise<Result<"environment/prepare">> {
      const { tree, directory, script, named, pythonPath } = request;
      const root = await treeFolder(tree);
      const sources = named === null ? await sourcesOf(root, request) : [];
      const { python, origin } = named === null ? await choose(request, sources) : await ofName(named);
      const missing = request.checkImports
        ? await pythons.missing(python.path, { root, directory, script, pythonPath })
        : [];
      return { interpreter: shown(python, origin), missing, sources };
    },

    async list({ workspace }: Params<"interpreter/list">): Promise<Result<"interpreter/list">> {
      const chosen = await choices.of(workspace);
      const candidates = await listed(workspace);
      const found = await inTurns(candidates, ASKED_AT_ONCE, async ({ file, origin }) => {
        const python = await pythons.ask(file, LIST_TIMEOUT_MS);
        return typeof python === "string" ? null : shown(python, origin);
      });
      const unique = new Map<string, HostInterpreter>();
      for (const one of found) if (one !== null && !unique.has(one.path)) unique.set(one.path, one);
      return { interpreters: [...unique.values()].map((one) => ({ ...one, chosen: one.path === chosen })) };
    },

    async choose({
      workspace,
      path: named,
    }: Params<"interpreter/choose">): Promise<Result<"interpreter/choose">> {
      if (named === null) {
        await choices.set(workspace, null);
        return { interpreter: null };
      }
      requireAbsolute(named);
      const python = await need(named, "Choose another interpreter.");
      await choices.set(workspace, python.path);
      return { interpreter: shown(python, "chosen for this folder") };
    },

    async build(request: Params<"environment/build">): Promise<Result<"environment/build">> {
      const { tree, directory, script, workspace, python } = request;
      const found = await findSources(await treeFolder(tree), directory, script);
      const source = found.find((one) => isSame(one, request.source));
      if (source === undefined)
        throw new CallError(
          "notFound",
          `The snapshot has no ${request.source.path} to build an environment from.`,
          "Submit again.",
        );
      const used = await builtFor(workspace, script);
      const before = used !== null && isSame(source, used.marker.source) ? used.marker.base : null;
      const base = python === null ? await baseOr(before) : await need(python);
      const environmentId = idOf(source, base);
      const { wheelFolder } = await setUp.settings();
      const state = await builder.begin({ id: environmentId, source, base, wheelFolder }, (interpreter) =>
        choices.set(workspace, interpreter),
      );
      return { environmentId, state };
    },

    async read({
      environmentId,
      offset,
      limit,
    }: Params<"environment/read">): Promise<Result<"environment/read">> {
      // The state first: what is read afterwards is complete when that says that it has ended.
      const state = await builder.state(environmentId);
      const python = state === "ready" ? await pythons.ask(builder.pythonOf(environmentId)) : null;
      const problem = state === "failed" ? await builder.problem(environmentId) : null;
      return {
        ...(await readPart(builder.logOf(environmentId), offset, limit)),
        state,
        interpreter: python === null || typeof python === "string" ? null : shown(python, "built"),
        problem,
      };
    },

    cancel: ({ environmentId }: Params<"environment/cancel">): Promise<void> => builder.cancel(environmentId),

    settings: (): Promise<PoolSettings> => setUp.settings(),

    async setSettings(settings: PoolSettings): Promise<Result<"pool/setSettings">> {
      const { wheelFolder } = settings;
      const folder = wheelFolder === null ? null : absoluteOf(wheelFolder);
      if (wheelFolder !== null && folder === null)
        throw new CallError(
          "invalid",
          `The wheel folder ${wheelFolder} is on the pool's host, so it begins with \`/\` or \`~/\`.`,
        );
      await setUp.set({ ...settings, wheelFolder: folder });
      try {
        await setUp.changes();
        return { problem: folder === null ? null : await problemOf(folder) };
      } catch (error) {
        const remedy = (error instanceof CallError && error.remedy) || "Correct them.";
        return { problem: { message: messageOf(error), remedy } };
      }
    },

    isBusy: builder.isBusy,
    close: () => builder.close(),
  };

  async function baseOr(before: string | null): Promise<Python> {
    const found = before === null ? "" : await pythons.ask(before);
    return typeof found === "string" ? defaultPython() : found;
  }
}

/** A relative path of the person's machine says nothing here. @throws CallError */
function requireAbsolute(named: string): void {
  if (named.includes("/") && absoluteOf(named) === null)
    throw new CallError(
      "refused",
      `${named} is a path on the pool's host (${os.hostname()}), so it has to begin with \`/\` or \`~/\`.`,
      "Name the interpreter or the environment there.",
    );
}

const isSame = (source: Pick<Source, "kind" | "path">, other: Pick<Source, "kind" | "path">): boolean =>
  source.kind === other.kind && source.path === other.path;

function idOf(source: Source, base: Python): string {
  return createHash("sha256")
    .update(JSON.stringify([sourceHash(source), base.version, base.machine, base.path]))
    .digest("hex")
    .slice(0, 32);
}

const shown = ({ path: file, version, torch, cuda }: Python, origin: string): HostInterpreter => ({
  path: file,
  version,
  origin,
  torch,
  cuda,
});

/** In order, some of them at once. */
async function inTurns<T, R>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      const index = next++;
      results[index] = await work(items[index] as T);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return results;
}

async function problemOf(wheelFolder: string): Promise<Result<"pool/setSettings">["problem"]> {
  const [found] = await checkPaths([wheelFolder]);
  if (found === undefined || found.kind === "folder") return null;
  return {
    message: `The wheel folder ${wheelFolder} on ${os.hostname()} ${found.problem ?? "is no folder"}.`,
    remedy: "Put the wheels there, or name another folder (trainyard pool setup).",
  };
}
