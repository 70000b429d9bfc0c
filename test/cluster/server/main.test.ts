/** The server as a process: real socket, real script, kill -9. */
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { buildSync } from "esbuild";
import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { PoolConnection } from "../../../src/cluster/client/connection.ts";
import type { PoolEvent } from "../../../src/cluster/protocol/events.ts";
import { connectTo, submitOver } from "./overSocket.ts";
import { killRuns } from "./testServer.ts";
import { canTrace, killingAt, pointsIn, recording } from "../../strace.ts";

const ROOT = path.resolve(import.meta.dirname, "../../..");
const bundle = path.join(mkdtempSync(path.join(tmpdir(), "trainyard-bundle-")), "server.js");
const KILL_POINTS = 10;
let home: string;
let socketPath: string;
let server: ChildProcess | null = null;
const connections: PoolConnection[] = [];

beforeAll(() => {
  buildSync({
    entryPoints: [path.join(ROOT, "src/cluster/server/main.ts")],
    ...{ bundle: true, platform: "node", format: "cjs", outfile: bundle, logLevel: "error" },
  });
  return () => rmSync(path.dirname(bundle), { recursive: true, force: true });
});
beforeEach(() => {
  home = mkdtempSync(path.join(tmpdir(), "trainyard-main-"));
  socketPath = path.join(home, "s", "pool.sock");
});
afterEach(async () => {
  for (const connection of connections.splice(0)) connection.close();
  await kill();
  await killRuns(home);
  rmSync(home, { recursive: true, force: true });
}, 30_000);

