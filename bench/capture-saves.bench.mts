/**
 * Captured saves: what they and a watched loader add to the script (its files are on the disk of TMPDIR), and what checkpoints are
 * like after SIGKILLs at random moments of saving.
 */
import { z } from "zod";
import { lastLine, pythons, runPython, script } from "./capture/python.mts";
import type { Measurements } from "./run.mts";

const KILLS = 50;
const Numbers = z.record(z.string(), z.number());

export async function run(): Promise<Measurements> {
  const { new: python } = await pythons();
  if (python === undefined) return {};
  const numbers = async (isCaptured: boolean, ...args: string[]) => {
    const { output } = await runPython(python, [script("saves.py"), ...args], isCaptured);
    return Numbers.parse(JSON.parse(lastLine(output)));
  };
  const without = await numbers(false, "cost");
  const captured = await numbers(true, "cost");
  const measured: Measurements = {};
  for (const [name, value] of Object.entries(captured)) {
    measured[name] = value;
    measured[`${name.replace(/_(ms|us)$/, "")}_without_${name.slice(-2)}`] = without[name] ?? NaN;
  }
  return { ...measured, ...(await numbers(true, "kill", String(KILLS))) };
}
