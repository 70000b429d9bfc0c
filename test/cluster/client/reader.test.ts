/** A mirror that holds a part of a real server's pool, and reads the rest from it. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PoolMirror } from "../../../src/cluster/client/mirror.ts";
import { MirrorReader } from "../../../src/cluster/client/mirror/reader.ts";
import type { PoolCalls } from "../../../src/cluster/client/poolCalls.ts";
import { openTestServer, type TestServer } from "../server/testServer.ts";

const SCRIPT = `import trainyard
run = trainyard.init()
run.report(1, loss=1)
with run.checkpoint(1) as folder:
    (folder / "step.txt").write_text("1")
`;
const SEARCH = {
  searcher: { name: "grid", metric: "loss" },
  hyperparameters: { lr: { type: "categorical", vals: [0.1, 0.2, 0.3] } },
};

describe("a mirror with a bounded snapshot", () => {
  let server: TestServer;
  let calls: string[] = [];

  beforeAll(async () => {
    server = await openTestServer(3);
    await server.submit({ "train.py": SCRIPT }, { configuration: SEARCH });
    for (const number of [1, 2, 3]) await server.untilState(`1.${number}`, "completed");
    const trialId = await server.submit({ "train.py": SCRIPT });
    await server.untilState(trialId, "completed");
  }, 60_000);
  afterAll(() => server.close());

  async function subscribed(
    after: number | null = null,
  ): Promise<{ mirror: PoolMirror; reader: MirrorReader }> {
    calls = [];
    const mirror = new PoolMirror();
    mirror.restart(await server.call("subscribe", { after, bounded: { experiments: 1 } }));
    const call = (async (method: Parameters<PoolCalls["call"]>[0], params: never) => {
      calls.push(method);
      return server.call(method, params);
    }) as PoolCalls["call"];
    return { mirror, reader: new MirrorReader(mirror, call) };
  }

  it("knows what it lacks, and is whole when that has been read", async () => {
    const { mirror, reader } = await subscribed();
    expect([...mirror.experiments.keys()]).toEqual([2]);
    expect([mirror.total, mirror.from]).toEqual([2, 2]);
    expect(mirror.trialsOf(2).map(({ id }) => id)).toEqual(["2.1"]);
    expect(mirror.isWholeTrial("2.1")).toBe(false);
    await Promise.all([reader.trial("2.1"), reader.trial("2.1"), reader.whole(1), reader.whole(1)]);
    expect(calls.filter((call) => call === "trial/get")).toHaveLength(1);
    expect(calls.filter((call) => call === "experiment/read")).toHaveLength(1);
    expect([mirror.isWholeTrial("2.1"), mirror.isWhole(1)]).toEqual([true, true]);
    expect(mirror.checkpointsOf("2.1")).toHaveLength(1);
    const got = await server.call("experiment/get", { experimentId: 1 });
    expect(mirror.trialsOf(1)).toEqual(got.trials);
    expect(got.trials.flatMap(({ id }) => mirror.runsOf(id))).toEqual(got.runs);
    expect(got.trials.flatMap(({ id }) => mirror.checkpointsOf(id))).toHaveLength(got.checkpoints.length);
    calls = [];
    await Promise.all([reader.trial("1.2"), reader.whole(1), reader.experiment(1)]);
    expect(calls).toEqual([]);
  });

  it("reads pages, and holds what they tell of", async () => {
    const { mirror, reader } = await subscribed();
    expect(await reader.experiments({ filter: "lr=0.2", limit: 9 })).toEqual({ ids: [1], total: 1 });
    expect(mirror.experiments.has(1)).toBe(true);
    expect(await reader.trials({ experimentId: 1, filter: "lr>0.1", limit: 1 })).toMatchObject({ total: 2 });
    expect(mirror.trialsOf(1)).toHaveLength(1);
    await expect(reader.trial("1.9")).rejects.toThrow("There is no trial 1.9");
    await expect(reader.whole(7)).rejects.toThrow("There is no experiment 7");
  });

  it("gets a bounded snapshot again when it is too far behind, and nothing when it is not", async () => {
    const { mirror } = await subscribed();
    const near = await server.call("subscribe", { after: mirror.seq, bounded: { experiments: 1 } });
    expect(near.snapshot).toBeNull();
    // A number that the pool has never given: as of another life of its folder.
    const far = await server.call("subscribe", { after: 1_000_000, bounded: { experiments: 1 } });
    expect(far.snapshot?.experiments.map(({ id }) => id)).toEqual([2]);
    expect(far.snapshot?.beyond).toEqual({ total: 2, from: 2 });
    const older = await server.call("subscribe", { after: null });
    expect(older.snapshot?.experiments.map(({ id }) => id)).toEqual([1, 2]);
    expect(older.snapshot?.beyond).toBeUndefined();
  });

  it("does not take an answer from before a new snapshot for what is there after it", async () => {
    const { mirror } = await subscribed();
    let answers = 0;
    const reader = new MirrorReader(mirror, (async (method: "experiment/read", params: never) => {
      const answer = await server.call(method, params);
      // Meanwhile the events had a gap.
      if (answers++ === 0)
        mirror.restart(await server.call("subscribe", { after: null, bounded: { experiments: 1 } }));
      return answer;
    }) as PoolCalls["call"]);
    await reader.whole(1);
    expect(answers).toBe(2);
    expect(mirror.isWhole(1)).toBe(true);
  });
});
