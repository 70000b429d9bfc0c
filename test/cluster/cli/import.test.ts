import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { expect, it, vi } from "vitest";
import { Experiment, Trial } from "../../../src/cluster/protocol/entities.ts";
import { put, temporaryFolder } from "../client/support.ts";
import { commandLine } from "./terminal.ts";

const { run, home } = commandLine();

const PATIENCE = { timeout: 60_000, interval: 200 };

/** MLflow's database, as far as a run needs it. */
const DATABASE = `
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.executescript("""
CREATE TABLE experiments (experiment_id INTEGER, name TEXT);
CREATE TABLE runs (run_uuid TEXT, name TEXT, experiment_id INTEGER, start_time INTEGER, end_time INTEGER, lifecycle_stage TEXT);
CREATE TABLE metrics (key TEXT, value REAL, timestamp INTEGER, run_uuid TEXT, step INTEGER, is_nan INTEGER);
CREATE TABLE params (key TEXT, value TEXT, run_uuid TEXT);
CREATE TABLE tags (key TEXT, value TEXT, run_uuid TEXT);
INSERT INTO experiments VALUES (1, 'digits');
INSERT INTO runs VALUES ('aaa', 'first', 1, 1700000000000, 1700000100000, 'active');
INSERT INTO params VALUES ('lr', '0.1', 'aaa');
INSERT INTO tags VALUES ('team', 'blue', 'aaa');
""")
for step in range(50):
    db.execute("INSERT INTO metrics VALUES ('val_loss', ?, ?, 'aaa', ?, 0)", (1 / (step + 1), 1700000000000 + step, step))
db.commit()
`;

function logs(): string {
  const folder = temporaryFolder("logs");
  const lines = Array.from({ length: 20 }, (_, epoch) => `${epoch},${1 / (epoch + 1)},${2 / (epoch + 1)}`);
  put(folder, {
    "keras/training.csv": `epoch,loss,val_loss\n${lines.join("\n")}\n`,
    "data.csv": "a,b\n1,2\n",
  });
  execFileSync("python3", ["-c", DATABASE, path.join(folder, "mlflow.db")]);
  return folder;
}

it("brings runs in as experiments, once", async () => {
  const cwd = logs();
  const asked = await run(["import", "."], { cwd });
  expect(asked.code).toBe(2);
  expect(asked.stdout).toMatch(/first +MLflow +50 +1 /);
  expect(asked.stdout).not.toContain("data.csv");
  expect(asked.stderr).toContain("Nothing was imported. To import 2 runs, add --yes.");

  const imported = await run(["import", ".", "--yes"], { cwd });
  expect(imported).toMatchObject({ code: 0, stderr: "" });
  expect(imported.stdout).toContain("Imported 2 runs as experiment 1, 2.");
  const again = await run(["import", ".", "keras", "--yes"], { cwd });
  expect(again.stdout).toMatch(/already imported as 1[^]*All of them are in the pool already/);

  let shown: { experiment: Experiment; trials: Trial[] };
  do {
    shown = JSON.parse((await run(["show", "1", "--json"])).stdout) as typeof shown;
  } while (shown.experiment.state !== "completed");
  expect(Experiment.parse(shown.experiment)).toMatchObject({
    name: "first",
    labels: ["digits", "team: blue"],
    imported: { from: "MLflow" },
    workspace: cwd,
    createdAt: 1_700_000_000_000,
    endedAt: 1_700_000_100_000,
    best: { value: 1 / 50, step: 49 },
    warnings: [],
  });
  expect(shown.trials.map((trial) => Trial.parse(trial))).toMatchObject([
    {
      startedAt: 1_700_000_000_000,
      parameters: { lr: { value: 0.1, origin: "captured" } },
      latestStep: 49,
    },
  ]);
  const curve = JSON.parse(
    (await run(["metrics", "1", "--metric", "validation/val_loss", "--json"])).stdout,
  ) as { series: { points: { step: number; value: number; time: number }[] }[] };
  expect(curve.series[0]?.points).toHaveLength(50);
  expect(curve.series[0]?.points[7]).toMatchObject({ step: 7, value: 1 / 8, time: 1_700_000_000_007 });

  // Nothing else minds it.
  const checked = await run(["pool", "check", "--full", "--json"]);
  expect((JSON.parse(checked.stdout) as { findings: unknown[] }).findings).toEqual([]);
  expect((await run(["compare", "1", "2"])).code).toBe(0);
  expect((await run(["delete", "1", "--yes"])).code).toBe(0);
  expect(existsSync(path.join(home, "runs", "1.1.1"))).toBe(false);
  expect(readdirSync(path.join(home, "state", "imports"))).toEqual([]);
  expect((await run(["import", ".", "--yes"], { cwd })).stdout).toContain("Imported 1 run as experiment 3.");
});

it("is rebuilt from its folder when the database is lost", async () => {
  await vi.waitFor(async () => expect((await run(["show", "3"])).stdout).toContain("completed"), PATIENCE);
  await run(["server", "stop"]);
  const state = path.join(home, "state");
  for (const name of readdirSync(state))
    if (/^pool\.sqlite|^backups$/.test(name)) rmSync(path.join(state, name), { recursive: true });
  expect((await run(["pool", "check", "--repair", "--yes"])).code).toBe(0);
  await vi.waitFor(async () => {
    const rebuilt = JSON.parse((await run(["show", "3", "--json"])).stdout) as { experiment: Experiment };
    expect(rebuilt.experiment).toMatchObject({
      state: "completed",
      name: "first",
      labels: ["digits", "team: blue"],
      imported: { from: "MLflow" },
      best: { value: 1 / 50, step: 49 },
      warnings: [],
    });
  }, PATIENCE);
}, 180_000);

it("says what cannot be used, and changes nothing", async () => {
  const cwd = temporaryFolder("nothing");
  put(cwd, { "notes.txt": "hello", "x.csv": "a,b\nc,d\n" });
  const found = await run(["import", ".", "x.csv", "gone"], { cwd });
  expect(found.code).toBe(1);
  expect(found.stderr).toContain("There is nothing at");
  expect(found.stderr).toContain("x.csv is no log that can be read: no column has numbers.");
  expect(found.stderr).toContain("No run was found.");
});
