/** A script that asks for more than it may hurts nobody but itself: bench/hostile/train.py, against a real server. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  BEYOND,
  MAX_CHECKPOINTS_OF_TRIAL,
  MAX_CURVES,
  MAX_EVENT_FILES,
  MAX_HYPERPARAMETERS_BYTES,
} from "../../../src/cluster/protocol/limits.ts";
import { MAX_MESSAGE_BYTES } from "../../../src/cluster/protocol/frame.ts";
import { buildServer, type ServerRig, startServer } from "./serverRig.ts";

const SCRIPT = readFileSync(path.resolve(import.meta.dirname, "../../../bench/hostile/train.py"), "utf8");
let bundle: string;
let home: string;
let server: ServerRig;

beforeAll(async () => {
  bundle = buildServer();
  home = mkdtempSync(path.join(tmpdir(), "trainyard-limits-"));
  server = await startServer(bundle, home);
}, 60_000);
afterAll(async () => {
  await server.close();
  for (const folder of [bundle, home]) rmSync(folder, { recursive: true, force: true });
}, 60_000);

test("names, lines, files, nesting and parameters without end: each limit is said once, the rest is kept", async () => {
  const trialId = await server.submit(SCRIPT, {
    arguments: ["30000", "20000000", String(MAX_EVENT_FILES + 50)],
  });
  const trial = await server.until(trialId, ({ endedAt }) => endedAt !== null);
  expect(trial.state).toBe("completed");
  const { series } = await server.pool.call("series/list", { trialId });
  expect(series.filter(({ group }) => group !== "system").length).toBeLessThanOrEqual(MAX_CURVES);
  const last = (name: string) => series.find((each) => each.name === name)?.lastValue;
  expect(last("name0")).toBe(-1); // after all the names that were too many
  expect(last("name1")).toBe(-2); // after the line that was too long
  expect(trial.parameters).toEqual({ lr: { value: 0.1, origin: "default" } });
  for (const limit of ["curves", "eventFiles", "parameters"] as const)
    expect(trial.warnings.filter((warning) => warning === BEYOND[limit])).toHaveLength(1);
  expect(trial.warnings.join("\n")).toContain("longer than 1 MiB");
  expect(server.process.exitCode).toBeNull();
}, 120_000);

test("a checkpoint with metadata that are too long is kept without them; a manifest that is too long is not read", async () => {
  const script = `
import json, os, uuid
root = json.load(open(os.path.join(os.environ["TRAINYARD_RUN_DIR"], "spec.json")))["checkpoints"]
def store(name, metadata, padding=0):
    os.makedirs(os.path.join(root, name, "files"))
    manifest = {"version": 1, "uuid": name, "run": os.environ["TRAINYARD_RUN"], "trial": os.environ["TRAINYARD_TRIAL"],
        "step": 1, "createdAt": 1.0, "metadata": metadata, "metrics": {}, "files": []}
    with open(os.path.join(root, name, "manifest.json"), "w") as file:
        file.write(json.dumps(manifest) + " " * padding)
    with open(os.path.join(os.environ["TRAINYARD_RUN_DIR"], "events", "0-c%s.jsonl" % name), "w") as file:
        file.write('{"seq":1,"t":1.0,"type":"checkpoint","uuid":"%s","step":1}\\n' % name)
store(str(uuid.uuid4()), {"long": "x" * 100_000})
store(str(uuid.uuid4()), {}, padding=33 * 1024 * 1024)
`;
  const trialId = await server.submit(script);
  const trial = await server.until(trialId, ({ endedAt }) => endedAt !== null);
  const { checkpoints } = await server.pool.call("experiment/get", { experimentId: trial.experimentId });
  expect(checkpoints.map(({ metadata }) => metadata)).toEqual([{}]);
  expect(trial.warnings).toContain(BEYOND.metadata);
  expect(trial.warnings.join("\n")).toMatch(
    /is not listed: its manifest has \d+ bytes, at most 33554432 are read/,
  );
}, 60_000);

test("hyperparameters that no process could be given are refused before anything is made", async () => {
  const hyperparameters = { prompt: "x".repeat(MAX_HYPERPARAMETERS_BYTES) };
  const submitted = server.submit("print(1)", { configuration: { hyperparameters } });
  await expect(submitted).rejects.toThrow(
    /hyperparameters have \d+ characters, a trial can be given at most 98304/,
  );
});

test("checkpoints beyond the limit of a trial are not listed, and that is said", async () => {
  const trialId = await server.submit(`
import os, time, trainyard
run = trainyard.init()
def store(step):
    with run.checkpoint(step) as path:
        (path / "w").write_text("x")
store(1)
while not os.path.exists("go"):
    time.sleep(0.02)
store(2)
`);
  const { latestCheckpoint } = await server.until(trialId, (trial) => trial.latestCheckpoint !== null);
  const database = new DatabaseSync(path.join(home, "state", "pool.sqlite"));
  database
    .prepare(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
       INSERT INTO checkpoints (uuid, experiment_id, trial_id, step, created_at, body)
       SELECT printf('00000000-0000-4000-8000-%012x', i), experiment_id, trial_id, 0, 0,
         json_set(body, '$.uuid', printf('00000000-0000-4000-8000-%012x', i), '$.step', 0)
       FROM n, checkpoints WHERE uuid = ?`,
    )
    .run(MAX_CHECKPOINTS_OF_TRIAL - 1, latestCheckpoint);
  database.close();
  writeFileSync(path.join(home, "runs", `${trialId}.1`, "work", "go"), "");
  const trial = await server.until(trialId, ({ endedAt }) => endedAt !== null);
  expect(trial.state).toBe("completed");
  expect(trial.latestCheckpoint).toBe(latestCheckpoint);
  expect(trial.warnings).toContain(BEYOND.checkpoints);
}, 60_000);

test("a message that is too long fails its call, not the connection; one from a stranger ends the stranger's", async () => {
  const tooLong = "x".repeat(MAX_MESSAGE_BYTES + 1);
  const call = server.pool.call("experiment/annotate", { experimentId: 1, notes: tooLong });
  await expect(call).rejects.toThrow("A message may have 64 MiB; this one is longer.");
  const stranger = server.stranger();
  await new Promise((resolve) => stranger.once("open", resolve));
  const closed = new Promise((resolve) => stranger.once("close", resolve));
  stranger.on("error", () => undefined); // the pipe breaks while it is being sent
  stranger.send(tooLong);
  expect([1006, 1009]).toContain(await closed);
  expect((await server.pool.call("experiment/list", {})).experiments.length).toBeGreaterThan(0);
}, 60_000);
