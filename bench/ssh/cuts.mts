/** An editor's client that follows live trials while its link is cut again and again.   usage: TASK AS JSON */
import { spawnSync } from "node:child_process";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { PoolLink } from "../../src/cluster/client/link.ts";
import { watchNetwork } from "../../src/cluster/client/networkWatch.ts";
import { connectSshPool } from "../../src/cluster/client/ssh/sshPool.ts";
import { submitExperiment } from "../../src/cluster/client/submit.ts";
import { DEVICE } from "../net/slowLink.mts";
import type { Task } from "./client.mts";
import { Curve } from "./curve.mts";

export interface CutsTask {
  pool: Task["pool"];
  linkPid: number;
  /** Its `train.py` reports until it is asked to end. */
  folder: string;
  trials: number;
  cuts: number;
}
export interface CutsTold {
  /** From the link's return until a call was answered; of cuts after which it was given the time. */
  backMs: { device: number[]; silent: number[]; reset: number[] };
  points: number;
  lost: number;
  doubled: number;
}

const LONGEST_CUT_MS = 3_000;
/** Every so many cuts the next one comes before anybody can be back. */
const HASTY = 5;
const DEADLINE_MS = 60_000;

const task = JSON.parse(process.argv[2] ?? "") as CutsTask;
const told: CutsTold = { backMs: { device: [], silent: [], reset: [] }, points: 0, lost: 0, doubled: 0 };
const link = new PoolLink(() =>
  connectSshPool({
    ...task.pool,
    client: { name: "bench", version: "0.0.0" },
    questions: { trustHostKey: () => Promise.resolve(true), secret: () => Promise.resolve(null) },
    memory: new Map(),
  }),
);
watchNetwork(() => void link.suspect());

const curves = new Map<string, Curve>();
const experiments: number[] = [];
const connection = await link.whenConnected();
for (let trial = 0; trial < task.trials; trial += 1) {
  const { experimentId, trialId } = await submitExperiment({
    ...{ connection, isRemote: true, stateFolder: task.pool.stateFolder, folder: task.folder },
    script: path.join(task.folder, "train.py"),
    confirm: () => Promise.resolve("cancel"),
  });
  if (trialId === null) throw new Error("the trial was not made");
  experiments.push(experimentId);
  curves.set(trialId, new Curve(link, trialId));
}
link.onLive(({ trialId }) => curves.get(trialId)?.pull());
link.onDidChangeState(({ state }) => {
  if (state === "connected") for (const curve of curves.values()) curve.pull();
});
link.watch([...curves.keys()]);
await until(() => [...curves.values()].every(({ count }) => count > 0));

/** How the link goes and comes back. The system's own tells at once; a far one swallows; a host that restarts resets. */
const CUTS = {
  device: [() => setDevice("down"), () => setDevice("up")],
  silent: [() => process.kill(task.linkPid, "SIGUSR1"), () => process.kill(task.linkPid, "SIGUSR2")],
  reset: [reset, () => process.kill(task.linkPid, "SIGUSR2")],
} as const;
const kinds = Object.keys(CUTS) as (keyof typeof CUTS)[];
for (let cut = 0; cut < task.cuts; cut += 1) {
  const kind = kinds[cut % kinds.length] ?? "device";
  const [away, back] = CUTS[kind];
  away();
  await sleep(Math.random() * LONGEST_CUT_MS);
  back();
  if (cut % HASTY === HASTY - 1) {
    await sleep(Math.random() * 500);
    continue;
  }
  const backMs = performance.now();
  await answered();
  told.backMs[kind].push(performance.now() - backMs);
  await sleep(Math.random() * 1_000);
}

for (const experimentId of experiments)
  await (await link.whenConnected()).call("trial/stop", { experimentId });
for (const [trialId, curve] of curves) {
  const reported = await reportedBy(trialId);
  await until(() => curve.count >= reported);
  told.points += reported;
  told.lost += curve.lost(reported);
  told.doubled += curve.doubled();
}
link.close();
process.stdout.write(`${JSON.stringify(told)}\n`);

function setDevice(state: "up" | "down"): void {
  const { status, stderr } = spawnSync("ip", ["link", "set", DEVICE, state], { encoding: "utf8" });
  if (status !== 0) throw new Error(`ip link set ${state}: ${stderr}`);
}

/** What is open is ended here, and nothing else gets through. */
function reset(): void {
  spawnSync("ss", ["--kill", "--tcp", "state", "established"], { stdio: "ignore" });
  process.kill(task.linkPid, "SIGUSR1");
}

/** Watches only: whoever waits for a connection would hurry it. Over one that is dead there is no answer. */
async function answered(): Promise<void> {
  for (const deadline = Date.now() + DEADLINE_MS; Date.now() < deadline; await sleep(10)) {
    if (!link.isConnected) continue;
    const isAnswered = await link
      .connection()
      .then((held) => held.call("experiment/list", {}))
      .then(
        () => true,
        () => false,
      );
    if (isAnswered) return;
  }
  throw new Error("the pool was not connected again");
}

async function until(isSo: () => boolean): Promise<void> {
  for (const deadline = Date.now() + DEADLINE_MS; !isSo(); await sleep(50))
    if (Date.now() > deadline) throw new Error("something did not come in time");
}

/** The script's own last word. */
async function reportedBy(trialId: string): Promise<number> {
  const runId = `${trialId}.1`;
  for (const deadline = Date.now() + DEADLINE_MS; Date.now() < deadline; await sleep(200)) {
    const read = await (
      await link.whenConnected()
    ).call("output/read", { runId, stream: "stdout", offset: 0, limit: 1000 });
    const text = Buffer.from(read.bytes).toString("utf8").trim();
    if (text !== "") return Number(text);
  }
  throw new Error(`${trialId} did not end`);
}
