/** The queue of a real pool, with real runs: who gives slots back for whom, and what is said of those that wait. */
import { afterEach, expect, test } from "vitest";
import { openTestServer, type TestServer } from "./testServer.ts";

let server: TestServer;
afterEach(() => server.close());

/** Goes on until it is told to stop, from its latest checkpoint. */
const LONG = `
import time, trainyard
run = trainyard.init()
start = 0
if run.latest_checkpoint:
    start = int((run.latest_checkpoint / "step").read_text()) + 1
for step in range(start, 100000):
    run.report(step, {"loss": 1.0 / (step + 1)})
    with run.checkpoint(step) as path:
        (path / "step").write_text(str(step))
    if run.should_stop():
        break
    time.sleep(0.02)
`;
const SHORT = "print(1)";
const withPriority = (priority: number) => ({ configuration: { resources: { priority } } });

test("a trial of a better priority gets the slot, and the other goes on from its checkpoint afterwards", async () => {
  server = await openTestServer();
  const long = await server.submit({ "train.py": LONG });
  await server.until(long, ({ latestCheckpoint }) => latestCheckpoint !== null);
  const urgent = await server.submit({ "train.py": SHORT }, withPriority(10));
  await server.untilState(urgent, "completed");
  await server.until(long, ({ state, attempts }) => state === "running" && attempts === 2);
  const { runs } = await server.call("experiment/get", { experimentId: 1 });
  expect(runs[0]?.outcome).toBe("preempted");
  await server.until(long, ({ latestStep }) => (latestStep ?? 0) > (runs[1]?.resumedFromStep ?? Infinity));
});

test("who has no checkpoint keeps its slot; the other waits, with what is known of when", async () => {
  server = await openTestServer();
  const first = await server.submit({ "train.py": "import time\ntime.sleep(600)" });
  await server.untilState(first, "running");
  const urgent = await server.submit({ "train.py": SHORT }, withPriority(10));
  await server.until(urgent, ({ waitReason }) => waitReason?.startsWith("Waits for 1 slot") ?? false);
  const { waiting } = await server.call("queue/state", {});
  // Nothing has ended in this pool, and the script does not tell how far it is.
  expect(waiting).toMatchObject([{ trialId: urgent, place: 1, slots: 1, startsIn: null, change: null }]);
  expect(await server.call("queue/forecast", { slots: 1 })).toMatchObject({ startsIn: null, preempts: [] });
  await server.call("trial/kill", { trialId: first });
  await server.untilState(urgent, "completed");
});

test("a changed priority is tried first, and says who would give slots back", async () => {
  server = await openTestServer();
  const long = await server.submit({ "train.py": LONG });
  await server.until(long, ({ latestCheckpoint }) => latestCheckpoint !== null);
  const other = await server.submit({ "train.py": SHORT }, withPriority(90));
  await server.until(other, ({ waitReason }) => waitReason?.startsWith("Waits for 1 slot") ?? false);
  const { waiting } = await server.call("queue/state", {});
  const change = { type: "priority", experimentId: 2, preempts: [long] };
  expect(waiting).toMatchObject([{ trialId: other, change }]);
  const asked = { experimentId: 2, priority: 41 };
  const said = await server.call("experiment/setResources", { ...asked, confirm: false });
  expect(said).toEqual({ preempts: [long], starts: [other] });
  expect((await server.trial(other)).state).toBe("waiting");
  await server.call("experiment/setResources", { ...asked, confirm: true });
  await server.untilState(other, "completed");
});

test("an experiment that may hold fewer slots gives the rest back", async () => {
  server = await openTestServer(2);
  const configuration = {
    hyperparameters: { a: { type: "categorical", vals: [1, 2] } },
    searcher: { name: "grid" },
  };
  await server.submit({ "train.py": LONG }, { configuration });
  for (const trialId of ["1.1", "1.2"])
    await server.until(trialId, ({ latestCheckpoint }) => latestCheckpoint !== null);
  await server.call("experiment/setResources", { experimentId: 1, maxSlots: 1, confirm: true });
  await expect
    .poll(async () =>
      (await server.call("experiment/get", { experimentId: 1 })).trials.map(({ state }) => state).sort(),
    )
    .toEqual(["running", "waiting"]);
  const { waiting } = await server.call("queue/state", {});
  expect(waiting[0]?.reason).toContain("may hold 1 slot at once");
  expect(waiting[0]?.change).toMatchObject({ type: "maxSlots", maxSlots: 2 });
});

test("the history says who had which slot, from when to when", async () => {
  server = await openTestServer();
  const ended = await server.submit({ "train.py": SHORT });
  await server.untilState(ended, "completed");
  const running = await server.submit({ "train.py": LONG });
  await server.untilState(running, "running");
  const { spans } = await server.call("pool/history", { from: 0 });
  expect(spans.map(({ trialId, to }) => [trialId, to === null])).toEqual([
    [ended, false],
    [running, true],
  ]);
  expect((await server.call("pool/history", { from: Date.now() })).spans).toMatchObject([
    { trialId: running },
  ]);
});

test("a quick trial goes before a long one that has been seen to go on from its checkpoint, and only then", async () => {
  server = await openTestServer();
  const quick = () => server.submit({ "quick.py": SHORT }, { script: "quick.py" });
  await server.untilState(await quick(), "completed");
  const tells = LONG.replace(
    "    if run.should_stop",
    "    run.progress((step + 1) / 100000)\n    if run.should_stop",
  );
  const long = await server.submit({ "train.py": tells });
  const furtherThan = (step: number) => server.until(long, ({ latestStep }) => (latestStep ?? 0) > step);
  await furtherThan(5);
  const second = await quick();
  await server.until(second, ({ waitReason }) => waitReason?.startsWith("Waits for 1 slot") ?? false);
  await furtherThan(((await server.trial(long)).latestStep ?? 0) + 50);
  expect(await server.trial(second)).toMatchObject({ state: "waiting" });
  // A person moves it once; from then on it is known to go on.
  await server.call("trial/preempt", { trialId: long });
  await server.untilState(second, "completed");
  await server.until(long, ({ attempts, state }) => attempts === 2 && state === "running");
  await furtherThan(((await server.trial(long)).latestStep ?? 0) + 5);
  await server.untilState(await quick(), "completed");
  await server.until(long, ({ attempts }) => attempts === 3);
}, 60_000);

test("a script that begins again from nothing is told so, and is not moved", async () => {
  server = await openTestServer();
  const trial = await server.submit({ "train.py": LONG.replace("if run.latest_checkpoint:", "if False:") });
  await server.until(trial, ({ latestStep }) => (latestStep ?? 0) > 5);
  await server.call("trial/preempt", { trialId: trial });
  const warned = await server.until(trial, ({ warnings }) => warnings.length > 0);
  expect(warned.warnings[0]).toMatch(/given its checkpoint of step \d+ and began at step 0/);
  const urgent = await server.submit({ "train.py": SHORT }, withPriority(1));
  await server.until(urgent, ({ waitReason }) => waitReason?.startsWith("Waits for 1 slot") ?? false);
});
