/** Submits a folder again and again, as the extension does: one process, warm.   usage: PROGRAMS FOLDER CHANGED... */
import { appendFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { PoolConnection } from "../src/cluster/client/connection.ts";
import { connectLocalPool } from "../src/cluster/client/localPool.ts";
import { confirmSize } from "../src/cluster/client/snapshot/answers.ts";
import { submitExperiment } from "../src/cluster/client/submit.ts";
import { peakRssMb } from "./peakRss.mts";

export interface LargePress {
  planS: number;
  snapshotS: number;
  sendS: number;
  /** From the click to the experiment's end: the script only prints. */
  endedS: number;
  sentMb: number;
  /** Highest so far, of this process and of the pool's server. */
  editorRssMb: number;
  serverRssMb: number;
}

const [programs = "", folder = "", ...changed] = process.argv.slice(2);
const POLL_MS = 200;

async function press(connection: PoolConnection): Promise<LargePress> {
  const pressed = performance.now();
  const { timings, experimentId, sentBytes } = await submitExperiment({
    connection,
    stateFolder: process.env.TRAINYARD_STATE ?? "",
    script: path.join(folder, "train.py"),
    folder,
    confirm: async (plan) => {
      await confirmSize(plan);
      return "go";
    },
  });
  for (;;) {
    const { experiment, trials } = await connection.call("experiment/get", { experimentId });
    if (experiment.state === "failed") throw new Error(JSON.stringify(trials[0]?.failure));
    if (experiment.state === "completed") break;
    await sleep(POLL_MS);
  }
  return {
    planS: (timings.planning ?? 0) / 1000,
    snapshotS: (timings.snapshotting ?? 0) / 1000,
    sendS: (timings.sending ?? 0) / 1000,
    endedS: (performance.now() - pressed) / 1000,
    sentMb: sentBytes / 1e6,
    editorRssMb: peakRssMb(process.pid),
    serverRssMb: peakRssMb(connection.pool.serverPid),
  };
}

async function main(): Promise<void> {
  const connection = await connectLocalPool({
    home: null,
    serverScript: path.join(programs, "server.js"),
    pythonFolder: path.join(programs, "python"),
    runtimePath: null,
    environment: {},
    client: { name: "bench", version: "0.0.0-bench" },
  });
  const presses: LargePress[] = [];
  try {
    // Each word is a file that gets one line more before the press; `-` is none.
    for (const name of changed) {
      if (name !== "-") appendFileSync(path.join(folder, name), "# more\n");
      presses.push(await press(connection));
      console.error(JSON.stringify(presses.at(-1)));
    }
  } finally {
    await connection.call("server/stop", {}).catch(() => undefined);
  }
  console.log(JSON.stringify(presses));
  process.exit(0);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
