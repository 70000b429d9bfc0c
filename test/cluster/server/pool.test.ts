import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { openTestServer, type TestServer } from "./testServer.ts";

let server: TestServer;
afterEach(() => server.close(), 30_000);

test("a submitted script runs to its end; its curve, output and events are there", async () => {
  server = await openTestServer();
  const trialId = await server.submit({
    "train.py": `
import trainyard
run = trainyard.init()
for step in range(5):
    run.report(step, {"loss": 1 / (step + 1)})
run.progress(1.0)
print("done")
`,
  });
  const trial = await server.untilState(trialId, "completed");
  expect(trial).toMatchObject({
    attempts: 1,
    restarts: 0,
    latestStep: 4,
    slots: [],
    best: { value: 0.2, step: 4 },
  });
  const { series } = await server.call("series/list", { trialId });
  expect(series).toMatchObject([{ group: "training", name: "loss", count: 5, lastValue: 0.2 }]);
  const output = await server.call("output/read", {
    runId: `${trialId}.1`,
    stream: "stdout",
    offset: 0,
    limit: 100,
  });
  expect(Buffer.from(output.bytes).toString()).toBe("done\n");
  expect(output.ended).toBe(true);
  const seqs = server.events.map(({ seq }) => seq);
  expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
  expect(server.events.findLast(({ change }) => change.type === "trial")?.change).toMatchObject({ trial });
  const { experiments } = await server.call("experiment/list", {});
  expect(experiments).toMatchObject([
    { id: 1, state: "completed", metric: { name: "loss", origin: "guess" }, trialCounts: { completed: 1 } },
  ]);
});

test("the same submission twice is one experiment", async () => {
  server = await openTestServer();
  const submissionId = "0a52ed5d-0acf-4a52-a4f6-4e9f0c9f0f7b";
  const files = { "train.py": "print(1)" };
  const [first, second] = await Promise.all([
    server.submit(files, { submissionId }),
    server.submit(files, { submissionId }),
  ]);
  expect(second).toBe(first);
  expect(await server.submit(files, { submissionId })).toBe(first);
  expect((await server.call("experiment/list", {})).experiments).toHaveLength(1);
  await server.untilState(first, "completed");
  expect((await server.trial(first)).attempts).toBe(1);
});

test("two trials and one slot: the second waits with a reason, then runs", async () => {
  server = await openTestServer();
  const first = await server.submit({
    "train.py": "import time, os\nwhile not os.path.exists('go'): time.sleep(0.01)",
  });
  await server.untilState(first, "running");
  const second = await server.submit({ "train.py": "print(2)" });
  const third = await server.submit({ "train.py": "print(3)" });
  expect(
    (await server.until(second, ({ waitReason }) => waitReason !== "Waits for its turn.")).waitReason,
  ).toBe(`Waits for 1 slot: cpu 0 is held by trial ${first}.`);
  expect(
    (await server.until(third, ({ waitReason }) => waitReason !== "Waits for its turn.")).waitReason,
  ).toBe(`Waits for 1 slot: cpu 0 is held by trial ${first}, 1 trial is ahead.`);
  const tooMany = await server.submit({ "train.py": "print(4)" }, { slotsPerTrial: 4 });
  expect(
    (await server.until(tooMany, ({ waitReason }) => waitReason !== "Waits for its turn.")).waitReason,
  ).toBe("Needs 4 slots, this pool has 1: submit with fewer.");
  writeFileSync(path.join(server.home, "runs", `${first}.1`, "work", "go"), "");
  await server.untilState(third, "completed");
  expect((await server.trial(second)).endedAt).toBeLessThanOrEqual((await server.trial(third)).endedAt ?? 0);
});

const CHECKPOINTING = `
import time, trainyard
run = trainyard.init()
start = 0
if run.latest_checkpoint:
    start = int((run.latest_checkpoint / "step").read_text()) + 1
for step in range(start, 1000):
    run.report(step, {"loss": 1.0 / (step + 1)})
    if step % 3 == 0:
        with run.checkpoint(step) as path:
            (path / "step").write_text(str(step))
    if run.should_stop():
        break
    time.sleep(0.02)
`;

test("pause gives the slot back, resume goes on from the checkpoint and supersedes what came after it", async () => {
  server = await openTestServer();
  const trialId = await server.submit({ "train.py": CHECKPOINTING });
  await server.until(trialId, ({ latestCheckpoint }) => latestCheckpoint !== null);
  await server.call("trial/pause", { trialId });
  const paused = await server.untilState(trialId, "paused");
  expect(paused).toMatchObject({ slots: [], currentRun: null, pausable: { possible: true } });
  await server.call("trial/resume", { trialId });
  const first = await server.untilState(trialId, "running");
  expect(first.attempts).toBe(2);
  await server.until(trialId, ({ latestCheckpoint }) => latestCheckpoint !== paused.latestCheckpoint);
  await server.call("trial/stop", { trialId });
  await server.untilState(trialId, "stopped");
  const { runs, checkpoints } = await server.call("experiment/get", { experimentId: 1 });
  expect(runs.map(({ outcome }) => outcome)).toEqual(["paused", "stopped"]);
  const from = checkpoints.findLast(({ runId }) => runId.endsWith(".1"))?.step;
  expect(runs[1]?.resumedFromStep).toBe(from);
  const { columns, count } = await server.call("series/read", {
    ...{ trialId, group: "training", name: "loss", rank: 0, cursor: 0, resolution: null },
  });
  const values = new Float64Array(Uint8Array.from(columns).buffer);
  const points = Array.from({ length: count }, (_, i) => ({
    step: values[i],
    superseded: values[3 * count + i],
  }));
  const good = points.filter(({ superseded }) => superseded === 0).map(({ step }) => step);
  expect(good).toEqual(good.map((_, index) => index));
});

