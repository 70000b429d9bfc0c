/** What a person writes on an experiment and its trials, while these go on. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { openTestServer, type TestServer } from "./testServer.ts";

let server: TestServer;
beforeEach(async () => {
  server = await openTestServer();
});
afterEach(() => server.close(), 30_000);

const SCRIPT = {
  "train.py": `
import os, time, trainyard
run = trainyard.init()
run.report(1, loss=0.5)
while not os.path.exists("go"): time.sleep(0.02)
run.report(2, loss=0.25)
`,
};

async function experiment() {
  return (await server.call("experiment/get", { experimentId: 1 })).experiment;
}

test("notes, labels, a name and a star stay through what the run goes on to report, and through a restart", async () => {
  const trialId = await server.submit(SCRIPT);
  await server.until(trialId, ({ latestStep }) => latestStep === 1);
  const notes = "# Why\n\nA *first* try.\n";
  await server.call("experiment/annotate", { experimentId: 1, notes, labels: ["digits", " fast "] });
  await server.call("trial/annotate", { trialId, name: "the first", starred: true });
  await server.call("trial/annotate", { trialId, labels: ["keep"], notes: "of the trial" });
  await server.writeInto(`${trialId}.1`, "go", "");
  const ended = await server.untilState(trialId, "completed");
  const written = { name: "the first", starred: true, labels: ["keep"], notes: "of the trial" };
  expect(ended).toMatchObject({ ...written, latestStep: 2 });
  expect(await experiment()).toMatchObject({ state: "completed", notes, labels: ["digits", "fast"] });
  await server.restart();
  expect(await server.trial(trialId)).toMatchObject(written);
  expect(await experiment()).toMatchObject({ notes, labels: ["digits", "fast"] });
});

test("what is left out stays, null takes a name away, and each change is told", async () => {
  const trialId = await server.submit({ "train.py": "print(1)" });
  await server.untilState(trialId, "completed");
  await server.call("trial/annotate", { trialId, name: "one", labels: ["a"] });
  await server.call("trial/annotate", { trialId, name: null });
  expect(await server.trial(trialId)).toMatchObject({ name: null, labels: ["a"] });
  await server.call("experiment/annotate", { experimentId: 1, labels: ["told"] });
  const told = () => server.events.filter(({ change }) => change.type === "experiment").at(-1)?.change;
  await expect.poll(told, { timeout: 10_000 }).toMatchObject({ experiment: { labels: ["told"] } });
});

test("who does not exist, and words that are too long, are refused", async () => {
  await expect(server.call("experiment/annotate", { experimentId: 9, notes: "" })).rejects.toMatchObject({
    reason: "notFound",
  });
  await expect(server.call("trial/annotate", { trialId: "9.1", notes: "" })).rejects.toMatchObject({
    reason: "notFound",
  });
  for (const change of [{ labels: [" "] }, { labels: ["x".repeat(51)] }, { notes: "x".repeat(100_001) }])
    await expect(server.call("experiment/annotate", { experimentId: 1, ...change })).rejects.toThrow();
});
