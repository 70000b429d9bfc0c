/** What a real pool server knows of a script: by a mirror that has all, by one that has almost nothing, and without a connection. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PoolMirror } from "../../../../src/cluster/client/mirror.ts";
import type { PoolCalls } from "../../../../src/cluster/client/poolCalls.ts";
import { gather } from "../../../../src/extension/language-server/client/history/gather.ts";
import { summarise } from "../../../../src/extension/language-server/client/history/summary.ts";
import type { ScriptHistory } from "../../../../src/extension/language-server/contract.ts";
import { openTestServer, type TestServer } from "../../../cluster/server/testServer.ts";

const SEARCHED = `import trainyard
run = trainyard.init()
lr = run.param("lr", 0.5)
for step in range(1, 301):
    run.validate(step, val_loss=lr + 1 / step)
    run.report(step, loss=float("nan") if step > 250 and lr > 0.25 else lr)
`;
const FAILING = `import model
def main():
    model.build()
main()
`;
const MODEL = `def build():
    raise ValueError("no such layer")
`;
const SEARCH = {
  searcher: { name: "grid", metric: "val_loss" },
  hyperparameters: { lr: { type: "categorical", vals: [0.1, 0.2, 0.3] } },
};
const ROOT = "/home/alice/project";

describe("the history of a script", () => {
  let server: TestServer;
  let calls: string[] = [];

  beforeAll(async () => {
    server = await openTestServer(3);
    await server.submit({ "train.py": SEARCHED }, { configuration: SEARCH });
    for (const number of [1, 2, 3]) await server.untilState(`1.${number}`, "completed");
    const single = await server.submit({ "train.py": SEARCHED });
    await server.untilState(single, "completed");
    const failed = await server.submit({ "train.py": FAILING, "model.py": MODEL });
    await server.untilState(failed, "failed");
    const other = await server.submit({ "train.py": SEARCHED }, { workspace: "/home/alice/other" });
    await server.untilState(other, "completed");
  }, 120_000);
  afterAll(() => server.close());

  /** @param bounded so many experiments are in the mirror; null: all */
  async function history(
    bounded: number | null,
    isConnected = true,
    script = `${ROOT}/train.py`,
  ): Promise<ScriptHistory | null> {
    calls = [];
    const mirror = new PoolMirror();
    const some = bounded === null ? {} : { bounded: { experiments: bounded } };
    mirror.restart(await server.call("subscribe", { after: null, ...some }));
    const call = (async (method: Parameters<PoolCalls["call"]>[0], params: never) => {
      calls.push(method);
      return server.call(method, params);
    }) as PoolCalls["call"];
    const gathered = await gather({ mirror, call: isConnected ? call : null }, script);
    return summarise(gathered, {
      poolId: "local",
      poolName: "this machine",
      asOpened: (file) => file.replace("/home/alice", "/opened"),
    });
  }

  it("has the last run, the best, a table, and the newest curves", async () => {
    const found = await history(null);
    expect(found).toMatchObject({
      poolId: "local",
      running: 0,
      last: { trialId: "3.1", state: "failed" },
      best: { trialId: "1.1", metric: { name: "val_loss", smallerIsBetter: true }, parameters: { lr: 0.1 } },
      nan: null,
    });
    expect(found?.best?.metric?.value).toBeCloseTo(0.1 + 1 / 300, 9);
    // One of each experiment, then what else there is of the search, the newest first.
    expect(found?.trials.map(({ trialId }) => trialId)).toEqual(["3.1", "2.1", "1.1", "1.2", "1.3"]);
    expect(found?.trials[1]).toMatchObject({ parameters: { lr: 0.5 }, path: "train.py" });
    const { "validation/val_loss": metric } = found?.metrics ?? {};
    expect(metric).toMatchObject({ trial: { trialId: "2.1" }, step: 300 });
    expect(metric?.curve.length).toBeLessThanOrEqual(100);
    expect(metric?.curve.at(-1)).toEqual([300, 0.5 + 1 / 300]);
    expect(found?.metrics["training/loss"]?.value).toBe("NaN");
  });

  it("has the frames of a failure, with each one's file as it is opened here", async () => {
    expect((await history(null))?.failures).toEqual([
      expect.objectContaining({
        message: "ValueError: no such layer",
        frames: [
          { file: "train.py", line: 4, function: null },
          { file: "train.py", line: 3, function: "main" },
          { file: "model.py", line: 2, function: "build" },
        ],
        files: ["/opened/project/train.py", "/opened/project/train.py", "/opened/project/model.py"],
      }),
    ]);
  });

  it("is the same from a mirror that has one experiment, with few calls", async () => {
    expect(await history(1)).toEqual(await history(null));
    await history(1);
    expect(calls.filter((call) => call === "experiment/page")).toHaveLength(1);
    expect(calls.length).toBeLessThanOrEqual(10);
  });

  it("without a connection is what the mirror knows", async () => {
    const { metrics, ...known } = (await history(null, false)) ?? {};
    const { metrics: _curves, ...all } = (await history(null)) ?? {};
    expect(metrics).toEqual({});
    expect(known).toEqual(all);
    expect(calls).not.toEqual([]);
    await history(null, false);
    expect(calls).toEqual([]);
  });

  it("is of that file alone", async () => {
    expect((await history(null, true, "/home/alice/other/train.py"))?.trials).toHaveLength(1);
    expect(await history(null, true, `${ROOT}/model.py`)).toBeNull();
    expect(await history(1, true, `${ROOT}/model.py`)).toBeNull();
  });

  it("has a first NaN of the newest experiment", async () => {
    expect((await history(null, true, "/home/alice/other/train.py"))?.nan).toMatchObject({
      trial: { trialId: "4.1" },
      metric: "training/loss",
      step: 251,
    });
  });

  it("of a search that is paused has what ended, and the curves of those that reported before", async () => {
    await server.submit(
      { "train.py": "import model\nmodel.build()\n", "model.py": MODEL },
      { configuration: SEARCH },
    );
    for (const number of [1, 2, 3]) await server.untilState(`5.${number}`, "failed", "paused");
    const found = await history(null);
    expect(found).toMatchObject({ waiting: 0, last: { experimentId: 5, state: "failed" } });
    expect(found?.metrics["validation/val_loss"]?.trial.trialId).toBe("2.1");
    expect(found?.failures).toHaveLength(1);
  });

  it("has no failure any more once a newer experiment went well, and keeps it while that runs", async () => {
    const waiting = await server.submit({
      "train.py": "import pathlib, time\nwhile not pathlib.Path('go').exists(): time.sleep(0.05)\n",
    });
    await server.untilState(waiting, "running");
    const during = await history(null);
    expect([during?.running, during?.failures.length]).toEqual([1, 1]);
    await server.writeInto(`${waiting}.1`, "go", "");
    await server.untilState(waiting, "completed");
    expect((await history(null))?.failures).toEqual([]);
  });
});
