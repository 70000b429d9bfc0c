import { describe, expect, it } from "vitest";
import {
  type Debugged,
  debugConfiguration,
  isReplaced,
  toldLines,
} from "../../../src/extension/commands/debugConfiguration.ts";

const debugged = (more: Partial<Debugged> = {}): Debugged => ({
  ...{
    name: "Trial 3.1 (digits)",
    folder: "/project",
    python: "/usr/bin/python3",
    start: { script: "/project/t.py" },
  },
  ...{ arguments: ["--a"], environment: {}, parameters: null, checkpoint: null },
  ...more,
});
const told = (more: Partial<Debugged> = {}): ReturnType<typeof debugConfiguration> =>
  debugConfiguration(debugged(more), "/ours", undefined);

describe("what the debugger is told", () => {
  it("is the script, its arguments, and where our package is", () => {
    expect(told()).toEqual({
      ...{ type: "debugpy", request: "launch", name: "Trial 3.1 (digits)", cwd: "/project" },
      ...{
        python: "/usr/bin/python3",
        program: "/project/t.py",
        args: ["--a"],
        env: { PYTHONPATH: "/ours" },
      },
    });
    expect(told({ start: { module: "pkg.train" } })).toMatchObject({ module: "pkg.train" });
    expect(debugConfiguration(debugged(), "/ours", "/theirs").env).toEqual({ PYTHONPATH: "/ours:/theirs" });
  });

  it("has a trial's parameters as they are, and nothing that the editor would replace", () => {
    const hyperparameters = { note: "${command:workbench.action.quit}", lr: 0.1 };
    const configuration = told({ parameters: { hyperparameters, seed: 7 }, checkpoint: "/cache/files" });
    expect(isReplaced(configuration)).toBe(false);
    const { TRAINYARD_PARAMS: parameters = "", ...env } = configuration.env;
    expect(JSON.parse(parameters)).toEqual(hyperparameters);
    expect(env).toMatchObject({ TRAINYARD_SEED: "7", TRAINYARD_CHECKPOINT: "/cache/files" });
    expect(isReplaced(told({ name: "Trial 1.1 (${command:x})" }))).toBe(false);
  });

  it.each<Partial<Debugged>>([
    { arguments: ["--out", "${command:x}"] },
    { environment: { A: "b${env:HOME}" } },
    { start: { script: "/project/${input:a}.py" } },
    { folder: "/project/${workspaceFolder}" },
  ])("is refused with %j", (more) => expect(isReplaced(told(more))).toBe(true));
});

it("what another host says is shown whole, but for what is too long", () => {
  expect(toldLines({ arguments: [], environment: {} })).toEqual([]);
  expect(toldLines({ arguments: ["--a", "b c"], environment: { URL: "x\ny" } })).toEqual([
    'Arguments: "--a" "b c"',
    'URL="x\\ny"',
  ]);
  const many = Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`V${at}`, "v".repeat(1000)]));
  const lines = toldLines({ arguments: [], environment: many });
  expect(lines).toHaveLength(31);
  expect(lines.at(-1)).toBe("... and 70 more");
  expect(lines[0]).toHaveLength(203);
});
