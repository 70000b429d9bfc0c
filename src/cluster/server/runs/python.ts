/** Finds the Python that supervisors run on: asked once, since a pyenv shim costs 300 ms at every start. */
import { execFile } from "node:child_process";
import { CallError } from "../callError.ts";

const MINIMUM_VERSION = [3, 8] as const;
const PROBE = "import sys; print('%d.%d' % sys.version_info[:2]); print(sys.executable)";
const PROBE_TIMEOUT_MS = 20_000;
/** What is on the PATH may be a shim without a version behind it. */
const CANDIDATES = ["python3", "/usr/bin/python3", "/usr/local/bin/python3"];

/**
 * @returns a function that gives the absolute path of a real interpreter; failures are not remembered
 * @throws CallError when there is none of 3.8 or later
 */
export function createPythonFinder(): () => Promise<string> {
  let found: Promise<string> | null = null;
  return () => {
    found ??= find().catch((error: unknown) => {
      found = null;
      throw error;
    });
    return found;
  };
}

async function find(): Promise<string> {
  const wanted = MINIMUM_VERSION.join(".");
  const set = process.env.TRAINYARD_PYTHON;
  const seen: string[] = [];
  for (const candidate of set ? [set] : CANDIDATES) {
    const answer = await ask(candidate);
    if (typeof answer !== "string") {
      const [major, minor] = answer.version;
      if (major > MINIMUM_VERSION[0] || (major === MINIMUM_VERSION[0] && minor >= MINIMUM_VERSION[1]))
        return answer.executable;
      seen.push(`${candidate} is Python ${major}.${minor}`);
    } else seen.push(answer);
  }
  throw new CallError(
    "unavailable",
    `runs are watched by Python ${wanted} or later, which was not found on this machine: ${seen.join("; ")}.`,
    set
      ? "TRAINYARD_PYTHON has to name a Python interpreter."
      : `Install Python ${wanted} or later, or set TRAINYARD_PYTHON to one.`,
  );
}

/** @returns what the interpreter says of itself, or why it says nothing */
function ask(command: string): Promise<{ version: [number, number]; executable: string } | string> {
  return new Promise((resolve) => {
    execFile(
      command,
      ["-S", "-E", "-c", PROBE],
      { timeout: PROBE_TIMEOUT_MS, cwd: "/" },
      (error, stdout, stderr) => {
        const [version = "", executable = ""] = stdout.split("\n");
        const [major, minor] = version.split(".").map(Number);
        if (error === null && major !== undefined && minor !== undefined && executable.startsWith("/"))
          resolve({ version: [major, minor], executable });
        else if (error !== null && "code" in error && error.code === "ENOENT")
          resolve(`${command} does not exist`);
        else
          resolve(`${command} does not run (${stderr.trim().split("\n").at(-1) || String(error?.message)})`);
      },
    );
  });
}
