/** With which tools an environment is made from a source: a list of programs to run, decided before any of them runs. */
import os from "node:os";
import path from "node:path";
import type { Problem } from "../../protocol/environments.ts";
import { condaPrefixes } from "./discover.ts";
import { findProgram, type Python } from "./pythons.ts";
import type { Source } from "./sources.ts";

export interface Step {
  program: string;
  args: readonly string[];
  env?: Readonly<Record<string, string>>;
}
export interface RecipeRequest {
  source: Source;
  base: Python;
  /** Absolute path of the environment to make. */
  target: string;
  /** Where we keep tools of our own. */
  tools: string;
  wheelFolder: string | null;
  variables: NodeJS.ProcessEnv;
}

/** @returns the steps, run where the source's files are; or why there are none */
export async function recipeFor(request: RecipeRequest): Promise<Step[] | Problem> {
  switch (request.source.kind) {
    case "uv.lock":
      return fromLock(request);
    case "environment.yml":
      return withConda(request);
    default:
      return fromRequirements(request);
  }
}

async function fromRequirements(request: RecipeRequest): Promise<Step[] | Problem> {
  const { source, base, target } = request;
  const [file = ""] = source.files.keys();
  const uv = await findUv(request.variables);
  if (uv !== null) return [makeWithUv(uv, base, target), installWithUv(uv, request, file)];
  const venv = makeVenv(base, target);
  if (!("program" in venv)) return venv;
  return [venv, installWithPip(request, ["-r", file])];
}

/** By uv alone, since nobody else reads its lock: our own where the host has none. */
async function fromLock(request: RecipeRequest): Promise<Step[] | Problem> {
  const { base, target, tools, wheelFolder } = request;
  const found = await findUv(request.variables);
  const uv = found ?? path.join(tools, "bin", "uv");
  const steps: Step[] = [];
  if (found === null && (await findProgram("uv", { PATH: path.dirname(uv) })) === null) {
    const venv = makeVenv(base, tools);
    if (!("program" in venv)) return venv;
    steps.push(venv, installWithPip({ ...request, target: tools }, ["uv"]));
  }
  const scope = ["--frozen", "--no-install-project", "--no-install-workspace"];
  if (wheelFolder === null) {
    const env = { UV_PROJECT_ENVIRONMENT: target };
    return [...steps, { program: uv, args: ["sync", ...scope, "--python", base.path], env }];
  }
  // The lock names addresses of an index; the versions that it pins are taken from the folder instead.
  const exported = "locked-requirements.txt";
  return [
    ...steps,
    {
      program: uv,
      args: [
        "export",
        "--frozen",
        "--no-emit-workspace",
        "--no-hashes",
        "--python",
        base.path,
        "-o",
        exported,
      ],
    },
    makeWithUv(uv, base, target),
    installWithUv(uv, request, exported),
  ];
}

async function withConda({ target, variables }: RecipeRequest): Promise<Step[] | Problem> {
  const folders = (await condaPrefixes(variables)).map((prefix) => path.join(prefix, "bin"));
  const home = os.homedir();
  for (const name of ["micromamba", "mamba", "conda"]) {
    const others = [...folders, path.join(home, ".local", "bin"), path.join(home, "bin")];
    const program = await findProgram(
      name,
      variables,
      others.map((folder) => path.join(folder, name)),
    );
    if (program === null) continue;
    const verbs = name === "micromamba" ? ["create", "--yes"] : ["env", "create"];
    return [{ program, args: [...verbs, "--prefix", target, "--file", "environment.yml"] }];
  }
  return {
    message: `${os.hostname()} has no conda, mamba or micromamba to build from environment.yml with.`,
    remedy: "Install one of them there, add a requirements.txt, or choose another interpreter.",
  };
}

const findUv = (variables: NodeJS.ProcessEnv): Promise<string | null> =>
  findProgram(
    "uv",
    variables,
    [".local/bin", ".cargo/bin"].map((folder) => path.join(os.homedir(), folder, "uv")),
  );

function makeVenv(base: Python, target: string): Step | Problem {
  if (base.ensurepip) return { program: base.path, args: ["-m", "venv", target] };
  return {
    message: `${base.path} (Python ${base.version}) on ${os.hostname()} has no ensurepip, so no environment can be made with it.`,
    remedy: "Install python3-venv or uv there, or choose another interpreter.",
  };
}

const makeWithUv = (uv: string, base: Python, target: string): Step => ({
  program: uv,
  args: ["venv", "--python", base.path, target],
});

const installWithUv = (uv: string, { target, wheelFolder }: RecipeRequest, file: string): Step => ({
  program: uv,
  args: ["pip", "install", "--python", pythonIn(target), ...fromFolder(wheelFolder), "-r", file],
});

const installWithPip = ({ target, wheelFolder }: RecipeRequest, what: readonly string[]): Step => ({
  program: pythonIn(target),
  args: ["-m", "pip", "install", ...fromFolder(wheelFolder), ...what],
});

export const pythonIn = (environment: string): string => path.join(environment, "bin", "python");

const fromFolder = (wheelFolder: string | null): string[] =>
  wheelFolder === null ? [] : ["--no-index", "--find-links", wheelFolder];
