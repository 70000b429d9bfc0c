/** `pool check` and `pool backup` on a real pool: its files damaged in each way that repairing knows. */
import fs from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { addPool } from "../../../src/cluster/client/pools/poolList.ts";
import { connectLocalPool } from "../../../src/cluster/client/localPool.ts";
import { BackupReport, CheckReport } from "../../../src/cluster/protocol/maintenance.ts";
import { put, temporaryFolder } from "../client/support.ts";
import { commandLine } from "./terminal.ts";

const { run, home, connect } = commandLine();
const ROOT = path.resolve(import.meta.dirname, "../../..");

/** Trains on from its checkpoint, until step 40 or until it is asked to stop. */
const SCRIPT = `import time, trainyard
run = trainyard.init()
start = int((run.latest_checkpoint / "step").read_text()) if run.latest_checkpoint else 0
print("from", start, flush=True)
for step in range(start + 1, 41):
    run.report(step, {"loss": 1 / step})
    if step % 10 == 0:
        with run.checkpoint(step) as path:
            (path / "step").write_text(str(step))
    if run.should_stop():
        break
    time.sleep(trainyard.param("pause", 0.0))
`;

async function check(...options: string[]): Promise<CheckReport & { code: number }> {
  const { code, stdout, stderr } = await run(["pool", "check", "--json", ...options]);
  expect(stderr).toBe("");
  return { code, ...CheckReport.parse(JSON.parse(stdout)) };
}

async function stopServer(): Promise<void> {
  await run(["server", "stop"]);
  while (fs.existsSync(path.join(home, "state/lock"))) await sleep(20);
}

async function states(): Promise<Record<string, string>> {
  const { stdout } = await run(["list", "--json"]);
  const { experiments } = JSON.parse(stdout) as { experiments: { id: number; state: string }[] };
  return Object.fromEntries(experiments.map(({ id, state }) => [id, state]));
}

function edit(sql: string): void {
  const database = new DatabaseSync(path.join(home, "state/pool.sqlite"));
  database.exec(sql);
  database.close();
}

const at = (...names: string[]): string => path.join(home, ...names);
const found = (report: CheckReport): string[] =>
  report.findings.map(({ check, where }) => `${check} ${where}`).sort();

/** Experiment 1 has ended, 2 is paused after step 10. */
it("has one experiment that has ended and one that is paused", async () => {
  const cwd = temporaryFolder("project");
  put(cwd, { "train.py": SCRIPT });
  expect((await run(["submit", "train.py", "--wait"], { cwd })).code).toBe(0);
  put(cwd, {
    "train.yaml":
      "name: slow\nlabels: [baseline]\ndescription: Why.\nhyperparameters: {pause: 0.05}\nsearcher: {metric: loss}\n",
  });
  expect((await run(["submit", "train.py"], { cwd })).code).toBe(0);
  const checkpoints = async () =>
    (JSON.parse((await run(["checkpoints", "2", "--json"])).stdout) as { checkpoints: unknown[] })
      .checkpoints;
  await expect.poll(async () => (await checkpoints()).length).toBeGreaterThan(0);
  expect((await run(["pause", "2"])).code).toBe(0);
  await expect.poll(states).toMatchObject({ 1: "completed", 2: "paused" });
}, 120_000);

describe("checking", () => {
  it("finds nothing in a pool that is well, with and without its server", async () => {
    expect(await check("--full")).toMatchObject({
      code: 0,
      findings: [],
      counts: { experiments: 2, runs: 2 },
    });
    await stopServer();
    expect(await check("--full")).toMatchObject({ code: 0, findings: [] });
    expect((await run(["pool", "check"])).stdout).toMatch(
      /^All is well: 2 experiments, 2 runs, \d checkpoints\.\n$/,
    );
  });

  it("takes nothing for wrong that trials write at this moment", async () => {
    const cwd = temporaryFolder("project");
    put(cwd, { "train.py": SCRIPT, "train.yaml": "hyperparameters: {pause: 0.02}\n" });
    for (let round = 0; round < 2; round++) await run(["submit", "train.py"], { cwd });
    for (let round = 0; round < 3; round++) expect(found(await check("--full"))).toEqual([]);
    await expect.poll(states).toMatchObject({ 3: "completed", 4: "completed" });
  }, 120_000);

  it("says where there is no pool, and makes none", async () => {
    const nowhere = path.join(temporaryFolder("nowhere"), "pool");
    await addPool(process.env.TRAINYARD_STATE ?? "", { kind: "folder", name: "nowhere", home: nowhere });
    const { code, stderr } = await run(["pool", "check", "--pool", "nowhere"]);
    expect([code, stderr]).toEqual([2, expect.stringContaining("There is no pool in")]);
    expect(fs.existsSync(nowhere)).toBe(false);
    expect((await run(["pool", "check", "--pool", "none"])).code).toBe(2);
  });
});

