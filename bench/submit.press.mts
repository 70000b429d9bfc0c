/** Presses the button again and again, as the extension does: one process, warm.   usage: BASE FOLDER PRESSES */
import { appendFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { PoolConnection } from "../src/cluster/client/connection.ts";
import { connectLocalPool } from "../src/cluster/client/localPool.ts";
import { confirmSize } from "../src/cluster/client/snapshot/answers.ts";
import { submitExperiment } from "../src/cluster/client/submit.ts";

export interface Press {
  firstLineMs: number;
  snapshotMs: number;
  sendMs: number;
  submitMs: number;
  /** From the pool's answer to the script's first line. */
  launchMs: number;
}

const [base = "", folder = "", presses = ""] = process.argv.slice(2);

/** Wall clock with the precision that the script's has. */
const now = (): number => performance.timeOrigin + performance.now();

async function press(connection: PoolConnection): Promise<Press> {
  const pressed = now();
  const submitted = await submitExperiment({
    connection,
    stateFolder: process.env.TRAINYARD_STATE ?? "",
    script: path.join(folder, "train.py"),
    folder,
    confirm: async (plan) => {
      await confirmSize(plan);
      return "go";
    },
  });
  const answered = now();
  const { planning = 0, snapshotting = 0, sending = 0, submitting = 0 } = submitted.timings;
  const first = await firstLine(connection, submitted.experimentId);
  return {
    firstLineMs: first - pressed,
    snapshotMs: planning + snapshotting,
    sendMs: sending,
    submitMs: submitting,
    launchMs: first - answered,
  };
}

/** When the script began, by its own clock, which is this machine's; and the experiment is over. */
async function firstLine(connection: PoolConnection, experimentId: number): Promise<number> {
  for (;;) {
    const { experiment, runs, trials } = await connection.call("experiment/get", { experimentId });
    if (experiment.state === "failed") throw new Error(JSON.stringify(trials[0]?.failure));
    const runId = runs[0]?.id;
    if (runId && experiment.state === "completed") {
      const read = await connection.call("output/read", { runId, stream: "stdout", offset: 0, limit: 1000 });
      const text = Buffer.from(read.bytes).toString();
      return Number(/first ([\d.]+)/.exec(text)?.[1]);
    }
    await sleep(100);
  }
}

async function main(): Promise<void> {
  const connection = await connectLocalPool({
    home: null,
    serverScript: path.join(base, "server.js"),
    pythonFolder: path.join(base, "python"),
    runtimePath: null,
    environment: {},
    client: { name: "bench", version: "0.0.0-bench" },
  });
  const first = await press(connection);
  const rest: Press[] = [];
  for (let number = 0; number < Number(presses); number++) {
    appendFileSync(path.join(folder, "train.py"), `# ${number}\n`);
    // What a person does between two presses takes longer than what the pool prepares for the next one.
    await sleep(1500);
    rest.push(await press(connection));
  }
  await connection.call("server/stop", {}).catch(() => undefined);
  console.log(JSON.stringify({ first, presses: rest }));
  process.exit(0);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
