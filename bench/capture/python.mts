import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { cleanEnvironment, command } from "../../scripts/lib/command.mts";
import { root } from "../../scripts/lib/paths.mts";
import { captureEnvironments } from "../../scripts/lib/python.mts";

const PACKAGE = compiled();
const PARTS = "metrics,parameters,checkpoints,preemption,timing";

/** A copy with the bytecode beside it, as on a pool after its first run. */
function compiled(): string {
  const folder = mkdtempSync(path.join(tmpdir(), "trainyard-bench-package-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  cpSync(path.join(root, "src/cluster/python/trainyard"), path.join(folder, "trainyard"), {
    recursive: true,
  });
  return folder;
}

export interface Ran {
  output: string;
  seconds: number;
}

/** Runs Python in an empty run directory of its own, with or without the hook, as the supervisor would. */
export async function runPython(python: string, args: readonly string[], isCaptured: boolean): Promise<Ran> {
  const folder = mkdtempSync(path.join(tmpdir(), "trainyard-bench-"));
  const runDirectory = path.join(folder, "runs", "1.1.1");
  const work = path.join(runDirectory, "work");
  mkdirSync(work, { recursive: true });
  mkdirSync(path.join(folder, "checkpoints"));
  try {
    const startedMs = performance.now();
    const { code, output } = await command(
      python,
      args.map((each) => (each === "WORK" ? work : each)),
      {
        cwd: work,
        env: {
          ...cleanEnvironment(),
          TRAINYARD_RUN_DIR: runDirectory,
          TRAINYARD_RUN: "1.1.1",
          TRAINYARD_CAPTURE: isCaptured ? PARTS : "",
          PYTHONPATH: [...(isCaptured ? [path.join(PACKAGE, "trainyard/capture/site")] : []), PACKAGE].join(
            ":",
          ),
          PYTHONWARNINGS: "ignore",
          PYTHONDONTWRITEBYTECODE: "",
        },
        timeoutMs: 580_000,
      },
    );
    const seconds = (performance.now() - startedMs) / 1000;
    if (code !== 0) throw new Error(`${args.join(" ")} failed:\n${output}`);
    return { output, seconds };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The interpreters that could be made, by name. */
export async function pythons(): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const [name, { python, problem }] of Object.entries(await captureEnvironments()))
    if (python === undefined) console.log(`not measured: the libraries of ${name}.txt: ${problem ?? ""}`);
    else found[name] = python;
  return found;
}

export const script = (name: string): string => path.join(root, "bench/capture", name);

/** What bench/capture/reporters.py has, and where each runs. */
export const LIBRARIES: Record<string, string> = {
  torch_tensorboard: "new",
  tensorboardX: "new",
  tf_summary: "tensorflow",
  wandb: "new",
  mlflow: "new",
  lightning: "new",
  transformers: "new",
  keras: "tensorflow",
  csv: "new",
};

/** `TRAINYARD_BENCH_LIBRARIES=wandb,mlflow` measures these alone. */
export async function chosen(): Promise<[library: string, python: string][]> {
  const named = process.env.TRAINYARD_BENCH_LIBRARIES?.split(",");
  const found = await pythons();
  return Object.entries(LIBRARIES).flatMap(([library, environment]): [string, string][] => {
    const python = found[environment];
    return python === undefined || named?.includes(library) === false ? [] : [[library, python]];
  });
}

export const lastLine = (output: string): string => output.trim().split("\n").at(-1) ?? "";
