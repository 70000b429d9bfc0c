/** Checkpoints of real scripts are collected: those that nobody keeps go, with their files; what is needed stays. */
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { DEFAULT_SAVE_POLICY } from "../../../src/cluster/protocol/savePolicy.ts";
import { openTestServer, type TestServer } from "./testServer.ts";

let server: TestServer;
beforeEach(async () => {
  server = await openTestServer();
});
afterEach(() => server.close(), 30_000);

/** Checkpoints at each of five steps; the loss is best at step 2. */
const TRAINS = `
import trainyard
run = trainyard.init()
for step, loss in enumerate([0.5, 0.1, 0.4, 0.3, 0.2], 1):
    run.validate(step, loss=loss)
    with run.checkpoint(step) as path:
        (path / "model").write_bytes(bytes(1000))
`;
const WAITS = `${TRAINS}
import time
while not run.should_stop():
    time.sleep(0.05)
`;
const CONFIGURATION = { searcher: { name: "single", metric: "loss" } };

async function stepsOf(experimentId: number): Promise<number[]> {
  const { checkpoints } = await server.call("experiment/get", { experimentId });
  return checkpoints.map(({ step }) => step).sort();
}
const foldersOf = (): string[] => readdirSync(path.join(server.home, "checkpoints"));
const collect = (experimentId: number | null, confirm: boolean, policy = DEFAULT_SAVE_POLICY) =>
  server.call("checkpoint/collect", { experimentId, policy, confirm });

test("first says what would go and how much comes back, then does it; what is pinned stays", async () => {
  const trialId = await server.submit({ "train.py": TRAINS }, { configuration: CONFIGURATION });
  await server.untilState(trialId, "completed");
  const { checkpoints } = await server.call("experiment/get", { experimentId: 1 });
  const pinned = checkpoints.find(({ step }) => step === 3)?.uuid ?? "";
  await server.call("checkpoint/pin", { uuid: pinned, pinned: true });

  const asked = await collect(1, false);
  expect(asked).toMatchObject({ count: 2, kept: 3 });
  expect(asked.checkpoints.map(({ step }) => step)).toEqual([1, 4]);
  expect(asked.bytes).toBeGreaterThanOrEqual(2000);
  expect(await stepsOf(1)).toEqual([1, 2, 3, 4, 5]);

  expect(await collect(1, true)).toMatchObject({ count: 2, kept: 3 });
  expect(await stepsOf(1)).toEqual([2, 3, 5]);
  expect(foldersOf()).toHaveLength(3);
  expect(await collect(null, false)).toMatchObject({ count: 0, bytes: 0, kept: 3 });

  await server.call("checkpoint/pin", { uuid: pinned, pinned: false });
  await collect(1, true, { experimentBest: 0, trialBest: 0, trialLatest: 0 });
  expect(await server.trial(trialId)).toMatchObject({ latestCheckpoint: null });
  expect(foldersOf()).toEqual([]);
});

test("keeps what a trial that has not ended, and another experiment, goes on from", async () => {
  const none = { experimentBest: 0, trialBest: 0, trialLatest: 0 };
  const trialId = await server.submit({ "train.py": WAITS }, { configuration: CONFIGURATION });
  await server.until(trialId, ({ latestStep }) => latestStep === 5);
  await server.until(trialId, ({ latestCheckpoint }) => latestCheckpoint !== null);
  const { checkpoints } = await server.call("experiment/get", { experimentId: 1 });
  const second = checkpoints.find(({ step }) => step === 2)?.uuid ?? "";
  await server.submit({ "train.py": TRAINS }, { configuration: CONFIGURATION, startFrom: second });
  await collect(1, true, none);
  const left = await stepsOf(1);
  expect(left).toContain(2);
  expect(left).toHaveLength(2);
  const { latestCheckpoint } = await server.trial(trialId);
  expect(existsSync(path.join(server.home, "checkpoints", latestCheckpoint ?? "none", "manifest.json"))).toBe(
    true,
  );
});

test("keeps what is beside a captured checkpoint that stays", async () => {
  const saves = `
import trainyard
from trainyard.capture import checkpoints, storing
def save(name):
    with open(name, "w") as file: file.write(name)
    checkpoints.saved("a library", name)
run = trainyard.init()
for step in range(1, 6):
    run.report(step, loss=0.5)
    save("last.pt")
    if step == 2: save("best.pt")
    storing.storer().flush()
`;
  const trialId = await server.submit({ "train.py": saves });
  await server.untilState(trialId, "completed");
  await collect(1, true, { experimentBest: 0, trialBest: 0, trialLatest: 1 });
  expect(await stepsOf(1)).toEqual([2, 5]);
  await collect(1, true, { experimentBest: 0, trialBest: 0, trialLatest: 0 });
  expect(foldersOf()).toEqual([]);
});

test("a configuration that says what is saved is carried out when the experiment ends, also after a restart", async () => {
  const checkpoint_storage = { save_experiment_best: 1, save_trial_best: 0, save_trial_latest: 0 };
  const trialId = await server.submit(
    { "train.py": WAITS },
    { configuration: { ...CONFIGURATION, checkpoint_storage } },
  );
  await server.until(
    trialId,
    ({ latestStep, latestCheckpoint }) => latestStep === 5 && latestCheckpoint !== null,
  );
  await server.call("trial/stop", { trialId });
  await server.untilState(trialId, "stopped", "completed");
  await server.restart();
  await expect.poll(() => stepsOf(1), { timeout: 20_000 }).toEqual([2]);
  await expect.poll(foldersOf, { timeout: 20_000 }).toHaveLength(1);
});
