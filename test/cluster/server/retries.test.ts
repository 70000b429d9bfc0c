/** Runs that cannot start, or are lost: tried again, with a reason and an end. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { SupervisorFile } from "../../../src/cluster/protocol/runDirectory.ts";
import { openTestServer, type TestServer } from "./testServer.ts";

let server: TestServer;
beforeEach(async () => {
  server = await openTestServer();
});
afterEach(() => server.close(), 30_000);

test("a slot that cannot be leased is said, and taken once it can be", async () => {
  const leases = path.join(server.home, "leases");
  writeFileSync(leases, "");
  const trialId = await server.submit({ "train.py": "print(1)" });
  const waiting = await server.until(trialId, ({ attempts, state }) => attempts === 1 && state === "waiting");
  expect(waiting.waitReason).toContain("should be the folder of the slot leases");
  expect(waiting.waitReason).toContain("it waits 3 s before the next");
  expect(waiting.failure).toBeNull();
  rmSync(leases);
  await server.untilState(trialId, "completed");
  const { runs } = await server.call("experiment/get", { experimentId: 1 });
  expect(runs[0]).toMatchObject({ outcome: "unstarted", failure: { kind: "launch" } });
}, 30_000);

test("a trial whose runs are lost again and again without getting further fails, and says so", async () => {
  const trialId = await server.submit({
    "train.py": `
import os, signal, trainyard
trainyard.init().report(1, loss=1)
os.kill(os.getppid(), signal.SIGKILL)
os.kill(os.getpid(), signal.SIGKILL)
`,
  });
  const trial = await server.untilState(trialId, "failed");
  // The first got to step 1, which counts; the three others got no further.
  expect(trial).toMatchObject({ attempts: 4, restarts: 0, failure: { kind: "lost" } });
  expect(trial.failure?.message).toContain("3 times in a row without getting any further");
}, 60_000);

test("a trial that was lost stays so where its configuration says it", async () => {
  const script = `
import os, signal, trainyard
trainyard.init().report(1, loss=1)
os.kill(os.getppid(), signal.SIGKILL)
os.kill(os.getpid(), signal.SIGKILL)
`;
  const trialId = await server.submit({ "train.py": script }, { configuration: { resume_lost: false } });
  const trial = await server.untilState(trialId, "failed");
  expect(trial).toMatchObject({ attempts: 1, restarts: 0, failure: { kind: "lost" } });
  expect(trial.failure?.message).toContain("`resume_lost: false`");
}, 60_000);

test("the machine starts anew: a trial comes back from its checkpoint by itself, and that is no restart", async () => {
  const trialId = await server.submit({
    "train.py": `
import os, time, trainyard
run = trainyard.init()
first = int((run.latest_checkpoint / "step").read_text()) + 1 if run.latest_checkpoint else 0
for step in range(first, 6):
    run.report(step, loss=1)
    with run.checkpoint(step) as path:
        (path / "step").write_text(str(step))
    while step == 3 and first == 0:
        time.sleep(1)
`,
  });
  await expect
    .poll(async () =>
      (await server.call("experiment/get", { experimentId: 1 })).checkpoints.map(({ step }) => step),
    )
    .toContain(3);
  await server.restart(() => {
    // What the end of the power leaves: nobody lives, the files say who did, leases in /tmp are gone.
    const file = path.join(server.home, "runs", `${trialId}.1`, "supervisor.json");
    const supervisor = SupervisorFile.parse(JSON.parse(readFileSync(file, "utf8")));
    for (const each of [supervisor, supervisor.script ?? supervisor]) process.kill(each.pid, "SIGKILL");
    writeFileSync(file, JSON.stringify({ ...supervisor, bootId: "before" }));
    rmSync(path.join(server.home, "leases"), { recursive: true });
  });
  const trial = await server.untilState(trialId, "completed");
  expect(trial).toMatchObject({ attempts: 2, restarts: 0, latestStep: 5 });
  const { runs } = await server.call("experiment/get", { experimentId: 1 });
  expect(runs).toMatchObject([{ outcome: "lost" }, { outcome: "completed", resumedFromStep: 3 }]);
}, 60_000);

test("who was asked to stop says what is awaited", async () => {
  const trialId = await server.submit({
    "train.py": "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\ntime.sleep(600)",
  });
  await server.untilState(trialId, "running");
  await server.call("trial/stop", { trialId });
  expect((await server.trial(trialId)).waitReason).toMatch(/^Waits for the script to leave; .* 10 s later/);
  await server.call("trial/kill", { trialId });
  expect((await server.untilState(trialId, "killed")).waitReason).toBeNull();
});