test("kill ends the whole tree at once, also of a script that ignores SIGTERM", async () => {
  server = await openTestServer();
  const trialId = await server.submit({
    "train.py": `
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen(["sleep", "600"], start_new_session=True)
open("child", "w").write(str(child.pid))
time.sleep(600)
`,
  });
  const child = path.join(server.home, "runs", `${trialId}.1`, "work", "child");
  await vi.waitUntil(() => existsSync(child) && readFileSync(child, "utf8") !== "");
  await server.call("trial/kill", { trialId });
  expect((await server.untilState(trialId, "killed")).failure).toBeNull();
  expect(existsSync(`/proc/${readFileSync(child, "utf8")}`)).toBe(false);
});

test("a failure is final without a configuration, and tried again with one once there is progress", async () => {
  server = await openTestServer();
  const fails = {
    "train.py": "import trainyard\ntrainyard.init().report(1, {'loss': 1.0})\nraise SystemExit(3)",
  };
  const plain = await server.submit(fails);
  expect(await server.untilState(plain, "failed")).toMatchObject({ attempts: 1, restarts: 0 });
  const configured = await server.submit(fails, { configuration: { max_restarts: 2 } });
  expect(await server.untilState(configured, "failed")).toMatchObject({ attempts: 3, restarts: 2 });
  const atOnce = await server.submit({ "train.py": "raise SystemExit(3)" }, { configuration: {} });
  expect(await server.untilState(atOnce, "failed")).toMatchObject({ attempts: 1 });
  const asked = await server.submit(
    { "train.py": "raise SystemExit(3)" },
    { configuration: { max_restarts: 1 }, source: "max_restarts: 1" },
  );
  expect(await server.untilState(asked, "failed")).toMatchObject({ attempts: 2 });
});

test("refused hyperparameters are told as such", async () => {
  server = await openTestServer();
  const trialId = await server.submit(
    { "train.py": "import trainyard\ntrainyard.init()\nraise trainyard.InvalidHP('lr is negative')" },
    { configuration: { max_restarts: 3 }, source: "max_restarts: 3" },
  );
  const trial = await server.untilState(trialId, "failed");
  expect(trial).toMatchObject({ attempts: 1, failure: { kind: "invalid_hp" } });
  expect(trial.failure?.message).toContain("lr is negative");
});

test("NaN is noticed, and never is the best", async () => {
  server = await openTestServer();
  const trialId = await server.submit({
    "train.py": `
import trainyard
run = trainyard.init()
run.validate(1, {"accuracy": 0.5})
run.validate(2, {"accuracy": float("nan")})
run.validate(3, {"accuracy": 0.25})
`,
  });
  const trial = await server.untilState(trialId, "completed");
  expect(trial.nan).toEqual({ metric: "validation/accuracy", step: 2 });
  expect(trial.best).toMatchObject({ value: 0.5, step: 1 });
  await server.call("experiment/setMetric", {
    ...{ experimentId: 1, group: "validation", name: "accuracy", smallerIsBetter: true },
  });
  expect((await server.trial(trialId)).best).toMatchObject({ value: 0.25, step: 3 });
  const { experiment } = await server.call("experiment/get", { experimentId: 1 });
  expect(experiment).toMatchObject({ metric: { origin: "person" }, best: { trialId, value: 0.25 } });
});

test("an interpreter that is not there fails at once and says so", async () => {
  server = await openTestServer();
  const trialId = await server.submit(
    { "train.py": "print(1)" },
    { interpreter: "/nonexistent/python", configuration: { max_restarts: 3 }, source: "max_restarts: 3" },
  );
  const trial = await server.untilState(trialId, "failed");
  expect(trial).toMatchObject({ attempts: 1, startedAt: null, failure: { kind: "launch" } });
  expect(trial.failure?.message).toContain("/nonexistent/python");
  const { runs } = await server.call("experiment/get", { experimentId: 1 });
  expect(runs).toMatchObject([{ outcome: "unstarted", slots: ["cpu:0"] }]);
});

test("a slot that another pool holds is waited for, by name, and taken when it is free", async () => {
  server = await openTestServer();
  const holder = spawn("/usr/bin/python3", [
    "-c",
    `import fcntl, json, os, sys, time
os.makedirs(sys.argv[1], exist_ok=True)
file = open(os.path.join(sys.argv[1], "cpu-0"), "w")
fcntl.flock(file, fcntl.LOCK_EX)
json.dump({"account": "bob", "host": "h", "pid": os.getpid(), "run": "7.1.1", "pool": "/other", "since": time.time()}, file)
file.flush()
print("held", flush=True)
time.sleep(600)`,
    path.join(server.home, "leases"),
  ]);
  await once(holder.stdout, "data");
  const trialId = await server.submit({ "train.py": "print(1)" });
  const waiting = await server.until(trialId, ({ waitReason }) => waitReason !== "Waits for its turn.");
  expect(waiting.waitReason).toMatch(/^Waits for 1 slot: cpu 0 is held by bob \(run 7\.1\.1/);
  holder.kill("SIGKILL");
  const trial = await server.untilState(trialId, "completed");
  expect(trial).toMatchObject({ attempts: 1, startedAt: expect.any(Number) as number });
});

test("children that a script leaves behind are ended and told", async () => {
  server = await openTestServer();
  const trialId = await server.submit({
    "train.py": "import subprocess\nsubprocess.Popen(['sleep', '600'], start_new_session=True)",
  });
  await server.untilState(trialId, "completed");
  const trial = await server.until(trialId, ({ warnings }) => warnings.length > 0);
  expect(trial.warnings).toEqual(["The script left 1 process behind, which was ended."]);
});
