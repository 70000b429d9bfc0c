// Scripts that were written for Determined, in a pool: paused and resumed, searched, refused.
import { readdirSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openTestServer, type TestServer } from "./testServer.ts";

let server: TestServer;
beforeEach(async () => {
  server = await openTestServer(2);
});
afterEach(() => server.close());

const TUTORIAL = `
import logging, pathlib, sys, time, determined as det

def main(core, latest, trial_id, increment_by):
    x, start = 0, 0
    if latest is not None:
        with core.checkpoint.restore_path(latest) as path:
            x, start, owner = [int(field) for field in path.joinpath("state").read_text().split(",")]
            if owner != trial_id: start = 0
    for batch in range(start, 100):
        x += increment_by
        steps = batch + 1
        time.sleep(0.02 if not pathlib.Path("go").exists() else 0)
        if steps % 10 == 0:
            core.train.report_training_metrics(steps_completed=steps, metrics={"x": x})
            with core.checkpoint.store_path({"steps_completed": steps}) as (path, storage_id):
                path.joinpath("state").write_text(f"{x},{steps},{trial_id}")
            if core.preempt.should_preempt():
                return
    core.train.report_validation_metrics(steps_completed=steps, metrics={"x": x})

info = det.get_cluster_info()
with det.core.init() as core:
    main(core, info.latest_checkpoint, info.trial.trial_id, info.trial.hparams["increment_by"])
`;

test("the tutorial's script is paused and goes on from its checkpoint, under its own entrypoint", async () => {
  const trialId = await server.submit(
    { "model.py": TUTORIAL, "train.py": "", "startup-hook.sh": "export FROM_HOOK=1\n" },
    {
      configuration: {
        name: "core-api-stage-2",
        entrypoint: 'test "$FROM_HOOK" = 1 && python3 model.py',
        hyperparameters: { increment_by: 2 },
        searcher: { name: "single", metric: "x", max_length: 100 },
      },
    },
  );
  await server.until(trialId, ({ latestCheckpoint }) => latestCheckpoint !== null);
  await server.call("trial/pause", { trialId });
  await server.untilState(trialId, "paused");
  await server.call("trial/resume", { trialId });
  await server.until(trialId, ({ attempts, state }) => attempts === 2 && state === "running");
  await server.writeInto(`${trialId}.2`, "go", "");
  const trial = await server.untilState(trialId, "completed");
  expect(trial).toMatchObject({ restarts: 0, failure: null });
  const { runs } = await server.call("experiment/get", { experimentId: 1 });
  expect(runs.map(({ outcome }) => outcome).sort()).toEqual(["completed", "paused"]);
  expect(runs.find(({ outcome }) => outcome === "completed")?.resumedFromStep).toBeGreaterThanOrEqual(10);
}, 120_000);

/** The first trial is the best: each later one is worse where they are compared. */
const OF_BEFORE_038 = `
import determined as det
info = det.get_cluster_info()
error = info.trial.trial_id % 1000000
with det.core.init() as core:
    steps = 0
    for op in core.searcher.operations():
        while steps < op.length:
            steps += 1
            core.train.report_training_metrics(steps, {"loss": error})
        core.train.report_validation_metrics(steps, {"error": error})
        op.report_completed(error)
`;
const OF_038 = `
import time, determined as det
info = det.get_cluster_info()
error = info.trial.trial_id % 1000000
with det.core.init() as core:
    for epoch in range(1, 17):
        core.train.report_validation_metrics(epoch * 10, {"error": error, "epochs": epoch})
        for _ in range(30 if epoch == 4 else 1):
            if core.preempt.should_preempt():
                raise SystemExit(0)
            time.sleep(0.1)
`;

