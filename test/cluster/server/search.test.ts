/** Searches with real scripts: what is decided, what reaches the script, and what a restart of the server changes. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { openTestServer, type TestServer } from "./testServer.ts";

let server: TestServer;
beforeEach(async () => {
  server = await openTestServer();
});
afterEach(() => server.close(), 30_000);

/** Nine epochs, whose loss is the hyperparameter; after the first it waits for a file, or to be told to stop. */
const SCRIPT = {
  "train.py": `
import os, time, trainyard
run = trainyard.init()
x = trainyard.param("x")
for epoch in range(1, 10):
    run.report(epoch, group="validation", loss=x, epoch=epoch)
    while not run.should_stop() and not os.path.exists("go"):
        time.sleep(0.02)
    if run.should_stop():
        break
`,
};
const SPACE = { x: { type: "double", minval: 0, maxval: 1 } };

async function trialsOf(experimentId: number) {
  return (await server.call("experiment/get", { experimentId })).trials;
}

test("a random search makes its trials, each with hyperparameters and a seed of its own", async () => {
  const configuration = {
    searcher: { name: "random", metric: "loss", max_trials: 4, max_concurrent_trials: 2 },
    hyperparameters: SPACE,
    reproducibility: { experiment_seed: 42 },
  };
  await server.submit(SCRIPT, { configuration });
  for (const number of [1, 2, 3, 4]) {
    await server.untilState(`1.${number}`, "running");
    await server.writeInto(`1.${number}.1`, "go", "");
    await server.untilState(`1.${number}`, "completed");
  }
  const trials = await trialsOf(1);
  expect(new Set(trials.map(({ hyperparameters }) => hyperparameters.x)).size).toBe(4);
  expect(new Set(trials.map(({ seed }) => seed)).size).toBe(4);
  // Of NumPy's RandomState(42): the first double.
  expect(trials[0]?.hyperparameters.x).toBe(0.3745401188473625);
  expect(trials.map(({ best }) => best?.value)).toEqual(
    trials.map(({ hyperparameters }) => hyperparameters.x),
  );
  expect((await server.call("search/state", { experimentId: 1 })).brackets).toBeNull();
});

test("halving stops the worse ones at the first rung, and goes on until all trials have been", async () => {
  const configuration = {
    searcher: {
      name: "async_halving",
      metric: "loss",
      max_trials: 6,
      max_concurrent_trials: 1,
      num_rungs: 3,
      max_time: 9,
      time_metric: "epoch",
      divisor: 3,
    },
    hyperparameters: SPACE,
    reproducibility: { experiment_seed: 7 },
  };
  await server.submit(SCRIPT, { configuration });
  let best = Infinity;
  for (const number of [1, 2, 3, 4, 5, 6]) {
    const trialId = `1.${number}`;
    const { hyperparameters } = await server.untilState(trialId, "running", "stopping", "stopped");
    const loss = hyperparameters.x as number;
    if (loss < best) await server.writeInto(`${trialId}.1`, "go", "");
    // Who is not the best so far waits to be told to stop, for ever if need be.
    const ended = await server.untilState(trialId, "stopped", "completed");
    if (loss < best) expect(ended).toMatchObject({ state: "completed", latestStep: 9 });
    else expect(ended).toMatchObject({ state: "stopped", latestStep: 1 });
    best = Math.min(best, loss);
  }
  const { experiment } = await server.call("experiment/get", { experimentId: 1 });
  expect(experiment).toMatchObject({ trialsPlanned: 6, best: { value: best } });
  const search = await server.call("search/state", { experimentId: 1 });
  expect(search).toMatchObject({ trialsPlanned: 6, smallerIsBetter: true, timeMetric: "epoch", progress: 1 });
  const [bracket] = search.brackets ?? [];
  expect(bracket?.rungs.map(({ units }) => units)).toEqual([1, 3, 9]);
  expect(bracket?.rungs[0]?.entries).toHaveLength(6);
  expect(bracket?.rungs.map(({ entries }) => entries[0]?.value)).toEqual([best, best, best]);
  expect(bracket?.rungs.map(({ coming }) => coming)).toEqual([[], [], []]);
  // Two of six go on, so the second is what it takes; at the top nobody goes on.
  expect(bracket?.rungs[0]?.cut).toBe(bracket?.rungs[0]?.entries[1]?.value);
  expect(bracket?.rungs[2]).toMatchObject({ cut: null });
}, 60_000);

test("values without the time metric are said, and the trial goes on", async () => {
  const configuration = {
    searcher: {
      name: "async_halving",
      metric: "loss",
      max_trials: 1,
      num_rungs: 1,
      max_time: 9,
      time_metric: "batches",
    },
    hyperparameters: SPACE,
  };
  await server.submit(SCRIPT, { configuration });
  await server.untilState("1.1", "running");
  await server.writeInto("1.1.1", "go", "");
  const { warnings } = await server.untilState("1.1", "completed");
  expect(warnings.join()).toContain("compares trials by `batches`, and loss was reported without it");
});

/** Nine trials, two at a time. */
const LONG = {
  slotsPerTrial: 0,
  configuration: {
    searcher: { name: "random", metric: "loss", max_trials: 9, max_concurrent_trials: 2 },
    hyperparameters: SPACE,
  },
};
const statesOf = async (experimentId: number) => (await trialsOf(experimentId)).map(({ state }) => state);

test.each([
  ["trial/stop", "stopped"],
  ["trial/kill", "killed"],
] as const)("%s of a search ends all of it: no trial follows those that it had", async (method, state) => {
  await server.submit(SCRIPT, LONG);
  for (const trialId of ["1.1", "1.2"]) await server.untilState(trialId, "running");
  await server.call("trial/kill", { trialId: "1.1" });
  await server.untilState("1.1", "killed");
  await server.untilState("1.3", "running"); // one trial alone: the search goes on
  await server.call(method, { experimentId: 1 });
  for (const trialId of ["1.2", "1.3"]) await server.untilState(trialId, state);
  expect(await statesOf(1)).toEqual(["killed", state, state]);
  expect((await server.call("experiment/get", { experimentId: 1 })).experiment.endedAt).not.toBeNull();
});

test("a search that runs can be deleted", async () => {
  await server.submit(SCRIPT, LONG);
  await server.untilState("1.1", "running");
  expect(await server.call("experiment/delete", { experimentId: 1, confirm: true })).toMatchObject({
    deleted: true,
  });
  expect((await server.call("experiment/list", {})).experiments).toEqual([]);
}, 60_000);

test("what a search begins while it is paused waits to be resumed", async () => {
  await server.submit(SCRIPT, LONG);
  for (const trialId of ["1.1", "1.2"]) await server.untilState(trialId, "running");
  await server.call("trial/pause", { experimentId: 1 });
  await server.call("trial/kill", { trialId: "1.1" });
  await server.untilState("1.1", "killed");
  await server.untilState("1.3", "paused");
  await server.call("trial/resume", { experimentId: 1 });
  await server.untilState("1.3", "running");
});