describe("repairing", () => {
  it("puts right what can be, keeps what it takes away, and a second time finds nothing", async () => {
    const listed = (
      JSON.parse((await run(["checkpoints", "1", "--json"])).stdout) as {
        checkpoints: { uuid: string; step: number }[];
      }
    ).checkpoints
      .sort((a, b) => a.step - b.step)
      .map(({ uuid }) => uuid);
    const [longer, gone, changed, unlisted] = listed as [string, string, string, string];
    const file = (uuid: string) => at("checkpoints", uuid, "files/step");
    for (const uuid of listed) fs.chmodSync(file(uuid), 0o600);
    fs.appendFileSync(file(longer), "0");
    fs.rmSync(at("checkpoints", gone, "manifest.json"));
    fs.writeFileSync(file(changed), "31"); // of the same length
    edit(`DELETE FROM checkpoints WHERE uuid = '${unlisted}'; UPDATE trials SET body = '{' WHERE id = '2.1';
      UPDATE runs SET own = '{}' WHERE id = '3.1.1'; UPDATE experiments SET state = 'waiting' WHERE id = 1;
      UPDATE runs SET ended = 0, body = json_set(body, '$.outcome', NULL) WHERE id = '4.1.1'`);
    const half = at("checkpoints/00000000-0000-4000-8000-000000000001");
    fs.mkdirSync(path.join(half, "files"), { recursive: true });
    fs.utimesSync(path.join(half, "files"), 1, 1);
    fs.utimesSync(half, 1, 1);
    fs.writeFileSync(at("runs/1.1.1/.exit.json.1.tmp"), "{");
    fs.utimesSync(at("runs/1.1.1/.exit.json.1.tmp"), 1, 1);
    const [segment = ""] = fs.readdirSync(at("state/curves")).filter((name) => name.startsWith("1.1.1"));
    fs.truncateSync(at("state/curves", segment), 300);
    fs.mkdirSync(at("runs/77.1.1"));
    fs.chmodSync(at("runs"), 0o755);
    fs.writeFileSync(at("state/secrets/77.json"), '{"KEY":"a secret value"}', { mode: 0o644 });

    const before = await check("--full");
    expect(before.code).toBe(1);
    expect(found(before)).toEqual(
      [
        `checkpoints checkpoints/00000000-0000-4000-8000-000000000001`,
        `checkpoints checkpoints/${changed}`,
        `checkpoints checkpoints/${gone}`,
        `checkpoints checkpoints/${longer}`,
        `checkpoints checkpoints/${unlisted}`,
        // Its newest one was taken out of the table.
        "checkpoints pool.sqlite: trials 1.1",
        "curves state/curves/1.1.*",
        "leftovers runs/1.1.1/.exit.json.1.tmp",
        "permissions runs",
        "permissions state/secrets/77.json",
        "rows pool.sqlite: experiments 1",
        "rows pool.sqlite: runs 3.1.1",
        "rows pool.sqlite: runs 4.1.1",
        "rows pool.sqlite: trials 2.1",
        "runs runs/77.1.1",
        "secrets state/secrets/77.json",
      ].sort(),
    );
    const asked = await run(["pool", "check", "--repair"]);
    expect(asked.code).toBe(2);
    expect(asked.stderr).toContain("Add --yes.");

    const after = await check("--full", "--repair", "--yes");
    expect(found(after)).toEqual([]);
    expect(after).toMatchObject({ code: 0, hasStopped: true });
    const kept = after.lostAndFound ?? "";
    for (const name of [
      `checkpoints/${longer}/files/step`,
      `checkpoints/${gone}/files/step`,
      `checkpoints/${changed}/manifest.json`,
      "runs/77.1.1",
      "trials.jsonl",
    ])
      expect(fs.existsSync(path.join(kept, name)), name).toBe(true);
    expect(fs.existsSync(path.join(kept, "state/secrets"))).toBe(false);
    expect(fs.existsSync(at("state/secrets/77.json"))).toBe(false);

    await expect.poll(states).toMatchObject({ 1: "completed", 2: "paused", 3: "completed" });
    const { series } = JSON.parse(
      (await run(["metrics", "1", "--metric", "training/loss", "--json"])).stdout,
    ) as {
      series: { points: unknown[] }[];
    };
    expect(series[0]?.points).toHaveLength(40);
    const again = await check("--full", "--repair", "--yes");
    expect(again).toMatchObject({ code: 0, repaired: [], lostAndFound: null });
  }, 120_000);

  it("rebuilds a damaged database from what of it can be read", async () => {
    await run(["rename", "1", "a name of its own"]);
    await stopServer();
    const file = at("state/pool.sqlite");
    const bytes = fs.readFileSync(file);
    // The pages of an index, of decisions and of events, but not of everything.
    bytes.fill(0x5a, 5 * 4096, 8 * 4096);
    fs.writeFileSync(file, bytes);
    const before = await check();
    expect(found(before)).toContain("database state/pool.sqlite");
    expect(before.code).toBe(1);
    const after = await check("--repair", "--yes", "--full");
    expect(found(after)).toEqual([]);
    expect(fs.readFileSync(path.join(after.lostAndFound ?? "", "state/pool.sqlite"))).toEqual(bytes);
    await expect.poll(states).toMatchObject({ 1: "completed", 2: "paused", 3: "completed", 4: "completed" });
  }, 120_000);

  it("refuses to begin anew where the database is gone, and rebuilds it from the folders of the runs", async () => {
    await stopServer();
    for (const end of ["", "-wal", "-shm"]) fs.rmSync(at(`state/pool.sqlite${end}`), { force: true });
    await expect(connect()).rejects.toThrow(/database is gone/);
    expect(fs.existsSync(at("state/pool.sqlite"))).toBe(false);
    const after = await check("--repair", "--yes", "--full");
    expect(found(after)).toEqual([]);
    await expect.poll(states).toMatchObject({ 1: "completed", 2: "paused", 3: "completed", 4: "completed" });
    const shown = JSON.parse((await run(["show", "2", "--json"])).stdout) as { experiment: unknown };
    expect(shown.experiment).toMatchObject({ name: "slow", labels: ["baseline"], notes: "Why." });
    // Its checkpoint is listed again, and it goes on from that.
    expect((await run(["resume", "2"])).code).toBe(0);
    await expect.poll(states).toMatchObject({ 2: "completed" });
    expect((await run(["logs", "2.1.2"])).stdout).toMatch(/^from \d0\n$/);
    const submitted = await run(["submit", "train.py", "--json"], { cwd: newProject() });
    expect(JSON.parse(submitted.stdout)).toMatchObject({ experimentId: 5 });
    expect(found(await check("--full"))).toEqual([]);
  }, 120_000);

  it("leaves the database of a newer version alone, and says which one to get", async () => {
    await expect.poll(states).toMatchObject({ 5: "completed" });
    await stopServer();
    edit("INSERT INTO schema_versions VALUES (99, '9.9.9', 0)");
    await expect(connect()).rejects.toMatchObject({
      message: expect.stringContaining("was last used by Trainyard 9.9.9") as string,
      remedy: "Update Trainyard to 9.9.9 or later.",
    });
    for (const options of [[], ["--repair", "--yes"]]) {
      const { code, stderr } = await run(["pool", "check", ...options]);
      expect([code, stderr]).toEqual([2, expect.stringContaining("Update Trainyard to 9.9.9 or later.")]);
    }
    edit("DELETE FROM schema_versions WHERE schema = 99");
  });
});

