/** What the hook adds to one report of a scalar, by library: microseconds, the difference of the quantiles with and without it. */
import { z } from "zod";
import { chosen, lastLine, runPython, script } from "./capture/python.mts";
import type { Measurements } from "./run.mts";
import { median, rounded } from "./statistics.mts";

const PAIRS = 3;
const Took = z.object({ p50: z.number(), p99: z.number() });

export async function run(): Promise<Measurements> {
  const measured: Measurements = {};
  for (const [library, python] of await chosen()) {
    const count = library === "mlflow" ? 500 : 5000;
    const once = async (isCaptured: boolean) =>
      Took.parse(
        JSON.parse(
          lastLine(
            (await runPython(python, [script("cost.py"), library, "WORK", String(count)], isCaptured)).output,
          ),
        ),
      );
    const pairs: { bare: z.infer<typeof Took>; hooked: z.infer<typeof Took> }[] = [];
    for (let pair = 0; pair < PAIRS; pair++)
      pairs.push({ bare: await once(false), hooked: await once(true) });
    measured[`${library}_added_p50_us`] = rounded(
      median(pairs.map(({ bare, hooked }) => hooked.p50 - bare.p50)),
    );
    measured[`${library}_added_p99_us`] = rounded(
      median(pairs.map(({ bare, hooked }) => hooked.p99 - bare.p99)),
    );
    measured[`${library}_bare_p50_us`] = rounded(median(pairs.map(({ bare }) => bare.p50)));
  }
  return measured;
}
