import { execFileSync, spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Input, Result } from "../../../../src/cluster/protocol/methods.ts";
import { openTestServer, type TestServer } from "../testServer.ts";
import { readProcess } from "../../../../src/cluster/server/runs/processes.ts";
import { writeSource, writeWheel } from "./wheels.ts";

// A virtual environment takes seconds, and several times that on a busy machine.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 60_000 });

const WORKSPACE = "/home/alice/project";
let server: TestServer;
let outside: string;

beforeEach(async () => {
  server = await openTestServer();
  outside = mkdtempSync(path.join(tmpdir(), "trainyard-environments-"));
  writeWheel(path.join(outside, "wheels"), "tinypack");
  await server.call("pool/setSettings", { setupLines: "", wheelFolder: path.join(outside, "wheels") });
});
afterEach(async () => {
  await server.close();
  rmSync(outside, { recursive: true, force: true });
});

type Start = Pick<Input<"environment/prepare">, "tree" | "directory" | "script" | "workspace">;
async function start(files: Record<string, string>): Promise<Start> {
  return { tree: await server.send(files), directory: ".", script: "train.py", workspace: WORKSPACE };
}

function prepare(
  from: Start,
  changes: Partial<Input<"environment/prepare">> = {},
): Promise<Result<"environment/prepare">> {
  return server.call("environment/prepare", { ...from, named: null, ...changes });
}

async function ended(environmentId: string): Promise<Result<"environment/read">> {
  for (;;) {
    const read = await server.call("environment/read", { environmentId, offset: 0, limit: 1024 * 1024 });
    if (read.state !== "building") return read;
    await sleep(20);
  }
}

async function build(
  from: Start,
  kind: "requirements.txt" | "pyproject.toml" | "script" = "requirements.txt",
) {
  const source = { kind, path: kind === "script" ? from.script : kind };
  const { environmentId } = await server.call("environment/build", { ...from, source, python: null });
  return { environmentId, ...(await ended(environmentId)) };
}

function venv(name: string): string {
  const folder = path.join(outside, name);
  execFileSync("python3", ["-m", "venv", "--without-pip", folder]);
  return path.join(folder, "bin", "python");
}

const NEEDS_TINYPACK = { "train.py": "import json\nimport tinypack\nprint(tinypack.VALUE)\n" };

test("what the script lacks is said with its place, before anything was built", async () => {
  const from = await start({ ...NEEDS_TINYPACK, "requirements.txt": "tinypack==1.0\n" });
  const { interpreter, missing, sources } = await prepare(from);
  expect(interpreter.origin).toBe("python3 on the pool's PATH");
  expect(missing).toEqual([{ module: "tinypack", file: "train.py", line: 2 }]);
  expect(sources).toMatchObject([
    { kind: "requirements.txt", path: "requirements.txt", state: "absent", mustRebuild: false },
  ]);
});

test.each([
  ["requirements.txt", "requirements.txt", "-r more.txt\n-e .\n"],
  [
    "pyproject.toml",
    "pyproject.toml",
    '[project]\nname = "mine"\nversion = "1"\ndependencies = ["tinypack"]\n',
  ],
  ["script", "train.py", '# /// script\n# dependencies = ["tinypack"]\n# ///\nimport tinypack\n'],
] as const)("an environment built from %s is what the workspace uses", async (kind, file, text) => {
  const from = await start({ ...NEEDS_TINYPACK, "more.txt": "tinypack\n", [file]: text });
  const { state, problem, bytes, interpreter } = await build(from, kind);
  expect(problem).toBeNull();
  expect(state).toBe("ready");
  expect(Buffer.from(bytes).toString()).toContain("tinypack");
  const after = await prepare(from);
  expect(after).toMatchObject({
    interpreter: { path: interpreter?.path, origin: `built from ${file}` },
    missing: [],
  });
  expect(after.sources).toMatchObject([{ kind, state: "ready", mustRebuild: false }]);
  // Another workspace with the same needs finds it, too.
  expect(await prepare({ ...from, workspace: "/elsewhere" })).toMatchObject({
    interpreter: { path: interpreter?.path },
    missing: [],
  });
});