function newProject(configuration = "hyperparameters: {pause: 0.0}\n"): string {
  const cwd = temporaryFolder("project");
  put(cwd, { "train.py": SCRIPT, "train.yaml": configuration });
  return cwd;
}

describe("backing up", () => {
  it("copies a running pool into one that goes on from its paused trials", async () => {
    const folder = path.join(temporaryFolder("backup"), "copy");
    const backUp = async () =>
      BackupReport.parse(JSON.parse((await run(["pool", "backup", folder, "--json"])).stdout));
    const cwd = newProject("hyperparameters: {pause: 0.1}\nenvironment: {environment_variables: {A: b}}\n");
    const { experimentId } = JSON.parse((await run(["submit", "train.py", "--json"], { cwd })).stdout) as {
      experimentId: number;
    };
    const id = String(experimentId);
    const checkpoints = async () =>
      (JSON.parse((await run(["checkpoints", id, "--json"])).stdout) as { checkpoints: unknown[] })
        .checkpoints;
    await expect.poll(async () => (await checkpoints()).length).toBeGreaterThan(0);
    const first = await backUp();
    expect(first).toMatchObject({ folder, counts: { experiments: 6 } });
    await expect.poll(states, { timeout: 60_000 }).toMatchObject({ [id]: "completed" });
    const second = await backUp();
    expect(second.keptBytes).toBeGreaterThan(0);
    expect(second.copiedBytes).toBeLessThan(first.copiedBytes + first.linkedBytes);
    expect(fs.existsSync(path.join(folder, "state/secrets"))).toBe(false);

    // Half a backup is no pool, and is gone on from.
    const marker = path.join(folder, "backup.json");
    const whole = fs.readFileSync(marker, "utf8");
    fs.writeFileSync(marker, whole.replace('"isWhole":true', '"isWhole":false'));
    await expect(open(folder)).rejects.toThrow(/is half a backup/);
    // A trial that trains while it is copied is paused in the copy, and nothing of the pool's is touched.
    put(cwd, { "train.yaml": "hyperparameters: {pause: 0.3}\n" });
    const { experimentId: trained } = JSON.parse(
      (await run(["submit", "train.py", "--json"], { cwd })).stdout,
    ) as {
      experimentId: number;
    };
    await expect
      .poll(
        async () =>
          (
            JSON.parse((await run(["checkpoints", String(trained), "--json"])).stdout) as {
              checkpoints: unknown[];
            }
          ).checkpoints.length,
      )
      .toBeGreaterThan(0);
    await backUp();
    const copy = await open(folder);
    const { experiments } = await copy.call("experiment/list", {});
    expect(experiments.find(({ id }) => id === trained)?.state).toBe("paused");
    await copy.call("trial/resume", { trialId: `${trained}.1` });
    await expect
      .poll(async () => (await copy.call("experiment/get", { experimentId: trained })).trials[0]?.state, {
        timeout: 60_000,
      })
      .toBe("completed");
    const read = await copy.call("output/read", {
      runId: `${trained}.1.2`,
      stream: "stdout",
      offset: 0,
      limit: 100,
    });
    expect(Buffer.from(read.bytes).toString()).toMatch(/^from \d+0\n$/);
    const { series } = await copy.call("series/list", { trialId: `${trained}.1` });
    expect(series.find(({ name }) => name === "loss")?.lastStep).toBe(40);
    await copy.call("server/stop", {});
    copy.close();
    // The pool's own trial trains all the while.
    expect((await run(["kill", String(trained)])).code).toBe(0);
    await expect.poll(async () => (await states())[trained]).toMatch(/^(killed|completed)$/);
    expect(found(await check("--full"))).toEqual([]);
    // It has a life of its own now.
    expect(await run(["pool", "backup", folder])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("has been opened as one") as string,
    });
  }, 150_000);

  it("refuses a folder in the pool, one around it, one with something else in it, and one that cannot be made", async () => {
    const other = temporaryFolder("other");
    put(other, { "mine.txt": "mine" });
    for (const folder of [path.join(home, "copy"), path.dirname(home), other, "/proc/none/copy"]) {
      const { code, stderr } = await run(["pool", "backup", folder]);
      expect([code, stderr]).toEqual([
        1,
        expect.stringMatching(/lie in each other|not empty|cannot be made/),
      ]);
    }
    expect(fs.existsSync(path.join(home, "copy"))).toBe(false);
    expect(fs.readdirSync(other)).toEqual(["mine.txt"]);
  });
});

async function open(folder: string): ReturnType<typeof connectLocalPool> {
  return connectLocalPool({
    home: folder,
    serverScript: path.join(ROOT, "src/cluster/server/main.ts"),
    pythonFolder: path.join(ROOT, "src/cluster/python"),
    runtimePath: null,
    environment: { TRAINYARD_LEASES: path.join(folder, "..", "leases"), TRAINYARD_CPU_SLOTS: "1" },
    client: { name: "test", version: "0.0.0" },
  });
}
