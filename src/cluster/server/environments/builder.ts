/**
 * Environments of this pool, each built once: `<pool>/environments/<id>/env`, with `environment.json` beside it, which is
 * written last. Without that the environment does not exist, whatever lies there.
 */
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdir, open, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import * as z from "zod";
import { EnvironmentId, type EnvironmentState, Problem, SourceKind } from "../../protocol/environments.ts";
import { CallError } from "../callError.ts";
import { messageOf } from "../errors.ts";
import type { Logger } from "../ports.ts";
import { killMarked } from "../runs/processes.ts";
import { readJson, writeJson } from "../runs/runFolder.ts";
import { problemIn } from "./buildProblem.ts";
import type { Python, Pythons } from "./pythons.ts";
import { pythonIn, recipeFor, type Step } from "./recipes.ts";
import type { Source } from "./sources.ts";

const FILES = {
  /** Written last. */
  marker: "environment.json",
  problem: "problem.json",
  /** While it is built: how to find the processes of a building whose server is gone. */
  building: "building.json",
  log: "build.log",
  env: "env",
  source: "source",
} as const;
/** Folders beside those of environments. */
const TOOLS = ".tools";

const Marker = z.object({
  version: z.literal(1),
  source: z.object({ kind: SourceKind, path: z.string() }),
  /** The Python that it was built on. */
  base: z.string(),
  builtAt: z.number(),
});
export type Marker = z.infer<typeof Marker>;
const BuildingFile = z.object({ key: z.string() });

const INTERRUPTED: Problem = {
  message: "The building of the environment was interrupted: its pool server ended.",
  remedy: "Submit again to build it.",
};
const CANCELLED: Problem = {
  message: "The building of the environment was cancelled.",
  remedy: "Submit again to build it.",
};

export interface BuildRequest {
  id: string;
  source: Source;
  base: Python;
  wheelFolder: string | null;
}
interface Building {
  key: string;
  isCancelled: boolean;
  done: Promise<void>;
  /** Told the interpreter once it is ready. */
  waiting: ((interpreter: string) => Promise<void>)[];
}
export type Builder = ReturnType<typeof createBuilder>;

