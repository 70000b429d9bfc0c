import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { aptInstall } from "./apt.mts";
import { cleanEnvironment, command, must } from "./command.mts";
import { once } from "./once.mts";
import { cache, root } from "./paths.mts";

/** A virtual environment under the cache with `requirements` (as pip takes them) in it. Returns its python. */
export async function pythonEnvironment(
  name: string,
  requirements: readonly string[],
  {
    base = "python3",
    sees = false,
    over,
  }: {
    base?: string;
    /** The base's own packages. */
    sees?: boolean;
    /** Another environment, whose packages are seen behind these; what these need is in it. */
    over?: string;
  } = {},
): Promise<string> {
  const recipe = JSON.stringify(over === undefined ? requirements : [over, ...requirements]);
  const folder = await once(path.join(cache, `python-${name}`), recipe, async (target) => {
    console.log(`Installing ${requirements.join(" ")} from PyPI ...`);
    await createEnvironment(base, [...(sees ? ["--system-site-packages"] : []), target]);
    if (over !== undefined) {
      const behind = path.join(await packagesOf(interpreterOf(target)), "over.pth");
      writeFileSync(behind, `${await packagesOf(over)}\n`);
    }
    const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
    pip.push(...(over === undefined ? [] : ["--no-deps", "--ignore-installed"]), ...requirements);
    await must("Installing Python packages", interpreterOf(target), pip, {
      cwd: root,
      env: cleanEnvironment(),
      timeoutMs: 1_200_000,
    });
  });
  return interpreterOf(folder);
}

/** The environment of examples/digits: its requirements and what they need. Returns its python. */
export function digitsEnvironment(): Promise<string> {
  return pythonEnvironment("digits", requirementsOf("examples/digits/requirements.txt"));
}

const requirementsOf = (file: string): string[] =>
  readFileSync(path.join(root, file), "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));

/** The environment of examples/tensorboard: Debian's PyTorch, and TensorBoard. Returns its python. */
export async function tensorboardPython(): Promise<string> {
  const debian = await torchPython();
  if (debian === null) throw new Error("Debian's PyTorch (python3-torch) could not be installed.");
  const requirements = requirementsOf("examples/tensorboard/requirements.txt");
  const tensorboard = requirements.filter((line) => line.startsWith("tensorboard"));
  return pythonEnvironment("tensorboard", tensorboard, { base: debian, sees: true });
}

/** The interpreters of test/capture: `new` and `old` versions of the libraries, `tensorflow`, and an older `lightning`; or why
 * there is none. */
export async function captureEnvironments(): Promise<Record<string, { python?: string; problem?: string }>> {
  const found: Record<string, { python?: string; problem?: string }> = {};
  for (const name of ["new", "old", "tensorflow", "lightning"]) {
    const requirements = requirementsOf(`test/capture/${name}.txt`);
    try {
      const debian = name === "old" ? await torchPython() : undefined;
      if (debian === null) throw new Error("Debian's PyTorch could not be installed");
      const over = name === "lightning" ? found["new"]?.python : undefined;
      if (name === "lightning" && over === undefined) throw new Error(found["new"]?.problem);
      const options = debian === undefined ? { over } : { base: debian, sees: true };
      found[name] = { python: await pythonEnvironment(`capture-${name}`, requirements, options) };
    } catch (error) {
      found[name] = { problem: error instanceof Error ? error.message : String(error) };
    }
  }
  return found;
}

/** Debian's Python with PyTorch, which PyPI has only with gigabytes of CUDA. Null where it cannot be installed. */
export async function torchPython(): Promise<string | null> {
  const python = "/usr/bin/python3";
  const hasTorch = async (): Promise<boolean> =>
    existsSync(python) &&
    (await command(python, ["-c", "import sklearn, torch"], { env: cleanEnvironment(), timeoutMs: 120_000 }))
      .code === 0;
  if (await hasTorch()) return python;
  await aptInstall("python3-torch", "python3-sklearn").catch((error: unknown) => console.log(String(error)));
  return (await hasTorch()) ? python : null;
}

/** Its site-packages. */
async function packagesOf(python: string): Promise<string> {
  const script = "import sysconfig; print(sysconfig.get_path('purelib'))";
  return (
    await must("Asking for the packages' folder", python, ["-c", script], {
      env: cleanEnvironment(),
      timeoutMs: 60_000,
    })
  ).trim();
}

const interpreterOf = (environment: string): string => path.join(environment, "bin", "python");

async function createEnvironment(base: string, options: readonly string[]): Promise<void> {
  const create = (): Promise<{ code: number; output: string }> =>
    command(base, ["-m", "venv", "--clear", ...options], { env: cleanEnvironment(), timeoutMs: 120_000 });
  let result = await create();
  // Debian keeps venv's pip in a package of its own.
  if (
    result.code !== 0 &&
    /ensurepip|python3[\d.]*-venv/.test(result.output) &&
    existsSync("/usr/bin/apt-get")
  ) {
    await aptInstall("python3-venv");
    result = await create();
  }
  if (result.code !== 0) throw new Error(`${base} -m venv ${options.join(" ")} failed:\n${result.output}`);
}