test.each([
  ["of before 0.38, by searcher.operations()", OF_BEFORE_038, { max_length: { batches: 16 } }],
  ["of 0.38, by should_preempt()", OF_038, { max_time: 16, time_metric: "epochs" }],
])(
  "an ASHA search %s stops who is worse at a rung",
  async (_, script, lengths) => {
    await server.submit(
      { "train.py": script },
      {
        configuration: {
          searcher: {
            ...{ name: "async_halving", metric: "error", num_rungs: 2, divisor: 4 },
            ...{ max_trials: 2, max_concurrent_trials: 1, ...lengths },
          },
          hyperparameters: { x: { type: "categorical", vals: [1, 2, 3, 4] } },
        },
      },
    );
    await expect
      .poll(async () => (await server.call("experiment/get", { experimentId: 1 })).experiment.state, {
        timeout: 100_000,
      })
      .toBe("completed");
    expect(await server.trial("1.1")).toMatchObject({ state: "completed" });
    expect(await server.trial("1.2")).toMatchObject({ state: "stopped", failure: null });
    const { runs } = await server.call("experiment/get", { experimentId: 1 });
    // It was understood, and nobody had to be killed.
    expect(runs.find(({ trialId }) => trialId === "1.2")).toMatchObject({ outcome: "stopped", exitCode: 0 });
  },
  120_000,
);

test("checkpoints that a script deletes go, but for its newest, pinned ones and those of others", async () => {
  const script = `
import pathlib, time, determined as det
with det.core.init() as core:
    stored = []
    for step in range(1, 5):
        with core.checkpoint.store_path({"steps_completed": step}) as (path, uuid):
            path.joinpath("w").write_text("x")
        stored.append(uuid)
    go = pathlib.Path("go")
    while not go.exists() or not go.read_text(): time.sleep(0.02)
    for uuid in stored + [go.read_text()]:
        core.checkpoint.delete(uuid)
    core.train.report_training_metrics(5, {"loss": 1})
`;
  const other = `
import trainyard
with trainyard.init().checkpoint(1) as path:
    (path / "w").write_text("of another trial")
with trainyard.init().checkpoint(2) as path:
    (path / "w").write_text("of another trial")
`;
  const checkpointsOf = async (experimentId: number) =>
    (await server.call("experiment/get", { experimentId })).checkpoints.toSorted((a, b) => a.step - b.step);
  await server.untilState(await server.submit({ "train.py": other }), "completed");
  const [foreign] = await checkpointsOf(1);
  const trialId = await server.submit({ "train.py": script });
  await expect.poll(() => checkpointsOf(2), { timeout: 60_000 }).toHaveLength(4);
  const pinned = (await checkpointsOf(2))[1];
  await server.call("checkpoint/pin", { uuid: pinned?.uuid ?? "", pinned: true });
  await server.writeInto(`${trialId}.1`, "go", foreign?.uuid ?? "");
  await server.untilState(trialId, "completed");
  await expect
    .poll(async () => (await checkpointsOf(2)).map(({ step }) => step), { timeout: 30_000 })
    .toEqual([2, 4]);
  expect(await checkpointsOf(1)).toHaveLength(2);
  expect(readdirSync(path.join(server.home, "checkpoints"))).toHaveLength(4);
  expect((await server.trial(trialId)).warnings).toEqual([]);
}, 90_000);

test("hyperparameters that a script refuses are replaced", async () => {
  const script = `
import determined as det
info = det.get_cluster_info()
with det.core.init() as core:
    if info.trial.trial_id % 1000000 == 1:
        raise det.InvalidHP("no")
    core.train.report_validation_metrics(1, {"error": 1})
`;
  await server.submit(
    { "train.py": script },
    {
      configuration: {
        searcher: { name: "random", metric: "error", max_trials: 1 },
        hyperparameters: { x: { type: "double", minval: 0, maxval: 1 } },
      },
    },
  );
  expect(await server.untilState("1.1", "failed")).toMatchObject({ restarts: 0 });
  await expect
    .poll(
      async () => (await server.call("experiment/get", { experimentId: 1 })).trials.map(({ state }) => state),
      {
        timeout: 30_000,
      },
    )
    .toContain("completed");
}, 60_000);
