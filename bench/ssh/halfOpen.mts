/** A client whose link swallows packets, again and again: when does it notice?   usage: TASK AS JSON */
import { setTimeout as sleep } from "node:timers/promises";
import { PoolLink } from "../../src/cluster/client/link.ts";
import { connectSshPool } from "../../src/cluster/client/ssh/sshPool.ts";
import type { Task } from "./client.mts";

export interface HalfOpenTask {
  pool: Task["pool"];
  linkPid: number;
  times: number;
}
export interface HalfOpenTold {
  /** From the first packet that was swallowed until the pool counted as not connected. */
  noticedMs: number[];
  /** Until a call that was made meanwhile had ended, one way or the other. */
  callMs: number[];
  /** Until one had ended that was made when nobody had noticed anything for long. */
  laterCallMs: number[];
  backMs: number[];
}

const { pool, linkPid, times } = JSON.parse(process.argv[2] ?? "") as HalfOpenTask;
const told: HalfOpenTold = { noticedMs: [], callMs: [], laterCallMs: [], backMs: [] };
const link = new PoolLink(() =>
  connectSshPool({
    ...pool,
    client: { name: "bench", version: "0.0.0" },
    questions: { trustHostKey: () => Promise.resolve(true), secret: () => Promise.resolve(null) },
    memory: new Map(),
  }),
);
/** @returns ms that it took, well or not */
async function timed(work: Promise<unknown>): Promise<number> {
  const beganMs = performance.now();
  await work.catch(() => undefined);
  return performance.now() - beganMs;
}

for (let time = 0; time < times; time += 1) {
  const connection = await link.whenConnected();
  await sleep(Math.random() * 6_000); // keepalives come every few seconds
  const noticed = new Promise<void>((resolve) => connection.onClosed(() => resolve()));
  process.kill(linkPid, "SIGUSR1");
  const watched = timed(noticed);
  const called = timed(connection.call("experiment/list", {}));
  const later = sleep(5_000).then(() =>
    timed(link.connection().then((held) => held.call("experiment/list", {}))),
  );
  told.noticedMs.push(await watched);
  told.callMs.push(await called);
  told.laterCallMs.push(await later);
  process.kill(linkPid, "SIGUSR2");
  told.backMs.push(await timed(link.whenConnected()));
}
link.close();
process.stdout.write(JSON.stringify(told));