/** @param strace its options, for a server that is traced */
async function start(strace: readonly string[] = []): Promise<void> {
  const [program, ...options] = [...(strace.length > 0 ? ["strace", ...strace] : []), process.execPath];
  const python = path.join(ROOT, "src/cluster/python");
  const child = spawn(
    program ?? process.execPath,
    [...options, bundle, "--home", home, "--socket", socketPath, "--python", python],
    {
      env: { ...process.env, TRAINYARD_LEASES: path.join(home, "leases") },
      stdio: ["ignore", "ignore", "pipe"],
    },
  );
  server = child;
  let log = "";
  child.stderr.on("data", (chunk) => (log += String(chunk)));
  while (!log.includes('"listening"')) {
    if (hasEnded(child)) throw new Error(log);
    await sleep(10);
  }
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

/** Resolves to null when it has ended. */
function gone(child: ChildProcess | null): Promise<null> {
  if (child === null || hasEnded(child)) return Promise.resolve(null);
  return new Promise((resolve) => child.once("exit", () => resolve(null)));
}

async function kill(): Promise<void> {
  const child = server;
  server = null;
  if (child === null || hasEnded(child)) return;
  const end = gone(child);
  child.kill("SIGKILL");
  await end;
}

async function client(): Promise<PoolConnection> {
  const connection = await connectTo(socketPath);
  connections.push(connection);
  return connection;
}

async function trialIn(pool: PoolConnection, trialId: string, ...states: string[]) {
  for (;;) {
    const { trials } = await pool.call("experiment/get", { experimentId: Number(trialId.split(".")[0]) });
    const trial = trials.find(({ id }) => id === trialId);
    if (trial !== undefined && states.includes(trial.state)) return trial;
    await sleep(20);
  }
}

/** Says in the leases' folder, which outlives its work folder, each time that it begins. */
const counting = (steps: number) => `
import os, time, trainyard
with open(os.path.join(os.environ["TRAINYARD_RUN_DIR"], "..", "..", "starts"), "a") as file:
    file.write(os.environ["TRAINYARD_RUN"] + "\\n")
run = trainyard.init()
for step in range(${steps}):
    run.report(step, {"loss": float(step)})
    time.sleep(0.01)
`;
const starts = () => {
  const file = path.join(home, "starts");
  return existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
};

test("kill -9 of the server during a run: nothing is lost, nothing is started twice", async () => {
  await start();
  const first = await client();
  const events: PoolEvent[] = [];
  first.onNotification("events", (batch) => events.push(...batch.events));
  await first.call("subscribe", { after: null });
  const trialId = await submitOver(first, counting(200));
  await trialIn(first, trialId, "running");
  while ((await first.call("series/list", { trialId })).series.length === 0) await sleep(10);
  const reached = events.at(-1)?.seq ?? 0;
  await kill();
  await sleep(300); // the script goes on meanwhile
  await start();

  const second = await client();
  const later: PoolEvent[] = [];
  second.onNotification("events", (batch) => later.push(...batch.events));
  expect(await second.call("subscribe", { after: reached })).toEqual({ seq: reached, snapshot: null });
  const trial = await trialIn(second, trialId, "completed");
  expect(trial).toMatchObject({ attempts: 1, restarts: 0, latestStep: 199 });
  expect(starts()).toEqual([`${trialId}.1`]);
  const read = await second.call("series/read", {
    ...{ trialId, group: "training", name: "loss", rank: 0, cursor: 0, resolution: null },
  });
  const steps = [...new Float64Array(Uint8Array.from(read.columns).buffer, 0, read.count)];
  expect(steps).toEqual(Array.from({ length: 200 }, (_, step) => step));
  while (later.findLast(({ change }) => change.type === "trial")?.seq === undefined) await sleep(10);
  expect(later.every(({ seq }) => seq > reached)).toBe(true);
});

test("kill -9 at any moment of a start: it runs once", async () => {
  for (const afterMs of [0, 15, 40, 90, 160, 260]) {
    await start();
    const before = await client();
    const trialId = await submitOver(before, counting(3));
    await sleep(afterMs);
    await kill();
    await start();
    const after = await client();
    const trial = await trialIn(after, trialId, "completed", "failed");
    expect(trial).toMatchObject({ state: "completed", latestStep: 2 });
    expect(starts().filter((run) => run.startsWith(`${trialId}.`))).toEqual([`${trialId}.${trial.attempts}`]);
    await kill();
  }
}, 120_000);

test.skipIf(!canTrace)(
  "killed between two of its deeds, from its start to the end of a run, the next one goes on, and nothing runs twice",
  async () => {
    const trace = path.join(home, "trace");
    await start(recording(trace));
    const calm = await client();
    await trialIn(calm, await submitOver(calm, counting(3)), "completed");
    await kill();
    const points = pointsIn(trace);
    expect(points.length).toBeGreaterThan(50);
    const chosen = Array.from({ length: KILL_POINTS }, (_, index) => points[Math.floor(((index + 0.5) * points.length) / KILL_POINTS)] ?? ""); // prettier-ignore
    let killed = 0;
    for (const point of chosen) {
      const isUp = await start(killingAt(point)).then(
        () => true,
        () => false,
      );
      const child = server;
      const submitted = isUp
        ? await Promise.race([
            client()
              .then((pool) => submitOver(pool, counting(3)))
              .catch(() => null),
            gone(child),
          ])
        : null;
      if (submitted !== null) await Promise.race([gone(child), sleep(3000)]);
      if (child !== null && hasEnded(child)) killed++;
      await kill();
      await start();
      const pool = await client();
      if (submitted !== null) await trialIn(pool, submitted, "completed");
      // Also what was taken in without an answer.
      const { experiments } = await pool.call("experiment/list", {});
      for (const { id } of experiments) await trialIn(pool, `${id}.1`, "completed");
      await kill();
    }
    expect(killed).toBeGreaterThanOrEqual(KILL_POINTS / 2);
    expect(starts().length).toBe(new Set(starts()).size);
  },
  120_000,
);

test("a stop that was asked for just before kill -9 is carried out", async () => {
  await start();
  const before = await client();
  const trialId = await submitOver(
    before,
    "import time, trainyard\nrun = trainyard.init()\nwhile not run.should_stop(): time.sleep(0.01)",
  );
  await trialIn(before, trialId, "running");
  await before.call("trial/stop", { trialId });
  await kill();
  await start();
  await trialIn(await client(), trialId, "stopped");
});

test("two clients see the same, and each its own watch", async () => {
  await start();
  const [alice, bob] = [await client(), await client()];
  const seen: PoolEvent[][] = [[], []];
  alice.onNotification("events", ({ events }) => seen[0]?.push(...events));
  bob.onNotification("events", ({ events }) => seen[1]?.push(...events));
  let live = 0;
  bob.onNotification("live", () => live++);
  await alice.call("subscribe", { after: null });
  await bob.call("subscribe", { after: null });
  const trialId = await submitOver(alice, counting(50));
  await alice.call("watch", { trialIds: [trialId] });
  await trialIn(bob, trialId, "completed");
  const last = (events?: PoolEvent[]) => events?.findLast(({ change }) => change.type === "trial");
  while (last(seen[0])?.seq !== last(seen[1])?.seq) await sleep(20);
  expect(last(seen[0])).toEqual(last(seen[1]));
  expect(live).toBe(0);
});

test("deleting a running experiment kills it and leaves nothing behind", async () => {
  await start();
  const pool = await client();
  const trialId = await submitOver(
    pool,
    "import time\nopen('big', 'w').write('x' * 100000)\ntime.sleep(600)",
  );
  await trialIn(pool, trialId, "running");
  const big = path.join(home, "runs", `${trialId}.1`, "work", "big");
  while (!existsSync(big)) await sleep(10);
  const counted = await pool.call("experiment/delete", { experimentId: 1, confirm: false });
  expect(counted).toMatchObject({ deleted: false, checkpoints: 0 });
  const supervisor = JSON.parse(
    readFileSync(path.join(home, "runs", `${trialId}.1`, "supervisor.json"), "utf8"),
  ) as { script: { pid: number } };
  expect(await pool.call("experiment/delete", { experimentId: 1, confirm: true })).toMatchObject({
    deleted: true,
  });
  expect(existsSync(`/proc/${supervisor.script.pid}`)).toBe(false);
  expect(existsSync(path.join(home, "runs", `${trialId}.1`))).toBe(false);
  expect((await pool.call("experiment/list", {})).experiments).toEqual([]);
  await expect(pool.call("experiment/get", { experimentId: 1 })).rejects.toThrow("no experiment 1");
  // Numbers are never used twice.
  expect(await submitOver(pool, "print(1)")).toBe("2.1");
});

test("a second server for the same pool ends and says why; a missing argument shows the usage", async () => {
  await start();
  const second = spawn(process.execPath, [
    bundle,
    "--home",
    home,
    "--socket",
    `${socketPath}2`,
    "--python",
    ".",
  ]);
  let log = "";
  second.stderr.on("data", (chunk) => (log += String(chunk)));
  expect(await new Promise((resolve) => second.once("exit", resolve))).toBe(1);
  expect(log).toContain("is owned by a server");
  const third = spawn(process.execPath, [bundle, "--home", home]);
  third.stderr.on("data", (chunk) => (log += String(chunk)));
  expect(await new Promise((resolve) => third.once("exit", resolve))).toBe(2);
  expect(log).toContain("usage: node server.js");
});

test("server/stop answers, ends the server and leaves the trials alone", async () => {
  await start();
  const pool = await client();
  const trialId = await submitOver(pool, counting(60));
  await trialIn(pool, trialId, "running");
  const gone = new Promise((resolve) => server?.once("exit", resolve));
  expect(await pool.call("server/stop", {})).toEqual({});
  expect(await gone).toBe(0);
  await start();
  expect(await trialIn(await client(), trialId, "completed")).toMatchObject({ attempts: 1, latestStep: 59 });
});
