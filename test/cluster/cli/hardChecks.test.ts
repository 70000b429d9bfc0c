/** `pool check` where it takes long, is killed, finds what nobody can bring back, or may not write. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe, expect, it } from "vitest";
import { curvesChecker } from "../../../src/cluster/server/check/checkers/curves.ts";
import { readCurvesAnew, silent } from "../../../src/cluster/server/check/rebuild/curves.ts";
import { createCurveStore } from "../../../src/cluster/server/store/curves/curveStore.ts";
import { CheckReport } from "../../../src/cluster/protocol/maintenance.ts";
import { MAX_CURVES } from "../../../src/cluster/protocol/limits.ts";
import { createBreath } from "../../../src/cluster/server/check/breath.ts";
import { put, temporaryFolder } from "../client/support.ts";
import { commandLine } from "./terminal.ts";

const { run, home } = commandLine();
const at = (...names: string[]): string => path.join(home, ...names);

it("has one experiment that has ended", async () => {
  const cwd = temporaryFolder("project");
  put(cwd, {
    "train.py":
      "import time, trainyard\nrun = trainyard.init()\nrun.report(1, {'loss': 1})\ntime.sleep(1.5)\nrun.report(2, {'loss': 0.5})\n",
  });
  expect((await run(["submit", "train.py", "--wait"], { cwd })).code).toBe(0);
}, 60_000);

const childrenOf = (pid: number): number[] =>
  fs
    .readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8")
    .split(" ")
    .flatMap((each) => (each.trim() === "" ? [] : Number(each)));

async function maintenanceOf(client: ChildProcess): Promise<number> {
  const find = () =>
    childrenOf(client.pid ?? 0).filter((pid) =>
      fs.readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("\0maintain"),
    );
  await expect.poll(() => find().length, { timeout: 20_000 }).toBe(1);
  return find()[0] ?? 0;
}

it("ends when its client was killed, also in a call that does not return", async () => {
  // Whoever opens it to read waits for a writer, as on a folder that hangs.
  const hanging = at("state/curves/1.1.hangs");
  execFileSync("mkfifo", [hanging]);
  const client = spawn(process.execPath, [path.join(import.meta.dirname, "checkClient.ts"), home], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  client.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
  await expect.poll(() => said, { timeout: 30_000 }).toContain("Checking curves");
  const pid = await maintenanceOf(client);
  client.kill("SIGKILL");
  await expect.poll(() => fs.existsSync(`/proc/${pid}`), { timeout: 30_000 }).toBe(false);
  fs.rmSync(hanging);
}, 90_000);

it("compares ten thousand curves, and hears between two of them that it is cancelled", async () => {
  const folder = temporaryFolder("names");
  const line = (step: number, name: number) =>
    JSON.stringify({
      seq: 1,
      t: 1,
      type: "metrics",
      group: "training",
      step,
      values: { [`m${name}`]: step },
    });
  const names = Array.from({ length: MAX_CURVES }, (_, name) => name);
  put(folder, {
    "runs/1.1.1/events/0-harness-1.jsonl": `${names.flatMap((name) => [line(1, name), line(2, name)]).join("\n")}\n`,
  });
  const row = {
    id: "1.1.1",
    trialId: "1.1",
    attempt: 1,
    hasEnded: true,
    spec: null,
    outcome: "completed",
    filesAreGone: false,
  };
  const store = createCurveStore(path.join(folder, "state/curves"), silent);
  await readCurvesAnew(path.join(folder, "runs"), store, [row], () => Promise.resolve());
  expect(store.list("1.1")).toHaveLength(MAX_CURVES);
  store.close();
  const look = (signal: AbortSignal) =>
    curvesChecker.run(
      { home: folder, full: true, signal, breathe: createBreath(signal), progress: () => undefined } as never,
      { runs: () => [row] } as never,
    );
  expect(await look(new AbortController().signal)).toEqual([]);
  const cancelled = new AbortController();
  setTimeout(() => cancelled.abort(new Error("the person cancelled")), 1);
  await expect(look(cancelled.signal)).rejects.toThrow("the person cancelled");
});

async function stopServer(): Promise<void> {
  await run(["server", "stop"]);
  while (fs.existsSync(at("state/lock"))) await sleep(20);
}

it("rebuilds when an experiment began and ended, and says that its folder is not known", async () => {
  interface Shown {
    experiment: { workspace: string; endedAt: number | null };
    trials: { startedAt: number; endedAt: number | null }[];
  }
  const show = async () => JSON.parse((await run(["show", "1", "--json"])).stdout) as Shown;
  const before = await show();
  expect(before.experiment.workspace).not.toBe("");
  const { startedAt, endedAt } = JSON.parse(fs.readFileSync(at("runs/1.1.1/exit.json"), "utf8")) as {
    startedAt: number;
    endedAt: number;
  };
  await stopServer();
  for (const end of ["", "-wal", "-shm"]) fs.rmSync(at(`state/pool.sqlite${end}`), { force: true });
  expect((await run(["pool", "check", "--repair", "--yes"])).code).toBe(0);
  // From the first answer on.
  const { experiment, trials } = await show();
  expect(trials[0]).toMatchObject({ startedAt: startedAt * 1000, endedAt: endedAt * 1000 });
  expect(experiment).toMatchObject({ workspace: "", endedAt: endedAt * 1000 });
  expect((await run(["show", "1"])).stdout).toMatch(/Workspace +not known/);
}, 60_000);

it("says once that the files of a run are gone, and keeps its curves", async () => {
  fs.renameSync(at("runs/1.1.1"), at("../gone"));
  const first = await run(["pool", "check", "--full", "--json"]);
  const { findings } = CheckReport.parse(JSON.parse(first.stdout));
  expect(first.code).toBe(1);
  expect(findings).toMatchObject([{ check: "runs", where: "runs/1.1.1" }]);
  expect((await run(["pool", "check", "--full", "--repair", "--yes"])).code).toBe(0);
  expect((await run(["pool", "check", "--full"])).code).toBe(0);
  const metrics = await run(["metrics", "1", "--metric", "training/loss", "--json"]);
  const { series } = JSON.parse(metrics.stdout) as { series: { points: unknown[] }[] };
  expect(series[0]?.points).toHaveLength(2);
}, 60_000);

/** Root may do everything, so another account is asked; only root can become one. */
describe.skipIf(process.getuid?.() !== 0)("a folder of which an account may not do everything", () => {
  const NOBODY = 65534;
  const copy = path.join(fs.mkdtempSync(path.join(os.tmpdir(), "trainyard-shut-")), "pool");
  afterAll(() => fs.rmSync(path.dirname(copy), { recursive: true }));

  const asNobody = (...options: string[]) =>
    spawnSync(process.execPath, [path.join(import.meta.dirname, "checkClient.ts"), copy, ...options], {
      uid: NOBODY,
      gid: NOBODY,
      encoding: "utf8",
      env: { ...process.env, HOME: os.tmpdir() },
    });

  it("is checked without writing, and says what keeps it from being repaired", async () => {
    await stopServer();
    fs.chmodSync(path.dirname(copy), 0o755);
    fs.cpSync(home, copy, { recursive: true, filter: (from) => !from.endsWith(".sock") });
    execFileSync("chown", ["-R", `${NOBODY}:${NOBODY}`, copy]);
    for (const folder of [copy, path.join(copy, "state")]) fs.chmodSync(folder, 0o500);
    expect(asNobody()).toMatchObject({ status: 0, stdout: expect.stringContaining("0 findings") as string });
    expect(asNobody("--repair")).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/cannot be written: the permissions of .*\n.*chmod u\+rwx/) as string,
    });
    expect(fs.readdirSync(path.join(copy, "state"))).not.toContain("pool.sqlite-shm");
  }, 60_000);

  it("is another account's", () => {
    fs.chownSync(copy, 0, 0);
    fs.chmodSync(copy, 0o700);
    expect(asNobody()).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/belongs to another account \(uid 0\).*\n.*as that account/) as string,
    });
  });
});
