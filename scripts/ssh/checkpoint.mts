/** A pool with one checkpoint of a given size, which a script there has made: for tests and benchmarks of restoring. */
import fs from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { PoolConnection } from "../../src/cluster/client/connection.ts";
import { submitExperiment } from "../../src/cluster/client/submit.ts";

const DEADLINE_MS = 180_000;

const SCRIPT = `import os, sys
import trainyard
run = trainyard.init()
run.report(1, loss=1)
with run.checkpoint(1) as folder:
    for number, size in enumerate(sys.argv[1:]):
        with open(folder / ("file%d.bin" % number), "wb") as file:
            left = int(size)
            while left > 0:
                left -= file.write(os.urandom(min(left, 1 << 20)))
`;

/** @param sizes of its files, in bytes @returns its UUID */
export async function trainCheckpoint(
  connection: PoolConnection,
  { stateFolder, folder, sizes }: { stateFolder: string; folder: string; sizes: readonly number[] },
): Promise<string> {
  fs.mkdirSync(folder, { recursive: true });
  const script = path.join(folder, "train.py");
  fs.writeFileSync(script, SCRIPT);
  const { experimentId } = await submitExperiment({
    connection,
    isRemote: true,
    stateFolder,
    script,
    folder,
    arguments: sizes.map(String),
    confirm: () => Promise.resolve("cancel"),
  });
  for (const deadline = Date.now() + DEADLINE_MS; Date.now() < deadline; await sleep(100)) {
    const { experiment, checkpoints, trials } = await connection.call("experiment/get", { experimentId });
    if (experiment.state === "failed")
      throw new Error(`the script failed: ${JSON.stringify(trials[0]?.failure)}`);
    if (experiment.state === "completed" && checkpoints[0]) return checkpoints[0].uuid;
  }
  throw new Error("the script did not end");
}