test("a source that has changed says so, and goes back to what was built before", async () => {
  writeWheel(path.join(outside, "wheels"), "tinypack", "2.0");
  const first = await start({ ...NEEDS_TINYPACK, "requirements.txt": "tinypack==1.0\n" });
  const { environmentId } = await build(first);
  const second = await start({ ...NEEDS_TINYPACK, "requirements.txt": "tinypack==2.0\n" });
  const changed = await prepare(second);
  expect(changed.sources).toMatchObject([{ state: "absent", mustRebuild: true }]);
  expect(changed.sources[0]?.environmentId).not.toBe(environmentId);
  expect((await build(second)).state).toBe("ready");
  expect((await prepare(second)).sources).toMatchObject([{ state: "ready", mustRebuild: false }]);
  const again = {
    ...first,
    source: { kind: "requirements.txt" as const, path: "requirements.txt" },
    python: null,
  };
  expect(await server.call("environment/build", again)).toEqual({ environmentId, state: "ready" });
});

test("what cannot be installed is one sentence, and nothing of it is left to be taken for ready", async () => {
  const from = await start({ "train.py": "", "requirements.txt": "nosuchpack\n" });
  const { environmentId, state, problem, bytes } = await build(from);
  expect(state).toBe("failed");
  expect(problem?.message).toBe(
    `requirements.txt cannot be installed on ${hostname()}: ERROR: No matching distribution found for nosuchpack.`,
  );
  expect(problem?.remedy).toContain(path.join(outside, "wheels"));
  expect(Buffer.from(bytes).toString()).toContain("$ ");
  expect(readdirSync(path.join(server.home, "environments", environmentId)).sort()).toEqual([
    "build.log",
    "problem.json",
  ]);
});

test("two who ask for the same environment wait for one building", async () => {
  const from = await start({ ...NEEDS_TINYPACK, "requirements.txt": "tinypack\n" });
  const request = {
    ...from,
    source: { kind: "requirements.txt" as const, path: "requirements.txt" },
    python: null,
  };
  const [one, two] = await Promise.all([
    server.call("environment/build", request),
    server.call("environment/build", { ...request, workspace: "/elsewhere" }),
  ]);
  expect(two).toEqual(one);
  const { bytes, interpreter } = await ended(one.environmentId);
  expect(
    Buffer.from(bytes)
      .toString()
      .match(/-m venv/g),
  ).toHaveLength(1);
  for (const workspace of [WORKSPACE, "/elsewhere"])
    expect((await prepare({ ...from, workspace })).interpreter.path).toBe(interpreter?.path);
});

const SLOW = { "train.py": "import slowpack\n", "requirements.txt": "slowpack\n" };
const REQUIREMENTS = {
  source: { kind: "requirements.txt" as const, path: "requirements.txt" },
  python: null,
};

/** In the wheel folder: what is never built to the end, by a process of its own session. @returns its pid once it runs */
function writeSlowPackage(): () => Promise<number> {
  const said = path.join(outside, "child");
  writeSource(
    path.join(outside, "wheels"),
    "slowpack",
    `
import os, subprocess
def build_wheel(*_):
    child = subprocess.Popen(["sleep", "1000"], start_new_session=True)
    with open("${said}.tmp", "w") as file:
        file.write(str(child.pid))
    os.rename("${said}.tmp", "${said}")
    child.wait()
`,
  );
  return async () => {
    while (!existsSync(said)) await sleep(20);
    return Number(readFileSync(said, "utf8"));
  };
}

test("a building that is cancelled ends with its processes", async () => {
  const child = writeSlowPackage();
  const { environmentId } = await server.call("environment/build", {
    ...(await start(SLOW)),
    ...REQUIREMENTS,
  });
  const pid = await child();
  await server.call("environment/cancel", { environmentId });
  expect(await ended(environmentId)).toMatchObject({
    state: "failed",
    problem: { message: "The building of the environment was cancelled." },
  });
  expect(readProcess(pid)).toBeNull();
});

