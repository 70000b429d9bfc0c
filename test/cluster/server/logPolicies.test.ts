/** Log policies on what real scripts print. */
import { appendFileSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openTestServer, type TestServer } from "./testServer.ts";

let server: TestServer;
beforeEach(async () => {
  server = await openTestServer();
});
afterEach(() => server.close(), 30_000);

const fails = (line: string) => ({
  "train.py": `
import sys, trainyard
trainyard.report(1, loss=0.5)
print(${JSON.stringify(line)}, file=sys.stderr)
raise RuntimeError("no")
`,
});
const configuration = (...log_policies: object[]) => ({ configuration: { max_restarts: 2, log_policies } });

test("a label alone changes nothing of the restarts", async () => {
  const trialId = await server.submit(fails("CUDA out of memory."), configuration());
  const trial = await server.untilState(trialId, "failed");
  expect(trial).toMatchObject({ labels: ["CUDA OOM"], restarts: 2, attempts: 3 });
  expect(trial.failure?.message).not.toContain("not started again");
});

test("cancel_retries: no restart, and the reason says which line", async () => {
  const trialId = await server.submit(
    fails("corrupt record 17"),
    configuration({ name: "bad data", pattern: "corrupt record \\d+", action: "cancel_retries" }),
  );
  const trial = await server.untilState(trialId, "failed");
  expect(trial).toMatchObject({ labels: ["bad data"], restarts: 0, attempts: 1 });
  expect(trial.failure?.message).toContain(
    'RuntimeError: no (train.py, line 5) It is not started again: the log policy "bad data" cancels retries for the line "corrupt record 17".',
  );
});

test("exclude_node, in the older form: the pool has no other host, and says so", async () => {
  const trialId = await server.submit(
    fails("Xid 48"),
    configuration({ pattern: "Xid \\d+", action: { type: "exclude_node" } }),
  );
  const trial = await server.untilState(trialId, "failed");
  expect(trial).toMatchObject({ labels: [], attempts: 1 });
  expect(trial.failure?.message).toContain("excludes this host, the only one of the pool");
});

test("a run that ends well gets its label, also for a last line without an end", async () => {
  const policy = configuration({ name: "seen", pattern: "needle", action: "cancel_retries" });
  const well = await server.submit({ "train.py": 'print("needle", end="")' }, policy);
  expect(await server.untilState(well, "completed")).toMatchObject({ labels: ["seen"], failure: null });
});

test("a secret in the line is masked", async () => {
  const trialId = await server.submit(
    { "train.py": `import os\nprint("bad", os.environ["TOKEN"])\nraise SystemExit(3)` },
    {
      configuration: {
        max_restarts: 2,
        log_policies: [{ pattern: "^bad", action: "cancel_retries" }],
        environment: { environment_variables: ["TOKEN=${secret:token}"] },
      },
      secrets: { token: "quite-a-long-secret" },
    },
  );
  const trial = await server.untilState(trialId, "failed");
  expect(trial.failure?.message).toContain("for the line");
  expect(trial.failure?.message).not.toContain("quite-a-long-secret");
});

test("a line that was printed while no server lived is found, and one of before is not found twice", async () => {
  const trialId = await server.submit(
    {
      "train.py": `
import os, time
print("CUDA out of memory.", flush=True)
while not os.path.exists("go"): time.sleep(0.02)
raise SystemExit(3)
`,
    },
    configuration({ name: "late", pattern: "late words", action: "cancel_retries" }),
  );
  await server.until(trialId, ({ labels }) => labels.length === 1);
  await server.call("trial/annotate", { trialId, labels: [] });
  await server.restart(() => {
    appendFileSync(path.join(server.home, "runs", `${trialId}.1`, "stdout.log"), "late words\n");
  });
  await server.writeInto(`${trialId}.1`, "go", "");
  expect(await server.untilState(trialId, "failed")).toMatchObject({ labels: ["late"], attempts: 1 });
});

test("a flood of output, an endless line and a costly pattern keep nobody from being served", async () => {
  const trialId = await server.submit(
    {
      "train.py": `
import sys, time
for _ in range(64):
    sys.stdout.write("a" * (1 << 20))
sys.stdout.write("\\n" + ("a" * 200 + "\\n") * 100_000 + "needle\\n")
raise SystemExit(3)
`,
    },
    configuration(
      { name: "costly", pattern: "((a+)+)+b", action: "cancel_retries" },
      { name: "needle", pattern: "needle" },
    ),
  );
  expect(await server.untilState(trialId, "failed")).toMatchObject({ labels: ["needle"] });
}, 60_000);

test("a pattern that cannot be one is refused with the submission", async () => {
  await expect(
    server.submit(fails("x"), configuration({ pattern: "(a", action: "cancel_retries" })),
  ).rejects.toThrow("The pattern `(a` of log_policies cannot be used: missing closing )");
});
