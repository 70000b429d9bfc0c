/** Searches that people change while they run and after they have ended, in a real pool. */
import { afterEach, expect, test } from "vitest";
import { openTestServer, type TestServer } from "./testServer.ts";

let server: TestServer;
afterEach(() => server.close());

const TRAIN = `
import trainyard
run = trainyard.init()
x = trainyard.param("x")
start = int((run.latest_checkpoint / "step").read_text()) if run.latest_checkpoint else 0
for step in range(start + 1, start + 4):
    run.validate(step, {"loss": x})
    with run.checkpoint(step) as path:
        (path / "step").write_text(str(step))
`;
const SPACE = { x: { type: "double", minval: 0, maxval: 1 }, fixed: 5 };
const search = (more = {}) => ({
  configuration: {
    hyperparameters: SPACE,
    searcher: { name: "random", metric: "loss", max_trials: 2, ...more },
    reproducibility: { experiment_seed: 3 },
  },
});
const state = async () => (await server.call("experiment/get", { experimentId: 1 })).experiment.state;

test("a search that has ended is given more trials and goes on", async () => {
  server = await openTestServer();
  await server.submit({ "train.py": TRAIN }, search());
  await expect.poll(state).toBe("completed");
  expect(await server.call("search/change", { experimentId: 1, maxTrials: 4 })).toEqual({ trialsPlanned: 4 });
  expect(await state()).not.toBe("completed");
  await server.untilState("1.4", "completed");
  await expect.poll(state).toBe("completed");
  const { experiment } = await server.call("experiment/get", { experimentId: 1 });
  expect(experiment).toMatchObject({ trialsPlanned: 4, trialCounts: { completed: 4 } });
  expect(experiment.endedAt).not.toBeNull();
});

test("one that a person stopped goes on when it is given more trials", async () => {
  server = await openTestServer();
  await server.submit({ "train.py": "import time\ntime.sleep(600)" }, search());
  await server.untilState("1.1", "running");
  await server.call("trial/kill", { experimentId: 1 });
  await expect.poll(state).toBe("killed");
  await server.call("search/change", { experimentId: 1, maxTrials: 3 });
  await server.untilState("1.3", "running");
});

test("the space becomes narrower, and not wider", async () => {
  server = await openTestServer();
  await server.submit({ "train.py": TRAIN }, search());
  const narrower = { ...SPACE, x: { type: "double", minval: 0.5, maxval: 0.51 } };
  await server.call("search/change", { experimentId: 1, maxTrials: 6, hyperparameters: narrower });
  const last = await server.untilState("1.6", "completed");
  expect(last.hyperparameters.x).toBeCloseTo(0.505, 1);
  const wider = { ...SPACE, x: { type: "double", minval: 0, maxval: 1 } };
  await expect(server.call("search/change", { experimentId: 1, hyperparameters: wider })).rejects.toThrow(
    "x: `minval` 0 is below 0.5",
  );
});

test("a trial is added by hand, and starts from a checkpoint when asked", async () => {
  server = await openTestServer();
  await server.submit({ "train.py": TRAIN }, search());
  await expect.poll(state).toBe("completed");
  const { checkpoints } = await server.call("experiment/get", { experimentId: 1 });
  const last = checkpoints.at(-1);
  const asked = { experimentId: 1, hyperparameters: { x: 0.25 }, startFrom: last?.uuid ?? null };
  const { trialId } = await server.call("search/addTrial", asked);
  const added = await server.untilState(trialId, "completed");
  expect(added).toMatchObject({ hyperparameters: { x: 0.25, fixed: 5 }, latestStep: (last?.step ?? 0) + 3 });
  await expect(server.call("search/addTrial", { experimentId: 1, hyperparameters: {} })).rejects.toThrow(
    "x: a value is missing",
  );
  expect((await server.call("experiment/get", { experimentId: 1 })).experiment.trialsPlanned).toBe(3);
});

test("what is changed is the same after a restart of the server", async () => {
  server = await openTestServer();
  await server.submit({ "train.py": TRAIN }, search());
  await server.call("search/change", { experimentId: 1, maxTrials: 5 });
  await server.restart();
  await server.untilState("1.5", "completed");
  await expect.poll(state).toBe("completed");
  expect((await server.call("experiment/get", { experimentId: 1 })).trials).toHaveLength(5);
});

test("every trial starts from the best checkpoint of a trial that is named", async () => {
  server = await openTestServer();
  const falling = TRAIN.replace('{"loss": x}', '{"loss": abs(step - 2)}');
  await server.submit(
    { "train.py": falling },
    { configuration: { hyperparameters: { x: 1 }, searcher: { metric: "loss" } } },
  );
  await server.untilState("1.1", "completed");
  const { configuration } = search({ source_trial_id: "1.1" });
  await server.submit({ "train.py": TRAIN }, { configuration });
  await server.untilState("2.1", "completed");
  await server.untilState("2.2", "completed");
  const { runs } = await server.call("experiment/get", { experimentId: 2 });
  expect(runs.map(({ resumedFromStep }) => resumedFromStep)).toEqual([2, 2]);
  const gone = search({ source_trial_id: "7.1" });
  await expect(server.submit({ "train.py": TRAIN }, gone)).rejects.toThrow("7.1 to start from");
});
