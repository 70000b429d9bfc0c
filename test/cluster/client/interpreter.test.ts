import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, realpathSync, symlinkSync } from "node:fs";
import path from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { resolveInterpreter, type InterpreterRequest } from "../../../src/cluster/client/interpreter.ts";
import { put, temporaryFolder } from "./support.ts";

const before = { ...process.env };
afterEach(() => {
  process.env = { ...before };
});

const PYTHON = realpathSync(
  execFileSync("python3", ["-c", "import sys; print(sys.executable)"]).toString().trim(),
);

function project(): { root: string; request: InterpreterRequest } {
  const root = temporaryFolder("project");
  put(root, { "sub/train.py": "" });
  return { root, request: { script: path.join(root, "sub/train.py"), root, folder: root } };
}

/** A virtual environment, as far as Python itself looks. */
function environment(folder: string): void {
  put(folder, { "pyvenv.cfg": `home = ${path.dirname(PYTHON)}\n` });
  mkdirSync(path.join(folder, "bin"));
  symlinkSync(PYTHON, path.join(folder, "bin/python"));
}

function fake(folder: string, name: string, script: string): string {
  put(folder, { [name]: `#!/bin/sh\n${script}\n` });
  const file = path.join(folder, name);
  chmodSync(file, 0o755);
  return file;
}

describe("the order", () => {
  it("explicit, the editor's choice, .venv up to the root, conda, PATH", async () => {
    const { root, request } = project();
    const bin = temporaryFolder("bin");
    // A shim, as pyenv has them: what counts is the Python behind it.
    fake(bin, "python3", `exec ${PYTHON} "$@"`);
    process.env.PATH = `${bin}:/usr/bin:/bin`;
    delete process.env.CONDA_PREFIX;
    const found = await resolveInterpreter(request);
    expect(realpathSync(found.path)).toBe(PYTHON);
    expect(found).toMatchObject({ origin: "python3 on PATH" });
    expect(found.path).not.toContain(bin);
    expect(found.version).toMatch(/^3\.\d+\.\d+$/);

    const conda = temporaryFolder("conda");
    fake(path.join(conda, "bin"), "python", `exec ${PYTHON} "$@"`);
    process.env.CONDA_PREFIX = conda;
    expect((await resolveInterpreter(request)).origin).toBe("the active conda environment");

    environment(path.join(root, "venv"));
    expect((await resolveInterpreter(request)).path).toBe(path.join(root, "venv/bin/python"));
    environment(path.join(root, "sub/.venv"));
    expect((await resolveInterpreter(request)).path).toBe(path.join(root, "sub/.venv/bin/python"));
    expect(await resolveInterpreter({ ...request, editorChoice: PYTHON })).toMatchObject({
      origin: "selected in the editor",
    });
    const explicit = { value: "venv/bin/python", origin: "the setting" };
    expect(await resolveInterpreter({ ...request, editorChoice: PYTHON, explicit })).toMatchObject({
      path: path.join(root, "venv/bin/python"),
      origin: "the setting",
    });
    const folder = { value: "sub/.venv", origin: "the setting" };
    expect((await resolveInterpreter({ ...request, explicit: folder })).path).toContain(
      "sub/.venv/bin/python",
    );
  });

  it("looks at nothing above the root", async () => {
    const { root, request } = project();
    environment(path.join(path.dirname(root), ".venv"));
    delete process.env.CONDA_PREFIX;
    expect((await resolveInterpreter(request)).origin).toBe("python3 on PATH");
  });
});

describe("errors that say what to do", () => {
  it.each([
    ["old", "echo /old/python; echo 3.7.9", "is Python 3.7.9; 3.8 or newer is needed."],
    ["broken", "echo boom >&2; exit 3", "does not run: boom."],
    ["other", "echo hello", "does not answer as Python does."],
  ])("%s", async (name, script, message) => {
    const { request } = project();
    const file = fake(temporaryFolder("bin"), name, script);
    await expect(
      resolveInterpreter({ ...request, explicit: { value: file, origin: "the setting" } }),
    ).rejects.toThrow(`${file} (the setting) ${message}`);
  });

  it("missing ones", async () => {
    const { request } = project();
    const explicit = { value: "/no/python", origin: "the setting" };
    await expect(resolveInterpreter({ ...request, explicit })).rejects.toThrow(
      "There is no Python at /no/python",
    );
    process.env.PATH = temporaryFolder("empty");
    delete process.env.CONDA_PREFIX;
    await expect(resolveInterpreter(request)).rejects.toThrow("No Python was found");
  });
});
