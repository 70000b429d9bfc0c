import { existsSync, readFileSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { lintChecks, typeCheck, type Check } from "./checks.mts";
import { command, type CommandResult } from "./command.mts";
import { fromNodeTest, fromUnittest, fromVitest, sum, type Counts } from "./counts.mts";
import { ensureTestTools } from "./testTools.mts";
import { ensureSshd } from "../ssh/sshd.mts";
import { ensureNode22 } from "./node22.mts";
import { artifacts, nodeModule, root } from "./paths.mts";
import { captureEnvironments, digitsEnvironment, pythonEnvironment, torchPython } from "./python.mts";

export interface StageResult extends Counts {
  readonly output: string;
  /** The worst exit code of its commands. */
  readonly code: number;
}

export interface Stage {
  readonly name: string;
  /** Shown by --list and in CONTRIBUTING.md. */
  readonly what: string;
  readonly run: (show: boolean) => Promise<StageResult>;
}

const MINUTE_MS = 60_000;
/** Its machines are slow and shared: what fails there is tried once more. */
const isContinuousIntegration = process.env.CI === "true";
/** Long, and about the system more than about the Node. */
const WITHOUT_KILLS = ["**/*kill*.test.ts", "**/*Kills.test.ts", "**/crash.test.ts"].flatMap((glob) => [
  "--exclude",
  glob,
]);
const VERMIN = "vermin==1.9.2";

const one = ({ code, output }: CommandResult): StageResult => ({
  passed: code === 0 ? 1 : 0,
  failed: code === 0 ? 0 : 1,
  code,
  output,
});

const all = (results: readonly StageResult[]): StageResult => ({
  ...sum(results),
  code: Math.max(...results.map(({ code }) => code)),
  output: results.map(({ output }) => output).join("\n"),
});

const runChecks = async (checks: readonly Check[]): Promise<StageResult> =>
  all(await Promise.all(checks.map(async (check) => one(await check.run()))));

const script = (
  name: string,
  args: readonly string[],
  show: boolean,
  timeoutMs: number,
): Promise<CommandResult> =>
  command(process.execPath, [path.join(root, "scripts", name), ...args], { cwd: root, timeoutMs, show });

/** Counts from the file that the stage's runner writes; none when it did not get that far. */
function countsOf(file: string, read: (text: string) => Counts): Counts {
  return existsSync(file) ? read(readFileSync(file, "utf8")) : { passed: 0, failed: 0 };
}

async function vitest(
  node: string,
  name: string,
  filters: readonly string[],
  show: boolean,
): Promise<StageResult> {
  const report = path.join(artifacts, `${name}.json`);
  rmSync(report, { force: true });
  const result = await command(
    node,
    [
      ...[nodeModule("vitest", "vitest.mjs"), "run", ...filters],
      ...["--reporter=default", "--reporter=json", `--outputFile.json=${report}`],
    ],
    {
      cwd: root,
      env: {
        ...process.env,
        NO_COLOR: "1",
        PATH: `${path.dirname(node)}${path.delimiter}${process.env.PATH ?? ""}`,
      },
      timeoutMs: 40 * MINUTE_MS,
      show,
    },
  );
  return { ...result, ...countsOf(report, fromVitest) };
}

/** A test that passes only at its second try is to be mended all the same: it is named, and what it said at first is kept. */
async function tried(name: string, run: () => Promise<StageResult>): Promise<StageResult> {
  const first = await run();
  if (first.code === 0 || !isContinuousIntegration) return first;
  const second = await run();
  console.log(`${name} failed, and ${second.code === 0 ? "passed" : "failed again"} at its second try.`);
  return { ...second, output: `${first.output}\n\n--- second try\n\n${second.output}` };
}

async function python(show: boolean): Promise<StageResult> {
  const unittest = async (interpreter: string, ...filter: string[]): Promise<StageResult> => {
    const result = await command(
      interpreter,
      ["-m", "unittest", "discover", "-s", "test/python", ...filter],
      {
        cwd: root,
        env: {
          ...process.env,
          PYTHONPATH: path.join(root, "src/cluster/python"),
          PYTHONDONTWRITEBYTECODE: "1",
        },
        timeoutMs: 10 * MINUTE_MS,
        show,
      },
    );
    return { ...result, ...fromUnittest(result.output) };
  };
  const digits = await digitsEnvironment();
  const whole = await tried("test/python", () => unittest(digits));
  const torch = await torchPython();
  if (torch === null)
    console.log("Not tested: examples/digits/train_torch.py (PyTorch could not be installed).");
  const example = torch === null ? [] : [await unittest(torch, "-k", "test_pytorch")];
  // Python below 3.11 is not at hand: that the harness runs on 3.8 is read from its source.
  const vermin = await command(
    path.join(path.dirname(await pythonEnvironment("tools", [VERMIN])), "vermin"),
    ["--target=3.8-", "--violations", "--no-tips", "src/cluster/python"],
    { cwd: root, timeoutMs: MINUTE_MS, show },
  );
  return all([whole, ...example, one(vermin)]);
}

/** Real libraries, in environments of their own; what cannot be installed is named by its test. */
async function capture(show: boolean): Promise<StageResult> {
  const environments = await captureEnvironments();
  for (const [name, { problem }] of Object.entries(environments))
    if (problem !== undefined)
      console.log(`Not tested: the libraries of test/capture/${name}.txt (${problem}).`);
  const python = await digitsEnvironment();
  const run = async (file: string): Promise<StageResult> => {
    const result = await command(
      python,
      ["-m", "unittest", "discover", "-s", "test/capture", "-t", "test/capture", "-p", file],
      {
        cwd: root,
        env: {
          ...process.env,
          PYTHONPATH: [path.join(root, "src/cluster/python"), path.join(root, "test/python")].join(
            path.delimiter,
          ),
          PYTHONDONTWRITEBYTECODE: "1",
          TRAINYARD_CAPTURE_ENVIRONMENTS: JSON.stringify(environments),
        },
        timeoutMs: 15 * MINUTE_MS,
        show,
      },
    );
    return { ...result, ...fromUnittest(result.output) };
  };
  // Most of their time is the import of one library or another: two files side by side.
  const files = readdirSync(path.join(root, "test/capture")).filter((name) => /^test_.*\.py$/.test(name));
  const results: StageResult[] = [];
  const work = async (): Promise<void> => {
    for (let file = files.shift(); file !== undefined; file = files.shift()) {
      const current = file;
      results.push(await tried(current, () => run(current)));
    }
  };
  await Promise.all([work(), work()]);
  return all(results);
}

async function suite(show: boolean): Promise<StageResult> {
  const report = path.join(artifacts, "suite.json");
  rmSync(report, { force: true });
  const result = await script("suite.mts", [], show, 15 * MINUTE_MS);
  return { ...result, ...countsOf(report, (text) => JSON.parse(text) as Counts) };
}

/** One file after the other: each has a VS Code and a browser of its own. */
async function nodeTest(folder: string, show: boolean): Promise<StageResult> {
  const results: StageResult[] = [];
  for (const name of readdirSync(path.join(root, folder)).filter((file) => file.endsWith(".ui.mts"))) {
    const file = path.join(folder, name);
    results.push(await tried(file, () => nodeTestFile(file, show)));
  }
  return all(results);
}

async function nodeTestFile(file: string, show: boolean): Promise<StageResult> {
  const report = path.join(artifacts, `${path.basename(file, ".ui.mts")}.tap`);
  rmSync(report, { force: true });
  const result = await command(
    process.execPath,
    [
      ...["--test", "--test-timeout=300000"],
      ...["--test-reporter=spec", "--test-reporter-destination=stdout"],
      ...["--test-reporter=tap", `--test-reporter-destination=${report}`],
      file,
    ],
    { cwd: root, timeoutMs: 10 * MINUTE_MS, show },
  );
  return { ...result, ...countsOf(report, fromNodeTest) };
}

/** In order: the cheapest answer first. From `build` on, stages use dist/. */
export const stages: readonly Stage[] = [
  { name: "types", what: "TypeScript, strict", run: () => runChecks([typeCheck]) },
  {
    name: "lint",
    what: "ESLint with types and the walls between folders; Prettier",
    run: () => runChecks(lintChecks),
  },
  {
    name: "build",
    what: "esbuild bundles everything into dist/",
    run: async (show) => one(await script("build.mts", [], show, 2 * MINUTE_MS)),
  },
  {
    name: "unit",
    what: "vitest: test/**/*.test.ts",
    run: async (show) => {
      await ensureSshd();
      await ensureTestTools();
      return vitest(process.execPath, "unit", [], show);
    },
  },
  {
    name: "node22",
    what: "the pool server's unit tests on Node 22, without the loops of kills",
    run: async (show) =>
      vitest(await ensureNode22(), "node22", ["test/cluster/server", ...WITHOUT_KILLS], show),
  },
  {
    name: "python",
    what: "unittest: test/python; vermin for Python 3.8 (below 3.11 checked by vermin only)",
    run: python,
  },
  {
    name: "capture",
    what: "unittest: test/capture, with real TensorBoard, W&B, Lightning and others, new and old",
    run: capture,
  },
  {
    name: "suite",
    what: "mocha in a real extension host: test/suite",
    run: (show) => tried("test/suite", () => suite(show)),
  },
  { name: "ui", what: "Playwright drives a real VS Code: test/ui", run: (show) => nodeTest("test/ui", show) },
  {
    name: "packaged",
    what: "the .vsix in a fresh VS Code: test/packaged",
    run: (show) => nodeTest("test/packaged", show),
  },
];
