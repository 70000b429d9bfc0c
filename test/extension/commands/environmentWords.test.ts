import { describe, expect, test } from "vitest";
import type { EnvironmentQuestion } from "../../../src/cluster/client/environment/prepare.ts";
import {
  buildingText,
  environmentDialog,
  interpreterRows,
  pathProblem,
  setUpLinesOf,
  setUpTemplate,
} from "../../../src/extension/commands/environmentWords.ts";
import type { EnvironmentSource } from "../../../src/cluster/protocol/environments.ts";

const ID = "0123456789abcdef0123456789abcdef";
const REQUIREMENTS: EnvironmentSource = {
  kind: "requirements.txt",
  path: "requirements.txt",
  environmentId: ID,
  state: "absent",
  mustRebuild: false,
};
const BLOCK: EnvironmentSource = {
  ...REQUIREMENTS,
  kind: "script",
  path: "train.py",
  environmentId: ID.replaceAll("0", "1"),
};
const PYTHON = {
  path: "/usr/bin/python3",
  version: "3.11.2",
  origin: "python3 on the pool's PATH",
  torch: null,
  cuda: null,
};
const question = (changes: Partial<EnvironmentQuestion> = {}): EnvironmentQuestion => ({
  message: "torch is missing in /usr/bin/python3 (Python 3.11.2) on gpu1 (train.py:3).",
  host: "gpu1",
  interpreter: PYTHON,
  missing: [{ module: "torch", file: "train.py", line: 3 }],
  sources: [REQUIREMENTS],
  problem: null,
  interpreters: () => Promise.resolve([]),
  ...changes,
});
const titles = (asked: EnvironmentQuestion): string[] =>
  environmentDialog(asked).buttons.map(({ title }) => title);

describe("the question about what is missing", () => {
  test("has a button for each source, and says which Python it is", () => {
    const asked = question({ sources: [BLOCK, REQUIREMENTS] });
    expect(titles(asked)).toEqual([
      "Build From Block in train.py",
      "Build From requirements.txt",
      "Choose Another...",
      "Submit Anyway",
    ]);
    const { message, detail } = environmentDialog(asked);
    expect(message).toBe(asked.message);
    expect(detail).toBe(
      "Why this Python: python3 on the pool's PATH.\n\nAn environment is built once on gpu1; this folder's submits use it from then on.",
    );
  });

  test("lists several modules with their places, and no more than a person reads", () => {
    const missing = Array.from({ length: 10 }, (_, line) => ({
      module: `module${line}`,
      file: "train.py",
      line: line + 1,
    }));
    const { detail } = environmentDialog(question({ missing }));
    expect(detail).toContain("module0 (train.py:1)\nmodule1 (train.py:2)\n");
    expect(detail).toContain("module7 (train.py:8)\nand 2 more\n");
  });

  test("offers what is ready as what it is", () => {
    expect(titles(question({ sources: [{ ...REQUIREMENTS, state: "ready" }] }))[0]).toBe(
      "Use What Was Built From requirements.txt",
    );
  });

  test("does not offer to build again what lacks the module, and says what does", () => {
    const asked = question({
      interpreter: { ...PYTHON, path: `/home/ada/.trainyard/environments/${ID}/env/bin/python` },
      sources: [{ ...REQUIREMENTS, state: "ready" }],
    });
    expect(titles(asked)).toEqual(["Choose Another...", "Submit Anyway"]);
    expect(environmentDialog(asked).detail).toBe(
      "It was built from requirements.txt, which does not bring it: add it there, then submit again.",
    );
  });

  test("after a building that failed says why and what to do, with the log first", () => {
    const problem = {
      message: "requirements.txt cannot be installed on gpu1: no matching distribution.",
      remedy: "Correct requirements.txt.",
    };
    const asked = question({ problem, message: problem.message });
    expect(titles(asked)).toEqual(["Show Log", "Choose Another...", "Submit Anyway"]);
    expect(environmentDialog(asked)).toMatchObject({
      message: problem.message,
      detail: "Correct requirements.txt.\n\nNothing has been submitted yet.",
    });
  });
});

test("interpreters: the chosen one first, each with what a person who trains looks for", () => {
  const rows = interpreterRows([
    { ...PYTHON, chosen: false },
    {
      ...PYTHON,
      path: "/opt/conda/bin/python",
      version: "3.12.1",
      torch: "2.5.1",
      cuda: "12.4",
      chosen: true,
    },
    { ...PYTHON, path: "/home/ada/venv/bin/python", origin: "chosen for this folder", chosen: true },
    { ...PYTHON, path: "/opt/cpu/bin/python", torch: "2.5.1", chosen: false },
  ]);
  expect(rows.map(({ label, description, detail }) => `${label} | ${description} | ${detail}`)).toEqual([
    "$(check) Python 3.12.1 · torch 2.5.1 · CUDA 12.4 | chosen for this folder · python3 on the pool's PATH | /opt/conda/bin/python",
    "$(check) Python 3.11.2 · no torch | chosen for this folder | /home/ada/venv/bin/python",
    "Python 3.11.2 · no torch | python3 on the pool's PATH | /usr/bin/python3",
    "Python 3.11.2 · torch 2.5.1 | python3 on the pool's PATH | /opt/cpu/bin/python",
  ]);
});

test("a path of the person's machine is not taken for one of the pool", () => {
  for (const fine of ["", "python3.12", "/usr/bin/python3", " ~/venv"])
    expect(pathProblem(fine, "gpu1")).toBeUndefined();
  for (const wrong of ["./venv", "venv/bin/python", "C:/python.exe"])
    expect(pathProblem(wrong, "gpu1")).toBe("It is a path on gpu1, so it begins with / or ~/.");
});

describe("how far a building is", () => {
  const said = (printed: string): string | undefined =>
    buildingText(printed)?.split("): ").slice(1).join("): ");

  test("is the last line that says something, without colours and without an end", () => {
    expect(buildingText("Collecting torch\n\u001b[32mDownloading\u001b[0m torch.whl\r\n \n")).toBe(
      "building its environment ([show log](command:trainyard.showBuildLog)): Downloading torch.whl",
    );
    expect(buildingText("\n \r\n")).toBeNull();
    expect(said("x".repeat(500))).toHaveLength(80);
  });

  test("has no link of the log's own, which would be a command", () => {
    expect(said("[Retry](command:workbench.action.terminal.new)")).toBe(
      "[Retry] (command:workbench.action.terminal.new)",
    );
  });
});

test("a document that nothing was written into is no set-up lines", () => {
  const template = setUpTemplate("gpu1");
  expect(setUpLinesOf(template, "gpu1")).toBe("");
  expect(setUpLinesOf(`${template}module load cuda\n`, "gpu1")).toBe(`${template}module load cuda\n`);
  expect(setUpLinesOf("# module load cuda\n", "gpu1")).toBe("# module load cuda\n");
});
