/**
 * A supervisor that is killed between any two things that it does to files, locks and processes, from its first to its last: each of
 * these states, read by a server, comes to one end, with nothing started twice and nothing left. The kernel kills it, by strace.
 */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { RunSpec } from "../../../../src/cluster/protocol/runDirectory.ts";
import { createLeaseReader } from "../../../../src/cluster/server/resources/leases.ts";
import { findMarked } from "../../../../src/cluster/server/runs/processes.ts";
import { canTrace, killingAt, pointsIn, recording } from "../../../strace.ts";
import { createTestPool, never, PYTHON_FOLDER, type TestPool } from "./pool.ts";

/** So many are killed at the same time. */
const AT_ONCE = 6;

let pool: TestPool;
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "trainyard-points-"));
  const trainyard = path.join(folder, "trainyard");
  mkdirSync(trainyard);
  // Takes the supervisor's place; an adopter is left alone.
  writeFileSync(
    path.join(trainyard, "supervisor.py"),
    [
      "import os, sys",
      `command = [sys.executable, "-S", "-E", ${JSON.stringify(path.join(PYTHON_FOLDER, "trainyard/supervisor.py"))}, *sys.argv[1:]]`,
      `if "--adopt" not in sys.argv:`,
      `    options = open(os.path.join(sys.argv[1], "options")).read().split()`,
      `    command = ["strace", *options, *command]`,
      "os.execvp(command[0], command)",
    ].join("\n"),
  );
  pool = createTestPool(folder);
});
afterEach(async () => {
  await pool.close();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

/** Says in the run's directory that it begins, and of each report that it has returned. */
const SCRIPT = `
import os, time, trainyard
place = os.environ["TRAINYARD_RUN_DIR"]
with open(place + "/began", "a") as file:
    file.write("x")
if os.fork() == 0:
    os.setsid()
    time.sleep(60)
    os._exit(0)
run = trainyard.init()
returned = os.open(place + "/returned", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
for step in range(20):
    run.report(step, {"loss": float(step)})
    os.write(returned, b"%d\\n" % step)
    time.sleep(0.005)
`;

interface End {
  runId: string;
  /** The call before which it was killed: `rename 2` is the second rename. */
  point: string;
  wasKilled: boolean;
  phase: string;
  problems: string[];
}

/** @param options of strace */
async function runTraced(index: number, point: string, options: string[]): Promise<End> {
  const slot = { id: `cpu:${index}`, kind: "cpu", index, lease: `cpu-${index}` } as const;
  const { spec, tree } = await pool.spec({ "train.py": SCRIPT }, { slots: [slot], outputMetrics: true });
  mkdirSync(pool.folder(spec), { recursive: true });
  writeFileSync(path.join(pool.folder(spec), "options"), options.join(" "));
  await pool.executor.launch({ spec, tree, links: [], secrets: {} }, never);
  const seen = await pool.until(spec, "ended", "lost");
  const wasKilled = seen.phase === "lost" || seen.exit.code === null;
  return {
    runId: spec.run,
    point,
    wasKilled,
    phase: seen.phase,
    problems: problemsOf(spec, wasKilled),
  };
}

function problemsOf(spec: RunSpec, wasKilled: boolean): string[] {
  const problems: string[] = [];
  const text = (name: string): string => {
    const file = path.join(pool.folder(spec), name);
    return existsSync(file) ? readFileSync(file, "utf8") : "";
  };
  const left = findMarked(spec.key);
  if (left.length > 0) problems.push(`${left.length} processes are left`);
  if (createLeaseReader(spec.leases)(spec.slots[0]?.lease ?? "") !== null) problems.push("its slot is held");
  if (text("began").length > 1) problems.push("it began twice");
  if (!wasKilled && text("began") === "") problems.push("it ended well without a beginning");
  const events = path.join(pool.folder(spec), "events");
  const steps = (existsSync(events) ? readdirSync(events) : [])
    .filter((name) => name.includes("harness"))
    .flatMap((name) => readFileSync(path.join(events, name), "utf8").split("\n").slice(0, -1))
    .map((line) => JSON.parse(line) as { type: string; step: number })
    .flatMap(({ type, step }) => (type === "metrics" ? [step] : []));
  for (const step of text("returned").split("\n").slice(0, -1).map(Number))
    if (steps.filter((one) => one === step).length !== 1) problems.push(`step ${step} is not there once`);
  return problems;
}

test.skipIf(!canTrace)(
  "killed between any two of its deeds, a run ends once and leaves nothing",
  async () => {
    const trace = path.join(folder, "trace");
    const calm = await runTraced(0, "none", recording(trace));
    expect(calm).toMatchObject({ wasKilled: false, phase: "ended", problems: [] });
    const points = pointsIn(trace);
    expect(points).toContain("rename 1");
    expect(points.length).toBeGreaterThan(20);

    const ends: End[] = [];
    const next = points.entries();
    const kill = async (): Promise<void> => {
      for (const [index, point] of next) {
        ends.push(await runTraced(index + 1, point, killingAt(point)));
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, kill));
    expect(ends.filter(({ problems }) => problems.length > 0)).toEqual([]);
    // Behind the rename of exit.json it had said everything; and one that was faster than the first had no such late heartbeat.
    expect(ends.filter(({ wasKilled }) => wasKilled).length).toBeGreaterThan(20);
    expect(ends.filter(({ wasKilled, phase }) => !wasKilled && phase !== "ended")).toEqual([]);
    expect(ends.find(({ point }) => point === "rename 1")?.wasKilled).toBe(true);
    // A server that comes later sees the same.
    pool.restart();
    for (const { runId, phase } of ends)
      if (phase === "ended") expect(await pool.executor.poll([runId])).toMatchObject([{ phase }]);
  },
  120_000,
);
