/** Cost of one `run.report()` with one metric in the script (bench/report.py does the measuring, in Python). */
import path from "node:path";
import { cleanEnvironment, must } from "../scripts/lib/command.mts";
import { root } from "../scripts/lib/paths.mts";
import type { Measurements } from "./run.mts";

export async function run(): Promise<Measurements> {
  const output = await must("bench/report.py", "python3", [path.join(root, "bench/report.py")], {
    cwd: root,
    env: cleanEnvironment(),
    timeoutMs: 300_000,
  });
  return JSON.parse(output.trim().split("\n").at(-1) ?? "") as Measurements;
}
