/** What runs print, through an open pool: waited for, searched, dropped at its limit, never with a secret in it. */
import { readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { MOST_FOLLOWERS } from "../../../src/cluster/protocol/outputLimits.ts";
import { openTestServer, type TestServer } from "./testServer.ts";

let server: TestServer;
beforeEach(async () => {
  server = await openTestServer();
});
afterEach(() => server.close(), 30_000);

const RUN = { runId: "1.1.1", stream: "stdout" } as const;
const logOf = () => path.join(server.home, "runs/1.1.1/stdout.log");
const WAITS = {
  "train.py": `
import pathlib, time
print("begun", flush=True)
while not pathlib.Path("go").exists(): time.sleep(0.05)
print("done")
`,
};
/** A run of which the output is what a test makes it. */
async function ended(text: string, changes = {}): Promise<void> {
  const trialId = await server.submit({ "train.py": "pass" }, changes);
  await server.untilState(trialId, "completed");
  writeFileSync(logOf(), text);
}

test("a read that waits is answered when something is printed, and when the run has ended", async () => {
  const trialId = await server.submit(WAITS);
  await server.untilState(trialId, "running");
  const first = await server.call("output/read", { ...RUN, offset: 0, limit: 100, waitMs: 30_000 });
  expect(Buffer.from(first.bytes).toString()).toBe("begun\n");
  const second = server.call("output/read", { ...RUN, offset: 6, limit: 100, waitMs: 30_000 });
  expect(await Promise.race([second, sleep(400).then(() => "waits")])).toBe("waits");
  await server.writeInto("1.1.1", "go", "");
  expect(Buffer.from((await second).bytes).toString()).toBe("done\n");
  const last = await server.call("output/read", { ...RUN, offset: 11, limit: 100, waitMs: 30_000 });
  expect(last).toMatchObject({ offset: 11, size: 11, ended: true });
});

test("a connection follows so many outputs and no more, which is said; another one may", async () => {
  const trialId = await server.submit(WAITS);
  await server.untilState(trialId, "running");
  await server.call("output/read", { ...RUN, offset: 0, limit: 100, waitMs: 30_000 });
  const wait = (clientId: number, waitMs = 30_000) =>
    server.call("output/read", { ...RUN, offset: 6, limit: 100, waitMs }, clientId);
  const waiting = Array.from({ length: MOST_FOLLOWERS }, () => wait(1));
  await sleep(300);
  await expect(wait(1)).rejects.toThrow(
    `This connection follows ${MOST_FOLLOWERS} outputs already, which is the most at one time.`,
  );
  expect(await wait(2, 10)).toMatchObject({ ended: false });
  await server.writeInto("1.1.1", "go", "");
  for (const { bytes } of await Promise.all(waiting)) expect(Buffer.from(bytes).toString()).toBe("done\n");
  expect(await wait(1)).toMatchObject({ offset: 6 });
});

test("a search and the numbers of lines, by a thread beside the server", async () => {
  await ended(Array.from({ length: 300_000 }, (_, n) => `step ${n + 1} of it\n`).join(""));
  const query = { text: "STEP 250000 " };
  const { matches, next } = await server.call("output/search", { ...RUN, query });
  expect(matches).toMatchObject([{ excerpt: "step 250000 of it", found: { from: 0, to: 12 } }]);
  expect(next).toBeNull();
  const offset = matches[0]?.offset ?? 0;
  for (;;) {
    const { places, lineCount } = await server.call("output/lines", {
      ...RUN,
      offsets: [offset],
      lines: [7],
    });
    if (lineCount === null) continue;
    expect(lineCount).toBe(300_000);
    expect(places).toEqual([
      { line: 250_000, offset },
      { line: 7, offset: 6 * "step 1 of it\n".length },
    ]);
    break;
  }
  expect((await server.call("output/search", { ...RUN, query })).matches).toMatchObject([{ line: 250_000 }]);
  await expect(
    server.call("output/search", { ...RUN, query: { text: "(?=a)", kind: "expression" } }),
  ).rejects.toThrow("is not a regular expression that is understood here");
  expect((await server.call("output/search", { ...RUN, stream: "stderr", query })).matches).toEqual([]);
  await expect(server.call("output/search", { ...RUN, runId: "9.1.1", query })).rejects.toThrow(
    "There is no run 9.1.1",
  );
});

test("a secret is not found by its text, nor shown around what is", async () => {
  const configuration = { environment: { environment_variables: ["TOKEN=${secret:TOKEN}"] } };
  const script = `print("key hunter2hunter2 used\\n" * 3)\n${WAITS["train.py"]}`;
  const trialId = await server.submit(
    { "train.py": script },
    { configuration, secrets: { TOKEN: "hunter2hunter2" } },
  );
  await server.untilState(trialId, "running");
  await server.call("output/read", { ...RUN, offset: 80, limit: 100, waitMs: 30_000 });
  for (const text of ["hunter2hunter2", "hunter2"])
    expect((await server.call("output/search", { ...RUN, query: { text } })).matches).toEqual([]);
  const { matches } = await server.call("output/search", { ...RUN, query: { text: "used" } });
  expect(matches.map(({ excerpt }) => excerpt)).toEqual(Array(3).fill(`key ${"*".repeat(14)} used`));
  await server.writeInto("1.1.1", "go", "");
});

test("what was dropped is skipped by every reader, and said", async () => {
  const unit = 1024 * 1024;
  await ended("\0".repeat(unit) + "t of a line\nneedle 2\n");
  const dropped = { version: 1, stdout: { bytes: unit, lines: 5000 } };
  writeFileSync(path.join(server.home, "runs/1.1.1/dropped.json"), JSON.stringify(dropped));
  const read = await server.call("output/read", { ...RUN, offset: 0, limit: 1000 });
  expect(read).toMatchObject({ offset: unit, dropped: unit });
  expect(Buffer.from(read.bytes).toString()).toBe("t of a line\nneedle 2\n");
  const tail = await server.call("output/read", { ...RUN, offset: -5 * unit, limit: 1000 });
  expect(tail.offset).toBe(unit);
  await server.call("output/lines", RUN);
  const { matches } = await server.call("output/search", { ...RUN, query: { text: "needle" } });
  expect(matches).toMatchObject([{ offset: unit + 12, line: 5002 }]);
  expect(await server.call("output/lines", { ...RUN, lines: [5002, 4000] })).toMatchObject({
    places: [{ line: 5002, offset: unit + 12 }, null],
    droppedLines: 5000,
    lineCount: 5002,
  });
  writeFileSync(path.join(server.home, "runs/1.1.1/dropped.json"), '{"version":1,"stdout":{"bytes":-7}}');
  expect((await server.call("output/read", { ...RUN, offset: 0, limit: 10 })).offset).toBe(0);
});

test("beyond output_limit a run's head is dropped, its trial says so, and a log policy still sees the rest", async () => {
  const script = `
import sys, time
for block in range(48):
    sys.stdout.write(("x" * 1023 + "\\n") * 1024)
    sys.stdout.flush()
    time.sleep(0.1)
print("needle")
`;
  const trialId = await server.submit(
    { "train.py": script },
    { configuration: { output_limit: "16 MiB", log_policies: [{ name: "seen", pattern: "needle" }] } },
  );
  const trial = await server.untilState(trialId, "completed");
  expect(trial.labels).toEqual(["seen"]);
  expect(trial.warnings.join()).toContain("stdout has passed its limit of 16.8 MB");
  const { size, blocks } = statSync(logOf());
  expect(size).toBe(48 * 1024 * 1024 + 7);
  expect(blocks * 512).toBeLessThanOrEqual(17 * 1024 * 1024);
  const { offset, dropped } = await server.call("output/read", { ...RUN, offset: 0, limit: 10 });
  expect(offset).toBe(dropped);
  expect(JSON.parse(readFileSync(path.join(server.home, "runs/1.1.1/dropped.json"), "utf8"))).toMatchObject({
    stdout: { bytes: dropped, lines: dropped / 1024 },
  });
}, 60_000);
