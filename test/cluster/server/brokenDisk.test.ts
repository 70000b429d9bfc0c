/** The server on a disk that is full, fails, is read-only or does not answer: it lives, says so, and goes on by itself. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { PoolDisk } from "../../../src/cluster/protocol/entities.ts";
import { createFaultyDisk, type FaultyDisk, noFaultyDisk } from "../../faults/faultyDisk.ts";
import { buildServer, type ServerRig, startServer } from "./serverRig.ts";

let bundle: string;
let disk: FaultyDisk;
let home: string;
let server: ServerRig;
let mounted: string[] = [];

const WORKS = `
import os, time, trainyard
run = trainyard.init()
step = 0
while not os.path.exists("end"):
    run.report(step, loss=1 / (step + 1))
    step += 1
    time.sleep(0.02)
`;

beforeAll(() => {
  bundle = buildServer();
  return () => rmSync(bundle, { recursive: true, force: true });
});

function prepare(): void {
  disk = createFaultyDisk();
  home = mkdtempSync(path.join(tmpdir(), "trainyard-broken-"));
}
async function cleanUp(): Promise<void> {
  disk.heal();
  await server.close();
  for (const folder of mounted.splice(0)) execFileSync("umount", ["-l", folder]);
  disk.remove();
  rmSync(home, { recursive: true, force: true });
}

async function diskIs(...wanted: PoolDisk["state"][]): Promise<PoolDisk> {
  for (;;) {
    const { disk: now } = await server.pool.call("pool/status", {});
    if (now !== undefined && wanted.includes(now.state)) return now;
    await sleep(50);
  }
}

describe.skipIf(noFaultyDisk !== null)("a disk that fails on command", () => {
  beforeEach(prepare);
  afterEach(cleanUp, 30_000);

  test.each(["ENOSPC", "EIO", "EDQUOT", "EROFS"] as const)(
    "%s in everything that the server writes: the trial runs on, nothing new starts, and all goes on when it is over",
    async (error) => {
      server = await startServer(bundle, home, { ...disk.env, TRAINYARD_CPU_SLOTS: "2" });
      const told: PoolDisk[] = [];
      server.pool.onNotification("disk", (value) => told.push(value));
      await server.pool.call("subscribe", { after: null });
      const first = await server.submit(WORKS);
      await server.until(first, ({ latestStep }) => (latestStep ?? 0) > 5);

      const state = path.join(home, "state");
      disk.fail(
        { calls: "write,sync,truncate,rename,mkdir,link", error, prefix: state },
        { calls: "open", error, prefix: path.join(state, "lock") },
        { calls: "open", error, prefix: path.join(state, ".room") },
        { error, prefix: path.join(home, "runs", "2.") },
        { error, prefix: path.join(home, "trees") },
      );
      await expect(
        server.pool.call("experiment/annotate", { experimentId: 1, notes: "x" }),
      ).rejects.toMatchObject({
        reason: "unavailable",
        message: expect.stringMatching(/^The disk of the pool /) as string,
        remedy: expect.stringContaining("Nothing of it was done") as string,
      });
      const broken = await diskIs("full", "failing");
      expect(broken.message).toMatch(/no room left|quota|input\/output errors|read-only/);
      expect(told.at(-1)).toMatchObject({ state: broken.state, message: broken.message });
      expect((await server.trial(first)).state).toBe("running");
      const before = (await server.pool.call("experiment/get", { experimentId: 1 })).experiment.notes;
      expect(before).toBe("");
      writeFileSync(path.join(home, "runs", `${first}.1`, "work", "end"), "");
      while (!existsSync(path.join(home, "runs", `${first}.1`, "exit.json"))) await sleep(20);
      await sleep(500);
      expect(server.process.exitCode).toBeNull();

      disk.heal();
      await diskIs("ok");
      expect((await server.until(first, ({ state }) => state === "completed")).failure).toBeNull();
      const { series } = await server.pool.call("series/list", { trialId: first });
      const loss = series.find(({ name }) => name === "loss");
      expect(loss?.count).toBe((loss?.lastStep ?? 0) + 1); // every report, once
      const second = await server.submit(WORKS);
      await server.until(second, ({ state }) => state === "running");
    },
    60_000,
  );

  test("a launch that finds no room waits for some, at each thing that it writes", async () => {
    server = await startServer(bundle, home, disk.env);
    for (const [number, calls, below] of [
      [1, "mkdir", "runs/1.1.1"],
      [2, "all", "runs/2.1.1/work"],
      [3, "all", "runs/3.1.1/.spec"],
      [4, "open", "runs/4.1.1/supervisor.log"],
      [5, "open", "runs/5.1.1/stdout.log"],
    ] as const) {
      disk.fail({ calls, error: "ENOSPC", prefix: path.join(home, below) });
      const trialId = await server.submit("print('ran')");
      const waiting = await server.until(
        trialId,
        ({ state, attempts }) => state === "waiting" && attempts > 0,
      );
      expect(waiting.waitReason, below).toMatch(/No space left|ENOSPC|disk/);
      expect(waiting.failure).toBeNull();
      disk.heal();
      const ended = await server.until(trialId, ({ endedAt }) => endedAt !== null);
      expect([number, ended.state]).toEqual([number, "completed"]);
    }
  }, 120_000);

  test("a pause that cannot be written is written when there is room; a kill needs none", async () => {
    server = await startServer(bundle, home, { ...disk.env, TRAINYARD_CPU_SLOTS: "2" });
    const script = `
import time, trainyard
run = trainyard.init()
step = 0
while True:
    run.report(step, loss=1)
    step += 1
    time.sleep(0.02)
    if step % 10 == 0 or run.should_stop():
        with run.checkpoint(step) as path:
            (path / "w").write_text("x")
        if run.should_stop():
            break
`;
    const first = await server.submit(script);
    const second = await server.submit(script);
    for (const trialId of [first, second])
      await server.until(
        trialId,
        ({ latestCheckpoint, state }) => latestCheckpoint !== null && state === "running",
      );
    disk.fail(
      { error: "ENOSPC", prefix: path.join(home, "runs", `${first}.1`, ".control") },
      { error: "ENOSPC", prefix: path.join(home, "runs", `${second}.1`, ".control") },
    );
    await server.pool.call("trial/pause", { trialId: first });
    await server.pool.call("trial/kill", { trialId: second });
    await server.until(second, ({ state }) => state === "killed");
    expect((await server.trial(first)).state).toBe("pausing");
    disk.heal();
    await server.until(first, ({ state }) => state === "paused");
  }, 60_000);

  test("a snapshot that finds no room is refused in words, leaves nothing behind, and is taken when there is", async () => {
    server = await startServer(bundle, home, disk.env);
    await server.submit("print(0)"); // makes the repository
    const repository = path.join(home, "snapshots.git");
    disk.fail({ error: "ENOSPC", prefix: repository });
    await expect(server.submit("print(1)")).rejects.toThrow(/no space left|no room|is full/i);
    expect((await server.pool.call("experiment/list", {})).experiments).toHaveLength(1);
    disk.heal();
    await diskIs("ok");
    expect(readdirSync(path.join(repository, "incoming"))).toEqual([]);
    const trialId = await server.submit("print(1)");
    await server.until(trialId, ({ state }) => state === "completed");
  }, 60_000);

  test("a submission with a secret is taken whole or not at all", async () => {
    server = await startServer(bundle, home, disk.env);
    disk.fail({ error: "ENOSPC", prefix: path.join(home, "state", "secrets") });
    const secrets = { TOKEN: "a-long-secret-value" };
    await expect(server.submit("print(1)", { secrets })).rejects.toThrow(/disk of the pool is full/);
    expect((await server.pool.call("experiment/list", {})).experiments).toEqual([]);
    disk.heal();
    await diskIs("ok");
    const trialId = await server.submit("import os; print(os.environ.get('TOKEN'))");
    await server.until(trialId, ({ state }) => state === "completed");
    expect(readdirSync(path.join(home, "state", "secrets"))).toEqual([]);
  }, 60_000);

  test("a shared folder that hangs: what needs none of it is answered, and the folder is named", async () => {
    const runs = path.join(home, "runs");
    server = await startServer(bundle, home, { ...disk.env, FAULTY_DISK_SHARED: runs });
    const trialId = await server.submit(WORKS);
    await server.until(trialId, ({ latestStep }) => (latestStep ?? 0) > 2);
    disk.fail({ calls: "look,open,read,write", error: "hang:60000", prefix: runs });
    const silent = await diskIs("silent");
    expect(silent.message).toContain(`${runs} does not answer`);
    await server.pool.call("experiment/annotate", { experimentId: 1, notes: "answered" });
    expect((await server.pool.call("experiment/list", {})).experiments).toHaveLength(1);
    disk.heal();
    await diskIs("ok");
    writeFileSync(path.join(home, "runs", `${trialId}.1`, "work", "end"), "");
    await server.until(trialId, ({ state }) => state === "completed");
  }, 60_000);
});

const canMount = (() => {
  if (process.getuid?.() !== 0) return false;
  const folder = mkdtempSync(path.join(tmpdir(), "trainyard-mount-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "none", folder], { stdio: "ignore" });
    execFileSync("umount", [folder]);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
})();

describe.skipIf(noFaultyDisk !== null || !canMount)("a disk that is really full", () => {
  beforeEach(() => {
    prepare();
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=160m", "none", home]);
    mounted = [home];
  });
  afterEach(cleanUp, 30_000);

  test("to the last byte: everything lives, a trial without room for its checkpoint waits, and goes on", async () => {
    server = await startServer(bundle, home, { TRAINYARD_CPU_SLOTS: "2" });
    const script = `
import os, time, trainyard
run = trainyard.init()
start = 0 if run.latest_checkpoint is None else int((run.latest_checkpoint / "step").read_text())
for step in range(start, 4):
    run.report(step, loss=1)
    with run.checkpoint(step + 1) as path:
        (path / "w").write_bytes(b"x" * 30_000_000)
        (path / "step").write_text(str(step + 1))
    while not os.path.exists(os.path.join(os.environ["TRAINYARD_RUN_DIR"], "..", "..", "go")):
        time.sleep(0.02)
`;
    const first = await server.submit(script, { configuration: { max_restarts: 0 } });
    await server.until(first, ({ latestCheckpoint }) => latestCheckpoint !== null);
    const { bavail, bsize } = statfsSync(home);
    const fill = path.join(home, "fill");
    try {
      writeFileSync(fill, Buffer.alloc(bavail * bsize + (1 << 20)));
    } catch {
      // to the last byte
    }
    expect(statfsSync(home).bavail).toBe(0);
    const full = await diskIs("full");
    expect(full.message).toMatch(/^The disk of the pool is full: 0 B free\. .*trainyard checkpoints collect/);
    const second = await server.submit("print('ran')").catch((error: unknown) => String(error));
    expect(second).toMatch(/full|No space/);
    rmSync(fill);
    writeFileSync(fill, Buffer.alloc(65_000_000)); // room to start, none for another checkpoint after the next
    await diskIs("ok");
    mkdirSync(path.join(home, "go"));
    const waits = await server.until(first, ({ state, attempts }) => state === "waiting" && attempts === 1);
    expect(waits.waitReason).toMatch(/disk/);
    expect(waits.warnings.join("\n")).toMatch(
      /was not stored \(No space left on device\): it needs about 30\.0 MB/,
    );
    expect(waits.restarts).toBe(0);
    rmSync(fill);
    const ended = await server.until(first, ({ endedAt }) => endedAt !== null);
    expect([ended.state, ended.restarts]).toEqual(["completed", 0]);
  }, 90_000);
});
