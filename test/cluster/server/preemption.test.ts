/** Preemption of real scripts: who is asked gives its slot back, another has it, and nothing of the training is lost. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openTestServer, type TestServer } from "./testServer.ts";

let server: TestServer;
beforeEach(async () => {
  server = await openTestServer();
});
afterEach(() => server.close(), 30_000);

/** Reports step after step, and checkpoints the third and when it is asked to leave; `DEAF` does not hear. */
const TRAINS = `
import os, time, trainyard
run = trainyard.init()
latest = run.latest_checkpoint
step = int((latest / "step").read_text()) + 1 if latest else 0
def save():
    with run.checkpoint(step) as path:
        (path / "step").write_text(str(step))
while step < 1000 and not os.path.exists("go"):
    run.report(step, loss=1 / (step + 1))
    if os.environ.get("DEAF") is None and run.should_stop():
        save()
        break
    if step == 3:
        save()
    step += 1
    time.sleep(0.02)
`;
const QUICK = `
import trainyard
trainyard.report(1, loss=0.5)
`;

/** Its curve: every step once, whichever run reported it. */
async function steps(trialId: string): Promise<number[]> {
  const { columns, count } = await server.call("series/read", {
    trialId,
    group: "training",
    name: "loss",
    rank: 0,
    cursor: 0,
    resolution: null,
  });
  const column = (index: number) =>
    new Float64Array(columns.slice(8 * count * index, 8 * count * (index + 1)).buffer);
  const superseded = column(3);
  return [...column(0)].filter((_, index) => superseded[index] === 0);
}

async function runsOf(experimentId: number) {
  const { runs } = await server.call("experiment/get", { experimentId });
  return runs;
}

test("a preempted trial lets the one that waits have its slot, and goes on from its checkpoint", async () => {
  const trialId = await server.submit({ "train.py": TRAINS });
  await server.until(trialId, ({ latestCheckpoint }) => latestCheckpoint !== null);
  const other = await server.submit({ "train.py": QUICK });
  await server.call("trial/preempt", { trialId });
  expect(await server.untilState(other, "completed")).toMatchObject({ restarts: 0 });
  const resumed = await server.until(trialId, ({ attempts }) => attempts === 2);
  expect(resumed).toMatchObject({ restarts: 0, failure: null });
  await server.untilState(trialId, "running");
  await server.writeInto(`${trialId}.2`, "go", "");
  await server.untilState(trialId, "completed");
  const [first, second] = await runsOf(1);
  expect(first).toMatchObject({ outcome: "preempted", failure: null, exitCode: 0 });
  expect(second).toMatchObject({ outcome: "completed" });
  expect(second?.resumedFromStep).toBeGreaterThanOrEqual(3);
  const seen = await steps(trialId);
  expect(seen).toEqual(seen.map((_, index) => index));
  // It said so all the way: while it was asked, and while it waited.
  const said = server.events.flatMap(({ change }) =>
    change.type === "trial" && change.trial.id === trialId ? [change.trial] : [],
  );
  expect(said.find(({ state }) => state === "pausing")?.waitReason).toContain("asked to give its slots back");
  expect(said.findLast(({ state }) => state === "waiting")?.waitReason).toMatch(/^Preempted\. /);
  const control = JSON.parse(
    readFileSync(path.join(server.home, "runs", `${trialId}.1`, "control.json"), "utf8"),
  ) as unknown;
  expect(control).toMatchObject({ action: "preempt", reason: "asked by a person" });
}, 60_000);

test("who does not hear is killed after preemption_timeout, and goes on from its last checkpoint", async () => {
  const trialId = await server.submit(
    { "train.py": TRAINS },
    { configuration: { preemption_timeout: 1, environment: { environment_variables: ["DEAF=1"] } } },
  );
  await server.until(trialId, ({ latestCheckpoint }) => latestCheckpoint !== null);
  await server.call("trial/preempt", { trialId });
  await server.until(trialId, ({ attempts, state }) => attempts === 2 && state === "running");
  await server.writeInto(`${trialId}.2`, "go", "");
  expect(await server.untilState(trialId, "completed")).toMatchObject({ restarts: 0, failure: null });
  const [first, second] = await runsOf(1);
  expect(first).toMatchObject({ outcome: "preempted", signal: "SIGKILL", failure: null });
  expect(second).toMatchObject({ resumedFromStep: 3 });
}, 60_000);

test("who has no checkpoint, or no slot, is not preempted", async () => {
  const trialId = await server.submit({ "train.py": "import time\ntime.sleep(600)" });
  await server.untilState(trialId, "running");
  await expect(server.call("trial/preempt", { trialId })).rejects.toThrow("has not written a checkpoint");
  const other = await server.submit({ "train.py": QUICK });
  await expect(server.call("trial/preempt", { trialId: other })).rejects.toThrow(
    `Trial ${other} has no slots to give back: it is waiting.`,
  );
});

test("a trial that a restart of the server meets on its way out goes on all the same", async () => {
  const trialId = await server.submit({ "train.py": TRAINS });
  await server.until(trialId, ({ latestCheckpoint }) => latestCheckpoint !== null);
  await server.call("trial/preempt", { trialId });
  await server.restart();
  await server.until(trialId, ({ attempts, state }) => attempts === 2 && state === "running");
  await server.writeInto(`${trialId}.2`, "go", "");
  await server.untilState(trialId, "completed");
  expect((await runsOf(1)).map(({ outcome }) => outcome)).toEqual(["preempted", "completed"]);
}, 60_000);

test("a trial that a search pauses at a rung lets the next one have its slot, and goes on when it is promoted", async () => {
  const script = `
import os, time, trainyard
run = trainyard.init()
number = int(os.environ["TRAINYARD_TRIAL"].split(".")[1])  # the first is the best
latest = run.latest_checkpoint
epoch = int((latest / "epoch").read_text()) if latest else 0
while epoch < 9:
    epoch += 1
    run.validate(epoch, loss=number, epoch=epoch)
    for _ in range(50 if epoch in (1, 3) else 1):
        if run.should_stop(): break
        time.sleep(0.1)
    if run.should_stop():
        with run.checkpoint(epoch) as path:
            (path / "epoch").write_text(str(epoch))
        break
`;
  await server.submit(
    { "train.py": script },
    {
      configuration: {
        searcher: {
          name: "async_halving",
          metric: "loss",
          max_trials: 3,
          max_concurrent_trials: 1,
          num_rungs: 2,
          max_time: 3,
          time_metric: "epoch",
          divisor: 3,
          stop_once: false,
        },
        hyperparameters: { x: { type: "double", minval: 0, maxval: 1 } },
      },
    },
  );
  await server.untilState("1.1", "completed");
  expect((await runsOf(1)).map(({ id, outcome, resumedFromStep }) => [id, outcome, resumedFromStep])).toEqual(
    expect.arrayContaining([
      ["1.1.1", "paused", null],
      ["1.1.2", "stopped", 1], // at the top: asked to end as completed
      ["1.2.1", "paused", null],
    ]),
  );
}, 120_000);
