import path from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import {
  explicitHere,
  namedEnvironment,
  pythonPathOf,
} from "../../../../src/cluster/client/environment/named.ts";
import { ExperimentConfiguration } from "../../../../src/cluster/protocol/configuration.ts";
import { put, temporaryFolder } from "../support.ts";

afterEach(() => vi.unstubAllEnvs());

test("what is named for one submit goes before the configuration, and python before conda before venv", () => {
  const environment = { python: "p", conda: "c", venv: "v" };
  expect(namedEnvironment("mine", environment)?.environment).toEqual({ python: "mine" });
  expect(namedEnvironment(null, environment)?.environment).toEqual({ python: "p" });
  expect(namedEnvironment(null, { conda: "c", venv: "v" })).toEqual({
    environment: { conda: "c" },
    origin: "environment.conda in the configuration",
  });
  expect(namedEnvironment(null, { venv: "v" })?.environment).toEqual({ venv: "v" });
  expect(namedEnvironment(null, {})).toBeNull();
});

test("on this machine a conda environment is found by its name, and a folder is no name on the PATH", async () => {
  const home = temporaryFolder();
  vi.stubEnv("HOME", home);
  put(home, { ".conda/environments.txt": "/opt/conda\n/opt/conda/envs/vision\n" });
  const here = (environment: { conda: string } | { venv: string }): Promise<string> =>
    explicitHere({ environment, origin: "o" }).then(({ value }) => value);
  expect(await here({ conda: "vision" })).toBe("/opt/conda/envs/vision");
  expect(await here({ conda: "/opt/other" })).toBe("/opt/other");
  await expect(here({ conda: "nosuch" })).rejects.toThrow("There is no conda environment nosuch (o).");
  expect(path.normalize(await here({ venv: ".venv" }))).toBe(".venv");
  expect(await here({ venv: ".venv" })).toContain("/");
});

test("the configuration's PYTHONPATH is the last that is set", () => {
  const of = (variables: unknown): string | null =>
    pythonPathOf(ExperimentConfiguration.parse({ environment: { environment_variables: variables } }));
  expect(of(["A=1", "PYTHONPATH=one", "PYTHONPATH=two"])).toBe("two");
  expect(of({ A: 1 })).toBeNull();
});