/** @param folder `<pool>/environments` */
export function createBuilder(folder: string, pythons: Pythons, logger: Logger) {
  const buildings = new Map<string, Building>();
  const folderOf = (id: string): string => path.join(folder, EnvironmentId.parse(id));
  const fileOf = (id: string, name: keyof typeof FILES): string => path.join(folderOf(id), FILES[name]);
  const recovered = recover();

  /** Nothing of an earlier server goes on, and what it left is not taken for an environment. */
  async function recover(): Promise<void> {
    for (const id of await readdir(folder).catch(() => [])) {
      if (!EnvironmentId.safeParse(id).success) continue;
      const building = await readJson(fileOf(id, "building"), BuildingFile).catch(() => null);
      if (building === null) continue;
      await killMarked(building.key).catch((error: unknown) =>
        logger.warn("a building did not end", { id, error: messageOf(error) }),
      );
      if ((await marker(id)) === null) await giveUp(id, INTERRUPTED);
      await rm(fileOf(id, "building"), { force: true });
    }
  }

  async function marker(id: string): Promise<Marker | null> {
    const found = await readJson(fileOf(id, "marker"), Marker).catch(() => null);
    const hasPython = await stat(pythonIn(fileOf(id, "env"))).catch(() => null);
    return hasPython === null ? null : found;
  }

  async function giveUp(id: string, problem: Problem): Promise<void> {
    await rm(fileOf(id, "env"), { recursive: true, force: true });
    await writeJson(fileOf(id, "problem"), problem);
  }

  async function build({ id, source, base, wheelFolder }: BuildRequest, building: Building): Promise<void> {
    await writeJson(fileOf(id, "building"), { key: building.key });
    for (const [name, text] of source.files) {
      const file = path.join(fileOf(id, "source"), name);
      await mkdir(path.dirname(file), { recursive: true });
      await writeFile(file, text);
    }
    const variables = { ...(await buildVariables(pythons)), TRAINYARD_RUN_KEY: building.key };
    const target = fileOf(id, "env");
    const recipe = await recipeFor({
      source,
      base,
      target,
      tools: path.join(folder, TOOLS),
      wheelFolder,
      variables,
    });
    if (!Array.isArray(recipe)) return giveUp(id, recipe);
    const log = await open(fileOf(id, "log"), "a", 0o600);
    try {
      for (const step of recipe) {
        if (building.isCancelled) return await giveUp(id, CANCELLED);
        await log.appendFile(`$ ${[step.program, ...step.args].join(" ")}\n`);
        const ended = await runStep(step, fileOf(id, "source"), variables, log.fd);
        if (building.isCancelled) return await giveUp(id, CANCELLED);
        if (ended === null) continue;
        const text = await readFile(fileOf(id, "log"), "utf8");
        return await giveUp(id, problemIn(text, { source: source.path, ended, wheelFolder }));
      }
    } finally {
      await log.close();
    }
    const interpreter = await pythons.ask(pythonIn(target));
    if (typeof interpreter === "string") {
      const message = `What was built from ${source.path} on ${os.hostname()} cannot be used: ${interpreter}.`;
      return giveUp(id, { message, remedy: "Choose another interpreter." });
    }
    const { kind, path: sourcePath } = source;
    const made: Marker = {
      version: 1,
      source: { kind, path: sourcePath },
      base: base.path,
      builtAt: Date.now(),
    };
    await writeJson(fileOf(id, "marker"), made);
    for (const tell of building.waiting) await tell(pythonIn(target));
  }

  const self = {
    async state(id: string): Promise<EnvironmentState> {
      await recovered;
      if (buildings.has(id)) return "building";
      if ((await marker(id)) !== null) return "ready";
      return (await self.problem(id)) === null ? "absent" : "failed";
    },
    async problem(id: string): Promise<Problem | null> {
      await recovered;
      return readJson(fileOf(id, "problem"), Problem).catch(() => null);
    },
    pythonOf: (id: string): string => pythonIn(fileOf(id, "env")),
    logOf: (id: string): string => fileOf(id, "log"),
    /** The environment that an interpreter belongs to, if we built it. */
    async owner(interpreter: string): Promise<{ id: string; marker: Marker } | null> {
      await recovered;
      const [id = "", env] = path.relative(folder, interpreter).split(path.sep);
      if (env !== FILES.env || !EnvironmentId.safeParse(id).success) return null;
      const found = await marker(id);
      return found === null ? null : { id, marker: found };
    },
    /** Those that are ready. */
    async list(): Promise<{ id: string; marker: Marker }[]> {
      await recovered;
      const found: { id: string; marker: Marker }[] = [];
      for (const id of await readdir(folder).catch(() => [])) {
        const made = EnvironmentId.safeParse(id).success && !buildings.has(id) ? await marker(id) : null;
        if (made !== null) found.push({ id, marker: made });
      }
      return found;
    },
    /** @param ready told the interpreter when it can be used, which may be at once */
    async begin(
      request: BuildRequest,
      ready: (interpreter: string) => Promise<void>,
    ): Promise<EnvironmentState> {
      const { id } = request;
      await recovered;
      // Its base may have been removed since.
      const isUsable =
        (await marker(id)) !== null && typeof (await pythons.ask(self.pythonOf(id))) !== "string";
      const running = buildings.get(id);
      if (running !== undefined) {
        running.waiting.push(ready);
        return "building";
      }
      if (isUsable) {
        await ready(self.pythonOf(id));
        return "ready";
      }
      const building: Building = {
        key: randomUUID(),
        isCancelled: false,
        done: Promise.resolve(),
        waiting: [ready],
      };
      buildings.set(id, building);
      building.done = (async () => {
        try {
          await rm(folderOf(id), { recursive: true, force: true });
          await mkdir(folderOf(id), { recursive: true, mode: 0o700 });
          await build(request, building);
        } catch (error) {
          logger.error("could not build an environment", { id, error: messageOf(error) });
          const remedy = error instanceof CallError ? error.remedy : undefined;
          const problem = {
            message: `The environment cannot be built on ${os.hostname()}: ${messageOf(error)}`,
            remedy: remedy ?? "Choose another interpreter.",
          };
          await giveUp(id, problem).catch(() => undefined); // a full disk: it stays without a marker
        } finally {
          await killMarked(building.key).catch(() => undefined); // what an installer left running
          await rm(fileOf(id, "source"), { recursive: true, force: true }).catch(() => undefined);
          await rm(fileOf(id, "building"), { force: true }).catch(() => undefined);
          buildings.delete(id);
        }
      })();
      return "building";
    },
    async cancel(id: string): Promise<void> {
      const building = buildings.get(id);
      if (building === undefined) return;
      building.isCancelled = true;
      await killMarked(building.key);
      await building.done;
    },
    isBusy: (): boolean => buildings.size > 0,
    /** Ends what is being built. */
    async close(): Promise<void> {
      await recovered;
      await Promise.all([...buildings.keys()].map((id) => self.cancel(id)));
    },
  };
  return self;
}

/** Whoever has their own package index set keeps it; what would lead an installer elsewhere does not reach it. */
async function buildVariables(pythons: Pythons): Promise<NodeJS.ProcessEnv> {
  const variables = await pythons.variables();
  for (const name of [
    "PYTHONPATH",
    "PYTHONHOME",
    "VIRTUAL_ENV",
    "CONDA_PREFIX",
    "PIP_TARGET",
    "PIP_PREFIX",
    "PIP_USER",
  ])
    delete variables[name];
  return {
    ...variables,
    PIP_NO_INPUT: "1",
    PIP_DISABLE_PIP_VERSION_CHECK: "1",
    PIP_PROGRESS_BAR: "off",
    UV_NO_PROGRESS: "1",
    PYTHONUNBUFFERED: "1",
  };
}

/** @returns how it ended badly; null when it did not */
function runStep(step: Step, cwd: string, variables: NodeJS.ProcessEnv, log: number): Promise<string | null> {
  return new Promise((resolve) => {
    const child = spawn(step.program, step.args, {
      cwd,
      env: { ...variables, ...step.env },
      detached: true,
      stdio: ["ignore", log, log],
    });
    child.on("error", (error) => resolve(`${step.program} cannot be started: ${error.message}`));
    child.on("exit", (code, signal) =>
      resolve(
        code === 0 ? null : `${path.basename(step.program)} ended with ${signal ?? `exit code ${code}`}`,
      ),
    );
  });
}