test("a server that was killed during a building leaves nothing that is taken for ready, and nothing that runs", async () => {
  const child = writeSlowPackage();
  const from = await start(SLOW);
  const { environmentId } = await server.call("environment/build", { ...from, ...REQUIREMENTS });
  await child();
  const folder = path.join(server.home, "environments", environmentId);
  const key = (JSON.parse(readFileSync(path.join(folder, "building.json"), "utf8")) as { key: string }).key;
  let orphan = 0;
  // What a SIGKILL would have left.
  await server.restart(() => {
    rmSync(path.join(folder, "problem.json"));
    writeFileSync(path.join(folder, "building.json"), JSON.stringify({ key }));
    execFileSync("python3", ["-m", "venv", "--without-pip", path.join(folder, "env")]);
    orphan =
      spawn("sleep", ["1000"], { env: { ...process.env, TRAINYARD_RUN_KEY: key }, stdio: "ignore" }).pid ?? 0;
  });
  expect(await ended(environmentId)).toMatchObject({
    state: "failed",
    problem: { message: expect.stringContaining("interrupted") as string },
  });
  expect(readProcess(orphan)).toBeNull();
  expect(existsSync(path.join(folder, "env"))).toBe(false);
  expect((await prepare(from)).sources).toMatchObject([{ state: "failed" }]);
});

describe("the order of interpreters", () => {
  const FILES = { "train.py": "print('done')\n" };

  test("named, chosen, last completed with, python3", async () => {
    const [named, chosen, last] = [venv("named"), venv("chosen"), venv("last")];
    const from = await start(FILES);
    const trial = await server.submit(FILES, { interpreter: last });
    await server.untilState(trial, "completed");
    expect((await prepare(from)).interpreter).toMatchObject({
      path: last,
      origin: "what this script last completed with",
    });
    expect((await prepare({ ...from, workspace: "/other" })).interpreter.origin).toContain("python3");
    await server.call("interpreter/choose", { workspace: WORKSPACE, path: chosen });
    expect((await prepare(from)).interpreter).toMatchObject({
      path: chosen,
      origin: "chosen for this folder",
    });
    for (const name of [
      { python: named },
      { venv: path.join(outside, "named") },
      { conda: path.join(outside, "named") },
    ])
      expect((await prepare(from, { named: name })).interpreter.path).toBe(named);
    await server.call("interpreter/choose", { workspace: WORKSPACE, path: null });
    rmSync(path.join(outside, "last"), { recursive: true });
    expect((await prepare(from)).interpreter.origin).toContain("python3");
  });

  test("a choice outlives the server", async () => {
    const chosen = venv("chosen");
    await server.call("interpreter/choose", { workspace: WORKSPACE, path: chosen });
    await server.restart();
    expect((await prepare(await start(FILES))).interpreter.path).toBe(chosen);
  });

  test.each([
    [
      { python: "/nowhere/python" },
      "/nowhere/python is no Python for a run on HOST: /nowhere/python does not exist.",
    ],
    [
      { python: "no-such-python" },
      "no-such-python is no Python for a run on HOST: no-such-python does not exist.",
    ],
    [{ python: "/bin/true" }, "/bin/true is no Python for a run on HOST: /bin/true does not say what it is."],
    [{ venv: ".venv" }, "./.venv is a path on the pool's host (HOST), so it has to begin with `/` or `~/`."],
    [{ conda: "no-such" }, "There is no conda environment no-such on HOST."],
  ])("%j is refused in one sentence", async (named, message) => {
    await expect(prepare(await start(FILES), { named })).rejects.toThrow(message.replace("HOST", hostname()));
  });
});

