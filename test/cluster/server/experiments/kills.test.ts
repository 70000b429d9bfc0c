/** The server killed at any moment: nothing is decided twice, started twice or forgotten, on a pool with a virtual clock. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { RandomStream } from "../../../../src/cluster/search/random.ts";
import { advance, createWorld, Killed, openServer, removeWorld, type World } from "./virtualPool.ts";

const KILLS = 1000;
/** Points of a server, at most, until the next kill: with far fewer it could be killed before it has done anything new. */
const FAR = 400;

beforeEach(() => vi.useFakeTimers({ toFake: ["Date"] }));
afterEach(() => vi.useRealTimers());

const HALVING = { metric: "loss", max_trials: 14, max_time: 9, divisor: 3, max_concurrent_trials: 4 };
const SEARCHERS = [
  { name: "random", metric: "loss", max_trials: 8, max_concurrent_trials: 3 },
  { name: "async_halving", num_rungs: 3, ...HALVING },
  { name: "adaptive_asha", mode: "standard", ...HALVING },
  { name: "adaptive_asha", mode: "aggressive", stop_once: false, ...HALVING },
  { name: "async_halving", num_rungs: 3, stop_once: false, ...HALVING },
];
const X = { type: "double", minval: 0, maxval: 1 };

function makeWorld(round: number): World {
  const configuration = {
    searcher: SEARCHERS[round % SEARCHERS.length],
    hyperparameters: { x: X, y: X },
    reproducibility: { experiment_seed: round },
    max_restarts: 2,
  };
  // Sometimes while the search runs, sometimes when it has ended long since.
  const at = [5_000, 20_000, 400_000][round % 3] ?? 0;
  const change = { maxTrials: 20, hyperparameters: { x: { ...X, maxval: 0.5 }, y: X } };
  return createWorld(configuration, 1 + (round % 4), { at, change });
}

/** @returns what was decided, in the order in which it was */
async function runThrough(
  world: World,
  nextKill: () => number,
  afterKill: (decided: object[]) => void,
): Promise<object[]> {
  for (;;) {
    let left = Infinity;
    const server = openServer(world, () => {
      if (left-- <= 0) throw new Killed();
    });
    try {
      left = nextKill();
      server.start();
      await server.tick();
      while (!server.isDone()) {
        if (world.now > 2_000_000) throw new Error("the search does not end");
        advance(world);
        vi.setSystemTime(world.now);
        await server.tick();
      }
      return server.store.decisionsOf(1);
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
    } finally {
      left = Infinity;
      afterKill(server.store.decisionsOf(1));
      server.close();
    }
  }
}

test(`after ${KILLS} kills at random points the decisions are those of a server that was never killed`, async () => {
  const random = new RandomStream({ seed: 1, taken: 0 });
  let kills = 0;
  for (let round = 0; kills < KILLS; round++) {
    const calm = makeWorld(round);
    vi.setSystemTime(0);
    const expected = await runThrough(
      calm,
      () => Infinity,
      () => undefined,
    );
    const world = makeWorld(round);
    vi.setSystemTime(0);
    const decided = await runThrough(
      world,
      () => {
        kills++;
        return Math.floor(random.unit() * FAR);
      },
      (soFar) => {
        expect(soFar).toEqual(expected.slice(0, soFar.length));
      },
    );
    kills--; // the last server of a round is not killed
    expect(decided).toEqual(expected);
    expect(world.problems).toEqual([]);
    // Everything that was begun ended, and everything that was decided was begun.
    expect([...world.runs.keys()]).toEqual([...calm.runs.keys()]);
    expect([...world.runs.values()].filter(({ end }) => end === null)).toEqual([]);
    removeWorld(calm);
    removeWorld(world);
  }
}, 300_000);
