/** What becomes of searches that go wrong, in a real pool. */
import { afterEach, describe, expect, test } from "vitest";
import { openTestServer, type TestServer } from "./testServer.ts";

let server: TestServer;
afterEach(() => server.close());

const search = (more = {}) => ({
  configuration: {
    hyperparameters: { x: { type: "double", minval: 0, maxval: 1 } },
    searcher: { name: "random", metric: "loss", max_trials: 8, ...more },
  },
});
const experiment = async () => (await server.call("experiment/get", { experimentId: 1 })).experiment;
const counts = async () => (await experiment()).trialCounts;

const FAILS = `
import trainyard
run = trainyard.init()
raise ValueError("the data is not there")
`;

describe("trials that fail in the same place before they report anything", () => {
  test("pause the search after the third, and ask", async () => {
    server = await openTestServer();
    await server.submit({ "train.py": FAILS }, search());
    await expect.poll(async () => (await experiment()).question?.kind).toBe("sameFailure");
    const { question } = await experiment();
    expect(question?.message).toMatch(/^3 trials failed in the same place .*ValueError at train\.py:4/);
    await expect.poll(counts).toEqual({ failed: 3, paused: 5 });
    expect((await experiment()).state).toBe("paused");
    await server.restart();
    expect(await experiment()).toMatchObject({
      state: "paused",
      question: { place: "ValueError at train.py:4" },
    });
  });

  test("go on when they are let, without asking again for the same", async () => {
    server = await openTestServer();
    await server.submit({ "train.py": FAILS }, search());
    await expect.poll(async () => (await experiment()).question).not.toBeNull();
    await server.call("trial/resume", { experimentId: 1 });
    await expect.poll(counts).toEqual({ failed: 8 });
    expect(await experiment()).toMatchObject({ state: "failed", question: null });
  });

  test("are stopped when the search is", async () => {
    server = await openTestServer();
    await server.submit({ "train.py": FAILS }, search());
    await expect.poll(async () => (await experiment()).question).not.toBeNull();
    await server.call("trial/stop", { experimentId: 1 });
    await expect.poll(counts).toEqual({ failed: 3, stopped: 5 });
    expect((await experiment()).question).toBeNull();
  });

  test("ask nothing when they differ, or have reported before", async () => {
    server = await openTestServer();
    const differs = `
import trainyard
run = trainyard.init()
if trainyard.param("x") > 0.5:
    raise ValueError("big")
run.report(1, loss=1)
raise ValueError("late")
`;
    await server.submit(
      { "train.py": differs },
      {
        configuration: {
          ...search().configuration,
          hyperparameters: { x: { type: "categorical", vals: [0.1, 0.2, 0.3, 0.4, 0.6, 0.7] } },
          searcher: { name: "grid", metric: "loss" },
          max_restarts: 0,
        },
      },
    );
    await expect.poll(counts).toEqual({ failed: 6 });
    expect((await experiment()).question).toBeNull();
  });
});

test("a metric that is spelled in another way is named, and the warning goes when it comes", async () => {
  server = await openTestServer();
  const late = `
import trainyard, time, os
run = trainyard.init()
run.validate(1, {"val_loss": 1.0})
while not os.path.exists("go"): time.sleep(0.02)
run.validate(2, {"val_los": 1.0})
time.sleep(600)
`;
  await server.submit({ "train.py": late }, search({ metric: "val_los", max_trials: 1 }));
  await expect.poll(async () => (await experiment()).warnings.join()).toContain("Did you mean `val_loss`?");
  await server.writeInto("1.1.1", "go", "");
  await expect.poll(async () => (await experiment()).warnings).toEqual([]);
});

test("what has ended says so when it is asked for something, and a killed search is no completed one", async () => {
  server = await openTestServer();
  const first = `
import trainyard, time
run = trainyard.init()
run.validate(1, {"loss": 1.0})
if trainyard.param("x") > 1: time.sleep(600)
`;
  const hyperparameters = { x: { type: "categorical", vals: [1, 2, 3] } };
  const configuration = { hyperparameters, searcher: { name: "grid", metric: "loss" } };
  await server.submit({ "train.py": first }, { configuration });
  await server.untilState("1.1", "completed");
  await server.untilState("1.2", "running");
  await server.call("trial/kill", { experimentId: 1 });
  await expect.poll(async () => (await experiment()).state).toBe("killed");
  await expect(server.call("trial/stop", { experimentId: 1 })).rejects.toThrow("Experiment 1 has ended.");
  await expect(server.call("trial/resume", { trialId: "1.1" })).rejects.toThrow("Trial 1.1 is not paused.");
});
