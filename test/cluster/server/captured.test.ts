import { afterAll, beforeAll, expect, test } from "vitest";
import type { Experiment } from "../../../src/cluster/protocol/entities.ts";
import { openTestServer, submission, type TestServer } from "./testServer.ts";

/** What trainyard.capture calls when a script told W&B. */
const SCRIPT = `
import trainyard
run = trainyard.init()
run.captured("wandb", "0.30.0", None, [])
run.captured("csv", "3.12.1", None, [])
run.captured("wandb", "0.31.0", "  first try ", ["baseline", "small", "b" * 60, " "], "a note")
run.report(1, loss=0.5)
`;

let server: TestServer;
beforeAll(async () => {
  server = await openTestServer();
});
afterAll(() => server.close());

async function experimentOf(trialId: string): Promise<Experiment> {
  const experimentId = Number(trialId.split(".")[0]);
  return (await server.call("experiment/get", { experimentId })).experiment;
}

test("an experiment without a name is called as its script calls its run; libraries, labels and notes are kept", async () => {
  const trialId = await server.submit({ "train.py": SCRIPT });
  const trial = await server.untilState(trialId, "completed");
  expect(trial.captured).toEqual([
    { library: "csv", version: "3.12.1" },
    { library: "wandb", version: "0.31.0" },
  ]);
  expect(await experimentOf(trialId)).toMatchObject({
    name: "first try",
    labels: ["baseline", "small", "b".repeat(50)],
    notes: "a note",
  });
});

test("what a person gave stays", async () => {
  const configuration = { name: "mine", description: "my note", labels: ["small"] };
  const trialId = await server.submit({ "train.py": SCRIPT }, { configuration, name: "mine" });
  await server.untilState(trialId, "completed");
  expect(await experimentOf(trialId)).toMatchObject({
    name: "mine",
    labels: ["small", "baseline", "b".repeat(50)],
    notes: "my note",
  });
  const named = await server.submit({ "train.py": SCRIPT }, { name: "by hand" });
  await server.untilState(named, "completed");
  expect((await experimentOf(named)).name).toBe("by hand");
});

test("the trials of a search have their script's labels, and the search keeps its name", async () => {
  const configuration = {
    hyperparameters: { x: { type: "categorical", vals: [1, 2] } },
    searcher: { name: "grid", metric: "loss" },
  };
  const tree = await server.send({ "train.py": SCRIPT });
  const { experimentId } = await server.call("experiment/submit", submission(tree, { configuration }));
  const trialId = `${experimentId}.1`;
  const trial = await server.untilState(trialId, "completed");
  expect(trial.labels).toContain("baseline");
  expect(await experimentOf(trialId)).toMatchObject({ name: "train.py", labels: [], notes: "" });
});
