/** Files, checkpoints and provenance of runs, as a client sees them. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { freedBy } from "../../../src/cluster/server/experiments/freedBytes.ts";
import { openTestServer, type TestServer } from "./testServer.ts";

let server: TestServer;
beforeEach(async () => {
  server = await openTestServer();
});
afterEach(() => server.close(), 30_000);

const WRITES = `
import os, pathlib
os.makedirs("out/deep")
pathlib.Path("out/deep/model.txt").write_text("weights")
pathlib.Path("kept.txt").write_text("changed")
os.symlink("/etc/passwd", "leak")
os.symlink("/etc", "etc")
`;
const FILES = { "train.py": WRITES, "kept.txt": "as it was", "lib/a.py": "", "lib/b.py": "" };

test("files that a run left or changed are listed, those of the snapshot and links are not", async () => {
  const trialId = await server.submit(FILES);
  await server.untilState(trialId, "completed");
  const runId = `${trialId}.1`;
  const list = async (folder: string) => (await server.call("run/files", { runId, path: folder })).files;
  expect(await list(".")).toMatchObject([
    { path: "kept.txt", bytes: 7, isDirectory: false },
    { path: "out", isDirectory: true },
  ]);
  expect(await list("out/deep")).toMatchObject([{ path: "out/deep/model.txt", bytes: 7 }]);
  const { ticket, bytes } = await server.call("bulk/open", {
    type: "runFile",
    runId,
    path: "out/deep/model.txt",
  });
  expect(bytes).toBe(7);
  const target = server.tickets.get(ticket);
  expect(target?.kind === "file" && readFileSync(target.path, "utf8")).toBe("weights");
});

test("while it runs, only what is new is listed", async () => {
  const trialId = await server.submit({ ...FILES, "train.py": `${WRITES}\nimport time\ntime.sleep(600)` });
  const runId = `${trialId}.1`;
  await server.untilState(trialId, "running");
  await vi.waitUntil(() => existsSync(path.join(server.home, "runs", runId, "work", "etc")));
  const { files } = await server.call("run/files", { runId, path: "." });
  expect(files.map((file) => file.path)).toEqual(["kept.txt", "out"]);
});

test("no path leads out of a run", async () => {
  const trialId = await server.submit(FILES);
  await server.untilState(trialId, "completed");
  const runId = `${trialId}.1`;
  const open = (name: string) => server.call("bulk/open", { type: "runFile", runId, path: name });
  await expect(open("leak")).rejects.toMatchObject({ reason: "notFound" });
  await expect(open("etc/passwd")).rejects.toMatchObject({ reason: "notFound" });
  await expect(open("../spec.json")).rejects.toThrow();
  await expect(server.call("run/files", { runId, path: "etc" })).rejects.toMatchObject({
    reason: "notFound",
  });
  await expect(server.call("run/files", { runId: "7.7.7", path: "." })).rejects.toMatchObject({
    reason: "notFound",
  });
});

const CHECKPOINTS = `
import trainyard
run = trainyard.init()
run.validate(3, {"acc": 0.5})
with run.checkpoint(3, note="first") as path:
    (path / "model.txt").write_text("weights")
`;

test("a checkpoint is listed with its metrics, can be read, pinned, and started from", async () => {
  const trialId = await server.submit({ "train.py": CHECKPOINTS });
  await server.untilState(trialId, "completed");
  const { checkpoints } = await server.call("experiment/get", { experimentId: 1 });
  expect(checkpoints).toMatchObject([
    { trialId, step: 3, bytes: 7, files: 1, metrics: { "validation/acc": 0.5 }, metadata: { note: "first" } },
  ]);
  const uuid = checkpoints[0]?.uuid ?? "";
  const { manifest } = await server.call("checkpoint/manifest", { uuid });
  expect(manifest.files).toMatchObject([{ path: "model.txt", bytes: 7 }]);
  await server.call("bulk/open", { type: "checkpointFile", uuid, path: "model.txt" });
  await expect(
    server.call("bulk/open", { type: "checkpointFile", uuid, path: "../manifest.json" }),
  ).rejects.toThrow();
  await server.call("checkpoint/pin", { uuid, pinned: true });
  expect((await server.call("experiment/get", { experimentId: 1 })).checkpoints[0]?.pinned).toBe(true);

  const next = await server.submit(
    { "train.py": "import trainyard\nprint((trainyard.init().latest_checkpoint / 'model.txt').read_text())" },
    { startFrom: uuid },
  );
  await server.untilState(next, "completed");
  expect(readFileSync(path.join(server.home, "runs", `${next}.1`, "stdout.log"), "utf8")).toBe("weights\n");
  const { runs } = await server.call("experiment/get", { experimentId: 2 });
  expect(runs[0]?.resumedFromStep).toBe(3);

  // It stays as long as someone started from it.
  const folder = path.join(server.home, "checkpoints", uuid);
  expect(await server.call("experiment/delete", { experimentId: 1, confirm: true })).toMatchObject({
    checkpoints: 0,
  });
  expect(existsSync(path.join(folder, "manifest.json"))).toBe(true);
  await server.call("experiment/delete", { experimentId: 2, confirm: true });
  expect(existsSync(folder)).toBe(false);
});

test("a value of a checkpoint's own step counts also when it comes after it, or was only printed before it", async () => {
  const trialId = await server.submit({
    "train.py": `
import os, time, trainyard
run = trainyard.init()
def until(name):
    while not os.path.exists(name): time.sleep(0.01)
print("step 10 aside=0.75", flush=True)
until("printed")
for step, loss in (10, 0.9), (20, 0.3):
    with run.checkpoint(step) as path:
        (path / "model.txt").write_text(str(step))
    until(f"listed{step}")
    run.validate(step, loss=loss)
run.validate(30, loss=0.1)
`,
  });
  const runId = `${trialId}.1`;
  const listed = async () => (await server.call("experiment/get", { experimentId: 1 })).checkpoints;
  await vi.waitUntil(async () => (await server.call("series/list", { trialId })).series.length > 0, 10_000);
  await server.writeInto(runId, "printed", "");
  await vi.waitUntil(async () => (await listed()).length === 1, 10_000);
  expect((await listed())[0]?.metrics).toEqual({ "training/aside": 0.75 });
  await server.writeInto(runId, "listed10", "");
  await vi.waitUntil(async () => (await listed()).length === 2, 10_000);
  expect((await listed())[1]?.metrics).toEqual({ "validation/loss": 0.9 });
  await server.writeInto(runId, "listed20", "");
  await server.untilState(trialId, "completed");
  expect((await listed()).map(({ step, metrics }) => [step, metrics["validation/loss"]])).toEqual([
    [10, 0.9],
    [20, 0.3],
  ]);
  const changes = server.events.flatMap(({ change }) =>
    change.type === "checkpoint" ? [change.checkpoint] : [],
  );
  expect(changes.findLast(({ step }) => step === 20)).toMatchObject({ metrics: { "validation/loss": 0.3 } });
});

test("deleting frees what it says, the code and the curves too", async () => {
  const trialId = await server.submit({ "train.py": CHECKPOINTS, "lib/a.py": "x = 1\n" });
  await server.untilState(trialId, "completed");
  const kept = await server.submit({ "train.py": CHECKPOINTS });
  await server.untilState(kept, "completed");
  const work = (id: string) => path.join(server.home, "runs", `${id}.1`, "work.json");
  await vi.waitUntil(() =>
    [trialId, kept].every((id) => readFileSync(work(id), "utf8").includes('"pruned":true')),
  );
  const onDisk = () =>
    freedBy(["runs", "checkpoints", "trees", "state/curves"].map((name) => path.join(server.home, name)));
  const before = await onDisk();
  const { bytes } = await server.call("experiment/delete", { experimentId: 1, confirm: false });
  await server.call("experiment/delete", { experimentId: 1, confirm: true });
  expect(before - (await onDisk())).toBe(bytes);
  expect(existsSync(work(kept))).toBe(true);
});

test("a checkpoint that is not whole is not listed, and the trial says why", async () => {
  const trialId = await server.submit({
    "train.py": `
import json, os, time
folder = os.path.join(os.environ["TRAINYARD_RUN_DIR"], "..", "..", "checkpoints")
events = os.path.join(os.environ["TRAINYARD_RUN_DIR"], "events", "0-mine.jsonl")
def manifest(uuid, files, **more):
    return {"version": 1, "uuid": uuid, "run": os.environ["TRAINYARD_RUN"], "trial": os.environ["TRAINYARD_TRIAL"],
            "step": 1, "createdAt": time.time(), "metadata": {}, "metrics": {}, "files": files, **more}
def make(number, files, **more):
    uuid = "00000000-0000-0000-0000-%012d" % number
    os.makedirs(os.path.join(folder, uuid, "files"))
    open(os.path.join(folder, uuid, "files", "short"), "w").write("1")
    os.symlink("/etc/passwd", os.path.join(folder, uuid, "files", "link"))
    json.dump(manifest(uuid, files, **more), open(os.path.join(folder, uuid, "manifest.json"), "w"))
    return uuid
sha = "0" * 64
uuids = [
    make(1, [{"path": "short", "bytes": 100, "sha256": sha}]),
    make(2, [{"path": "link", "bytes": 1, "sha256": sha}]),
    make(3, [{"path": "../../../x", "bytes": 1, "sha256": sha}]),
    make(4, [], run="9.9.9"),
    "00000000-0000-0000-0000-000000000005",
]
with open(events, "w") as file:
    for seq, uuid in enumerate(uuids):
        file.write(json.dumps({"seq": seq + 1, "t": time.time(), "type": "checkpoint", "uuid": uuid, "step": 1}) + "\\n")
`,
  });
  const trial = await server.untilState(trialId, "completed");
  expect((await server.call("experiment/get", { experimentId: 1 })).checkpoints).toEqual([]);
  expect(trial.latestCheckpoint).toBeNull();
  expect(trial.warnings).toHaveLength(5);
  expect(trial.warnings[0]).toContain("short has 1 bytes, its manifest says 100");
  expect(trial.warnings[1]).toContain("link is not a plain file");
  expect(trial.warnings[3]).toContain("run 9.9.9 wrote it");
});

test("a checkpoint whose writer was killed before it could say so is listed, and gone on from", async () => {
  const trialId = await server.submit(
    {
      "train.py": `
import os, signal, trainyard
from trainyard.harness import checkpoints
run = trainyard.init()
if run.latest_checkpoint:
    print((run.latest_checkpoint / "model.txt").read_text())
    raise SystemExit
complete = checkpoints.complete
def complete_and_die(files, manifest):
    complete(files, manifest)
    os.kill(os.getpid(), signal.SIGKILL)
with run.checkpoint(1) as path:
    (path / "model.txt").write_text("old weights")
checkpoints.complete = complete_and_die
run.report(6, {"loss": 0.5})
with run.checkpoint(7, note="last words") as path:
    (path / "model.txt").write_text("weights")
`,
    },
    { configuration: { max_restarts: 1 } },
  );
  const trial = await server.untilState(trialId, "completed", "failed");
  expect(trial).toMatchObject({ state: "completed", attempts: 2, restarts: 1, warnings: [] });
  const { checkpoints, runs } = await server.call("experiment/get", { experimentId: 1 });
  expect(checkpoints).toMatchObject([
    { step: 1, runId: `${trialId}.1` },
    {
      step: 7,
      runId: `${trialId}.1`,
      bytes: 7,
      metadata: { note: "last words" },
      metrics: { "training/loss": 0.5 },
    },
  ]);
  expect(trial.latestCheckpoint).toBe(checkpoints[1]?.uuid);
  expect(runs[1]?.resumedFromStep).toBe(7);
  expect(readFileSync(path.join(server.home, "runs", `${trialId}.2`, "stdout.log"), "utf8")).toBe(
    "weights\n",
  );
});

test("of checkpoints that nobody told of only those of the run are looked at, as strictly as the others", async () => {
  const trialId = await server.submit({
    "train.py": `
import json, os, time
folder = os.path.join(os.environ["TRAINYARD_RUN_DIR"], "..", "..", "checkpoints")
def make(number, run, files):
    uuid = "00000000-0000-0000-0000-%012d" % number
    os.makedirs(os.path.join(folder, uuid, "files"))
    manifest = {"version": 1, "uuid": uuid, "run": run, "trial": os.environ["TRAINYARD_TRIAL"], "step": number,
                "createdAt": time.time(), "metadata": {}, "metrics": {}, "files": files}
    json.dump(manifest, open(os.path.join(folder, uuid, "manifest.json"), "w"))
    return os.path.join(folder, uuid, "manifest.json")
mine = os.environ["TRAINYARD_RUN"]
make(1, mine, [])
make(2, mine, [{"path": "gone", "bytes": 1, "sha256": "0" * 64}])
make(3, "9.9.9", [])
os.utime(make(4, mine, []), (1, 1))
open(make(5, mine, []), "w").write("not JSON")
`,
  });
  const trial = await server.untilState(trialId, "completed");
  const { checkpoints } = await server.call("experiment/get", { experimentId: 1 });
  expect(checkpoints.map(({ step }) => step)).toEqual([1]);
  expect(trial.warnings).toHaveLength(1);
  expect(trial.warnings[0]).toContain("00000000-0000-0000-0000-000000000002 is not listed");
});

test("provenance joins what the run recorded with what the pool knows", async () => {
  const trialId = await server.submit({ "train.py": "print(1)" });
  await server.untilState(trialId, "completed");
  const { provenance } = await server.call("run/provenance", { runId: `${trialId}.1` });
  expect(provenance).toMatchObject({
    pool: {
      snapshot: { root: "/home/alice/project" },
      entrypoint: { kind: "script", script: "train.py" },
      leftOut: [],
      devices: [{ id: "cpu:0", kind: "cpu" }],
      trialSeed: (await server.trial(trialId)).seed,
    },
  });
});

test("the snapshot's files can be read, and nothing else", async () => {
  const trialId = await server.submit({ "train.py": "print(1)", "sub/x.txt": "x" });
  const { files } = await server.call("snapshot/files", { experimentId: 1 });
  expect(files.map((file) => file.path)).toEqual(["sub/x.txt", "train.py"]);
  const { bytes } = await server.call("snapshot/file", { experimentId: 1, path: "sub/x.txt" });
  expect(Buffer.from(bytes).toString()).toBe("x");
  await expect(server.call("snapshot/file", { experimentId: 1, path: "../config" })).rejects.toThrow();
  await server.untilState(trialId, "completed");
});

test("who watches a trial is told what can be pulled, once for each change", async () => {
  const trialId = await server.submit({
    "train.py": "import trainyard\ntrainyard.init().report(1, loss=2.0)\nprint('x')",
  });
  await server.call("watch", { trialIds: [trialId] });
  await server.untilState(trialId, "completed");
  await vi.waitUntil(() =>
    server.live.some(({ series, output }) => series.length > 0 && output?.stdout === 2),
  );
  expect(server.live.at(-1)).toMatchObject({
    trialId,
    series: [{ group: "training", name: "loss", count: 1, lastValue: 2 }],
    output: { runId: `${trialId}.1`, stdout: 2 },
  });
  expect(new Set(server.live.map((each) => JSON.stringify(each))).size).toBe(server.live.length);
});

test("an output that is a link, a folder or a pipe is empty", async () => {
  const trialId = await server.submit({ "train.py": "print(1)" });
  await server.untilState(trialId, "completed");
  const secret = path.join(server.home, "outside");
  writeFileSync(secret, "outside");
  const log = path.join(server.home, "runs", `${trialId}.1`, "stdout.log");
  const put = [
    () => symlinkSync(secret, log),
    () => mkdirSync(log),
    () => execFileSync("mkfifo", [log]), // nobody writes to it
  ];
  for (const each of put) {
    rmSync(log, { recursive: true });
    each();
    const read = await server.call("output/read", {
      runId: `${trialId}.1`,
      stream: "stdout",
      offset: 0,
      limit: 100,
    });
    expect(read).toMatchObject({ size: 0, bytes: new Uint8Array() });
  }
});
