/** Points whose report had returned, and that are not in the run after a SIGKILL at a random moment: 50 kills, each library. */
import { z } from "zod";
import { chosen, lastLine, runPython, script } from "./capture/python.mts";
import type { Measurements } from "./run.mts";

const KILLS = 50;
const Counts = z.object({ points: z.number(), lost: z.number(), unreported: z.number() });

export async function run(): Promise<Measurements> {
  const measured: Measurements = {};
  for (const [library, python] of await chosen()) {
    const { output } = await runPython(python, [script("kill.py"), library, "WORK", String(KILLS)], true);
    const { points, lost, unreported } = Counts.parse(JSON.parse(lastLine(output)));
    measured[`${library}_lost`] = lost;
    measured[`${library}_points`] = points;
    measured[`${library}_kills`] = KILLS - unreported;
  }
  return measured;
}
