/**
 * A search whose server is killed again and again (TRAINYARD_KILLS=1000 does it longer), at random points: between any two effects,
 * before and after any commit. Real: the experiments with all that they do between two decisions (kills.test.ts has more searchers,
 * and its own round of the engine), the searcher, the scheduler, SQLite. Virtual: the clock and the host (virtualHost.ts), which lives on.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { METHODS } from "../../../../src/cluster/protocol/methods.ts";
import { RandomStream } from "../../../../src/cluster/search/random.ts";
import type { SearcherAction, SearcherEvent } from "../../../../src/cluster/search/searcher.ts";
import { searcherOf } from "../../../../src/cluster/search/searchers.ts";
import type { Context } from "../../../../src/cluster/server/experiments/context.ts";
import { searchOf } from "../../../../src/cluster/server/experiments/search.ts";
import { createExperiments } from "../../../../src/cluster/server/experiments/service.ts";
import { openDatabase } from "../../../../src/cluster/server/store/database.ts";
import { createPoolStore } from "../../../../src/cluster/server/store/poolStore.ts";
import { createSecretStore } from "../../../../src/cluster/server/store/secrets.ts";
import { submission } from "../testServer.ts";
import { healthyDisk } from "../../../faults/healthyDisk.ts";
import { silentLogger } from "../trees/sender.ts";
import { Life, mortal, VirtualHost } from "./virtualHost.ts";

const KILLS = Number(process.env.TRAINYARD_KILLS ?? 200);
const TRIALS = 30;
const MAX_TIME = 9;
/** A life lasts for so many points at most. */
const LONGEST_LIFE = 150;
const TICK_MS = 100;
if (!Number.isInteger(KILLS)) throw new Error("TRAINYARD_KILLS has to be a whole number");

let pool: string;
beforeEach(() => {
  pool = mkdtempSync(path.join(tmpdir(), "trainyard-crash-"));
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(pool, { recursive: true });
});

interface Recorded {
  subject: string;
  event?: SearcherEvent;
  actions?: SearcherAction[];
}

function openServer(host: VirtualHost, life: Life, file: string) {
  const database = openDatabase(file, "0.0.0");
  const store = createPoolStore(mortal(database, life), () => undefined);
  const curves = host.curves(life);
  const context: Context = {
    timed: (_, work) => work(),
    pool,
    leases: path.join(pool, "leases"),
    store,
    secrets: createSecretStore(path.join(pool, "secrets")),
    curves,
    executor: host.executor(life),
    follower: host.follower(life, curves),
    output: {
      sizes: (runId) => Promise.resolve({ runId, stdout: 0, stderr: 0 }),
      read: (_runId, _stream, offset) =>
        Promise.resolve({ bytes: new Uint8Array(), offset, size: 0, dropped: 0 }),
      locate: () => Promise.resolve({ file: "", dropped: { bytes: 0, lines: 0 } }),
    },
    outputThread: {} as Context["outputThread"],
    files: {} as Context["files"],
    snapshots: {
      has: () => Promise.resolve(true),
      readFile: () => Promise.resolve(new Uint8Array()),
      prune: () => Promise.resolve(),
    } as unknown as Context["snapshots"],
    slots: { read: () => Promise.resolve({ slots: host.slots, news: null }) },
    diagnose: () => Promise.resolve(null),
    disk: healthyDisk,
    logger: silentLogger,
  };
  return { database, experiments: createExperiments(context) };
}

/** Lets the virtual time pass, and what really takes time (looking into folders) end. */
async function pass(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
  for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve));
}

function asha(seed: number) {
  const configuration = {
    hyperparameters: { x: { type: "double", minval: 0, maxval: 1 } },
    searcher: {
      ...{ name: "adaptive_asha", metric: "loss", max_trials: TRIALS, max_time: MAX_TIME, divisor: 3 },
      max_concurrent_trials: 6,
    },
    reproducibility: { experiment_seed: seed },
  };
  return METHODS["experiment/submit"].params.parse(submission("a".repeat(40), { configuration }));
}

/** What the killed server has left. */
function readBack(file: string) {
  const database = openDatabase(file, "0.0.0");
  try {
    const store = createPoolStore(database, () => undefined);
    return {
      decisions: store.decisionsOf(1) as Recorded[],
      trials: store.trialsOf(1),
      record: store.experiment(1),
    };
  } finally {
    database.close();
  }
}

/** Runs one search to its end. @returns how often its server was killed */
async function searchThroughKills(seed: number, random: RandomStream): Promise<number> {
  const file = path.join(pool, `${seed}.sqlite`);
  const valueOf = ({ x }: { x?: unknown }, step: number) => Math.abs(Number(x) - 0.3) / step;
  const host = new VirtualHost({ slots: 3, maxSteps: MAX_TIME, valueOf });
  const request = asha(seed);
  let kills = 0;
  let before: Recorded[] = [];
  for (;;) {
    const life = new Life(kills >= KILLS ? Infinity : random.below(LONGEST_LIFE));
    const { database, experiments } = openServer(host, life, file);
    const notify = { notify: () => undefined, pendingBytes: () => 0 };
    try {
      experiments.start(notify);
      // Sending the same submission again is the same experiment.
      await experiments.submit(request);
      while (!life.isOver && experiments.isAlive()) {
        host.step();
        await pass(TICK_MS);
      }
    } catch (error) {
      if (!life.isOver) throw error;
    }
    const closed = experiments.close().catch(() => undefined);
    await pass(TICK_MS);
    await closed;
    const hasEnded = !life.isOver;
    database.close();
    const { decisions, trials, record } = readBack(file);
    // What was decided stays decided.
    expect(decisions.slice(0, before.length)).toEqual(before);
    before = decisions;
    if (!hasEnded) {
      kills++;
      continue;
    }

    expect(trials).toHaveLength(TRIALS);
    expect(trials.filter(({ state }) => state !== "completed" && state !== "stopped")).toEqual([]);
    // Nothing was started twice, and nothing forgotten.
    expect(trials.map(({ attempts }) => attempts)).toEqual(trials.map(() => 1));
    expect([...host.runs.keys()].sort()).toEqual(trials.map(({ id }) => `${id}.1`).sort());
    // The decisions are those that the searcher makes of the same events when nobody is killed.
    const searcher = record === null ? undefined : searcherOf(record.own.searcher);
    if (record === null || searcher === undefined) throw new Error("the experiment is gone");
    const search = searchOf(record.own);
    let state = searcher.begin(search);
    const heard = new Set<string>();
    for (const { subject, event, actions } of decisions) {
      if (subject !== "searcher" || event === undefined) continue;
      const key = JSON.stringify({ ...event, value: 0 });
      expect(heard.has(key)).toBe(false);
      heard.add(key);
      const decided = searcher.decide(state, event, search);
      expect(decided.actions).toEqual(actions);
      state = decided.state;
    }
    expect(state).toEqual(record.own.searcher);
    return kills;
  }
}

test(`decides nothing twice, starts nothing twice and forgets nothing in ${KILLS} kills`, async () => {
  const random = new RandomStream({ seed: 2026, taken: 0 });
  let kills = 0;
  for (let seed = 1; kills < KILLS; seed++) kills += await searchThroughKills(seed, random);
  expect(kills).toBeGreaterThanOrEqual(KILLS);
}, 300_000);
