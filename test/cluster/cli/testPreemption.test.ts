/** `trainyard test-preemption` on real scripts. */
import { afterEach, expect, test } from "vitest";
import { put, temporaryFolder } from "../client/support.ts";
import { commandLine } from "./terminal.ts";

const { run, connect } = commandLine();

/** @param start from which step it goes on; `step` is the checkpoint's */
const script = ({ start = "step + 1", noise = "0", save = true, asks = true }) => `
import random, time, trainyard
run = trainyard.init()
rate = trainyard.param("rate", 0.5)
step, weight = 0, 1.0
if run.latest_checkpoint:
    step, weight = eval((run.latest_checkpoint / "state").read_text())
    step = ${start}
while step < 400:
    weight *= 0.999 + rate / 1000 + ${noise}
    run.report(step, loss=weight)
    if ${asks ? "run.should_stop()" : "False"}:
        ${save ? 'with run.checkpoint(step) as path: (path / "state").write_text(repr((step, weight)))' : "pass"}
        break
    step += 1
    time.sleep(0.03)
`;

async function tried(text: string, ...options: string[]) {
  const cwd = temporaryFolder("project");
  put(cwd, { "train.py": text });
  const { code, stdout, stderr } = await run(["test-preemption", "train.py", "--json", ...options], { cwd });
  return { code, stderr, ...(JSON.parse(stdout) as { kind: string; finding: string; advice: string }) };
}
const left = async () =>
  JSON.parse((await run(["list", "--json"])).stdout) as { experiments: { id: number; labels: string[] }[] };

afterEach(async () => {
  const pool = await connect();
  for (const { id } of (await left()).experiments)
    await pool.call("experiment/delete", { experimentId: id, confirm: true });
  pool.close();
}, 30_000);

test("a script that goes on from its checkpoint is safe, and nothing of the test is left", async () => {
  const found = await tried(script({}));
  expect(found).toMatchObject({ code: 0, kind: "equal", advice: "" });
  expect(found.finding).toContain("to the bit");
  expect((await left()).experiments).toEqual([]);
}, 120_000);

test("one that begins again from zero is not; both experiments are there to be looked at, labelled", async () => {
  const found = await tried(script({ start: "0" }));
  expect(found).toMatchObject({ code: 1, kind: "unsafe" });
  expect(found.finding).toMatch(
    /^Not safe to preempt: it began again from step 0, although its checkpoint is of step \d+\.$/,
  );
  expect(found.advice).toContain("run.latest_checkpoint");
  const { experiments } = await left();
  expect(experiments.map(({ labels }) => labels)).toEqual([["preemption test"], ["preemption test"]]);
}, 120_000);

test("one without a seed is safe, and it is said by how much and since when values differ", async () => {
  const found = await tried(script({ noise: "random.random() / 1000" }));
  expect(found).toMatchObject({ code: 0, kind: "differs" });
  expect(found.finding).toMatch(
    /values differ: training\/loss by up to [\d.e-]+ at step \d+, first training\/loss at step 0\./,
  );
  expect(found.advice).toContain("seed everything");
}, 120_000);

test("one that leaves a step out, one without a checkpoint, and one that is over too soon", async () => {
  expect((await tried(script({ start: "step + 3" }))).finding).toMatch(/step \d+ is missing/);
  expect((await tried(script({ save: false }))).finding).toContain("left without a checkpoint");
  expect(await tried("import trainyard\ntrainyard.report(1, loss=1)\n")).toMatchObject({
    code: 1,
    kind: "unclear",
  });
}, 180_000);

/** What a library's save does when it is captured (test/capture has the libraries). */
const plain = (goesOn: boolean) => `
import json, os, time
from trainyard.capture.checkpoints import saved
step, weight = 0, 1.0
if ${goesOn ? "True" : "False"} and os.path.exists("last.json"):
    step, weight = json.load(open("last.json"))
while step < 400:
    weight *= 0.999
    print(f"step={step} loss={weight}")
    step += 1
    with open("last.json", "w") as file:
        json.dump((step, weight), file)
    saved("json", "last.json")
    time.sleep(0.03)
`;

test("a plain script that looks for its own file is safe, and one that does not is found out", async () => {
  expect(await tried(plain(true))).toMatchObject({ code: 0, kind: "equal" });
  expect((await tried(plain(false))).finding).toContain("it began again from step 0");
}, 240_000);

test("one that is cancelled leaves nothing behind", async () => {
  const cwd = temporaryFolder("project");
  put(cwd, { "train.py": script({}) });
  const cancel = new AbortController();
  const running = run(["test-preemption", "train.py", "--steps", "300"], { cwd, signal: cancel.signal });
  await expect.poll(async () => (await left()).experiments.length, { timeout: 30_000 }).toBe(2);
  cancel.abort();
  expect((await running).code).toBe(130);
  expect((await left()).experiments).toEqual([]);
}, 120_000);

test("how many steps must be a number", async () => {
  expect(await run(["test-preemption", "train.py", "--steps", "few"])).toMatchObject({ code: 2 });
});
