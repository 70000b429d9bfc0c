/** What the hook adds to the start of a script that imports nothing of the kind, and of one with PyTorch and TensorBoard. */
import { pythons, runPython, script } from "./capture/python.mts";
import type { Measurements } from "./run.mts";
import { median, rounded } from "./statistics.mts";

export async function run(): Promise<Measurements> {
  const python = (await pythons()).new;
  if (python === undefined) throw new Error("The libraries of test/capture/new.txt could not be installed.");
  const pairs = async (args: readonly string[], count: number) => {
    const found: { bare: number; hooked: number }[] = [];
    await runPython(python, args, false); // warms the caches
    for (let pair = 0; pair < count; pair++) {
      const isFirst = pair % 2 === 0;
      const first = (await runPython(python, args, isFirst)).seconds;
      const second = (await runPython(python, args, !isFirst)).seconds;
      found.push(isFirst ? { bare: second, hooked: first } : { bare: first, hooked: second });
    }
    return found;
  };
  const plain = await pairs(["-c", "pass"], 60);
  const torch = await pairs([script("start.py"), "WORK"], 11);
  return {
    plain_bare_ms: rounded(median(plain.map(({ bare }) => bare)) * 1000),
    plain_added_ms: rounded(median(plain.map(({ bare, hooked }) => hooked - bare)) * 1000, 2),
    torch_tensorboard_bare_ms: rounded(median(torch.map(({ bare }) => bare)) * 1000),
    torch_tensorboard_added_percent: rounded(
      median(torch.map(({ bare, hooked }) => hooked / bare - 1)) * 100,
      2,
    ),
  };
}
