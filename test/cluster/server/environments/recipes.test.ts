import { chmodSync } from "node:fs";
import { hostname } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { problemIn } from "../../../../src/cluster/server/environments/buildProblem.ts";
import {
  recipeFor,
  type RecipeRequest,
  type Step,
} from "../../../../src/cluster/server/environments/recipes.ts";
import { put, temporaryFolder } from "../../client/support.ts";

let home: string;
beforeEach(() => {
  home = temporaryFolder();
  vi.stubEnv("HOME", home);
});

afterEach(() => vi.unstubAllEnvs());

function request(kind: RecipeRequest["source"]["kind"], changes: Partial<RecipeRequest> = {}): RecipeRequest {
  return {
    source: { kind, path: kind, files: new Map([["requirements.txt", "torch\n"]]) },
    base: {
      path: "/usr/bin/python3",
      version: "3.11.2",
      machine: "x86_64",
      torch: null,
      cuda: null,
      ensurepip: true,
    },
    target: "/pool/env",
    tools: "/pool/.tools",
    wheelFolder: null,
    variables: { PATH: path.join(home, "bin") },
    ...changes,
  };
}

function program(name: string): string {
  put(path.join(home, "bin"), { [name]: "#!/bin/sh\n" });
  const file = path.join(home, "bin", name);
  chmodSync(file, 0o755);
  return file;
}

const lines = (steps: unknown): string[] =>
  (steps as Step[]).map((step) => [path.basename(step.program), ...step.args].join(" "));

test("without uv it is venv and its pip, from the wheel folder where there is one", async () => {
  expect(lines(await recipeFor(request("requirements.txt", { wheelFolder: "/wheels" })))).toEqual([
    "python3 -m venv /pool/env",
    "python -m pip install --no-index --find-links /wheels -r requirements.txt",
  ]);
});

test("with uv it is uv, which needs no ensurepip", async () => {
  program("uv");
  const base = { ...request("script").base, ensurepip: false };
  expect(lines(await recipeFor(request("script", { base })))).toEqual([
    "uv venv --python /usr/bin/python3 /pool/env",
    "uv pip install --python /pool/env/bin/python -r requirements.txt",
  ]);
});

test("a lock is uv's: our own one where the host has none", async () => {
  const sync = "uv sync --frozen --no-install-project --no-install-workspace --python /usr/bin/python3";
  expect(lines(await recipeFor(request("uv.lock")))).toEqual([
    "python3 -m venv /pool/.tools",
    "python -m pip install uv",
    sync,
  ]);
  program("uv");
  expect(lines(await recipeFor(request("uv.lock")))).toEqual([sync]);
});

test("environment.yml is for conda or what answers to it", async () => {
  expect(await recipeFor(request("environment.yml"))).toEqual({
    message: `${hostname()} has no conda, mamba or micromamba to build from environment.yml with.`,
    remedy: "Install one of them there, add a requirements.txt, or choose another interpreter.",
  });
  program("conda");
  const conda = lines(await recipeFor(request("environment.yml")));
  expect(conda).toEqual(["conda env create --prefix /pool/env --file environment.yml"]);
  program("micromamba");
  const micromamba = lines(await recipeFor(request("environment.yml")));
  expect(micromamba).toEqual(["micromamba create --yes --prefix /pool/env --file environment.yml"]);
});

test("a Python without ensurepip is one sentence with its remedy", async () => {
  const base = { ...request("script").base, ensurepip: false };
  expect(await recipeFor(request("requirements.txt", { base }))).toEqual({
    message: `/usr/bin/python3 (Python 3.11.2) on ${hostname()} has no ensurepip, so no environment can be made with it.`,
    remedy: "Install python3-venv or uv there, or choose another interpreter.",
  });
});

test.each([
  [
    "$ pip\nCollecting a\nERROR: Could not find a version\nERROR: No matching distribution found for a\n",
    "ERROR: No matching distribution found for a",
    "Look at the log",
  ],
  [
    "error: Failed to fetch: dns error: failed to lookup address\n",
    "error: Failed to fetch: dns error: failed to lookup address",
    "--wheels DIR",
  ],
  [
    "ERROR: Could not install: [Errno 28] No space left on device\n",
    "ERROR: Could not install: [Errno 28] No space left on device",
    "Make room",
  ],
  ["Killed\n", "Killed", "Look at the log"],
  ["", "python ended with SIGKILL", "Look at the log"],
])("%j is told as its reason", (log, reason, remedy) => {
  const problem = problemIn(log, {
    source: "requirements.txt",
    ended: "python ended with SIGKILL",
    wheelFolder: null,
  });
  expect(problem.message).toBe(`requirements.txt cannot be installed on ${hostname()}: ${reason}.`);
  expect(problem.remedy).toContain(remedy);
});
