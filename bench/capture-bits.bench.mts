/** Whether a seeded training ends with the same weights, to the bit, with and without the hook. */
import { lastLine, pythons, runPython, script } from "./capture/python.mts";
import type { Measurements } from "./run.mts";

export async function run(): Promise<Measurements> {
  const measured: Measurements = {};
  for (const [name, python] of Object.entries(await pythons())) {
    if (name === "tensorflow") continue;
    const digest = async (isCaptured: boolean) =>
      lastLine((await runPython(python, [script("bits.py"), "WORK"], isCaptured)).output);
    const bare = await digest(false);
    const hooked = await digest(true);
    measured[`${name}_equal`] = bare === hooked ? "yes" : "NO";
    measured[`${name}_sha256`] = hooked;
  }
  return measured;
}