test("the list has what each has of PyTorch, and leaves out what is broken", async () => {
  const [withTorch, broken] = [venv("torch"), venv("broken")];
  const version = execFileSync(withTorch, ["-c", "import sys; print('%d.%d' % sys.version_info[:2])"], {
    encoding: "utf8",
  });
  const site = path.join(outside, "torch", "lib", `python${version.trim()}`, "site-packages", "torch");
  mkdirSync(site);
  writeFileSync(path.join(site, "__init__.py"), "raise SystemExit('imported')\n");
  writeFileSync(
    path.join(site, "version.py"),
    "from typing import Optional\n__version__ = '2.5.1+cu124'\ncuda: Optional[str] = '12.4'\n",
  );
  await server.call("interpreter/choose", { workspace: WORKSPACE, path: withTorch });
  await server.untilState(await server.submit({ "train.py": "" }, { interpreter: broken }), "completed");
  rmSync(broken);
  writeFileSync(broken, "#!/bin/sh\nexit 1\n", { mode: 0o755 });
  const { interpreters } = await server.call("interpreter/list", { workspace: WORKSPACE });
  expect(interpreters.find(({ path: file }) => file === withTorch)).toMatchObject({
    torch: "2.5.1+cu124",
    cuda: "12.4",
    chosen: true,
  });
  expect(interpreters.some(({ path: file }) => file === broken)).toBe(false);
  expect(interpreters.length).toBeGreaterThan(1);
  expect(new Set(interpreters.map(({ path: file }) => file)).size).toBe(interpreters.length);
});

test("a wheel folder that is not there is said at once, and kept: it may still come", async () => {
  const wheelFolder = path.join(outside, "nowhere");
  const { problem } = await server.call("pool/setSettings", { setupLines: "", wheelFolder });
  expect(problem?.message).toContain(`The wheel folder ${wheelFolder} on `);
  expect(problem?.message).toContain(" does not exist.");
  expect(await server.call("pool/settings", {})).toEqual({ setupLines: "", wheelFolder });
});

describe("set-up lines", () => {
  test("reach the interpreter, the imports and the run, and the configuration wins; no file of a run has them", async () => {
    const site = path.join(outside, "site");
    mkdirSync(site);
    writeFileSync(path.join(site, "sitepack.py"), "");
    const setupLines = `echo loading\nexport PYTHONPATH='${site}' SECRET_TOKEN="it's \\"1234\\"" BOTH=pool\n`;
    expect(await server.call("pool/setSettings", { setupLines, wheelFolder: null })).toEqual({
      problem: null,
    });
    expect(await server.call("pool/settings", {})).toEqual({ setupLines, wheelFolder: null });
    const files = {
      "train.py": "import os, sitepack\nprint(os.environ['SECRET_TOKEN'], os.environ['BOTH'])\n",
    };
    expect((await prepare(await start(files))).missing).toEqual([]);
    const trial = await server.submit(files, {
      configuration: { environment: { environment_variables: ["BOTH=mine"] } },
    });
    await server.untilState(trial, "completed");
    const folder = path.join(server.home, "runs", `${trial}.1`);
    expect(readFileSync(path.join(folder, "stdout.log"), "utf8")).toBe(`it's "1234" mine\n`);
    expect(
      execFileSync("sh", ["-c", 'grep -rl 1234 "$0" || true', folder], { encoding: "utf8" }).trim(),
    ).toBe(path.join(folder, "stdout.log"));
    expect(statSync(path.join(server.home, "state", "setup.sh")).mode & 0o777).toBe(0o600);
  });

  test.each([
    ["echo before >&2\nmodule-that-is-not-there load cuda\n", "module-that-is-not-there: command not found"],
    ["exit 0\n", "they end the shell (exit)"],
    ["return 3\n", "they ended with exit code 3"],
  ])("%j fail in one sentence", async (setupLines, words) => {
    const { problem } = await server.call("pool/setSettings", { setupLines, wheelFolder: null });
    expect(problem?.message).toContain(`The set-up lines of the pool on ${hostname()} failed: `);
    expect(problem?.message).toContain(words);
    await expect(prepare(await start({ "train.py": "" }))).rejects.toThrow(words);
  });
});
