import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { openTestServer, submission, type TestServer } from "./testServer.ts";

let server: TestServer;
beforeEach(async () => {
  server = await openTestServer();
});
afterEach(() => server.close(), 30_000);
const SCRIPT = { "train.py": "print(1)" };

test("a script that does not exist is refused before anything is made", async () => {
  await expect(server.submit(SCRIPT, { script: "trian.py" })).rejects.toMatchObject({
    reason: "invalid",
    message: "The script trian.py is not in the snapshot.",
  });
  await expect(server.submit(SCRIPT, { directory: "sub" })).rejects.toThrow("sub/train.py");
  expect((await server.call("experiment/list", {})).experiments).toEqual([]);
});

test("a snapshot that never came is refused", async () => {
  await expect(server.call("experiment/submit", submission("0".repeat(40)))).rejects.toMatchObject({
    reason: "notFound",
    remedy: expect.stringContaining("Submit again") as string,
  });
});

test.each([
  [{ searcher: { name: "custom", metric: "loss" } }, "refused", 'searcher "custom" does not run'],
  [{ searcher: { name: "random", metric: "loss" } }, "invalid", "random needs max_trials"],
  [{ hyperparameters: { lr: { type: "log", minval: -4, maxval: -1 } } }, "invalid", "needs `base`"],
  [
    { searcher: { name: "grid" }, hyperparameters: { lr: { type: "double", minval: 0, maxval: 1 } } },
    "invalid",
    "`count` for each range: lr has none",
  ],
])("a search that cannot be is refused: %j", async (configuration, reason, words) => {
  await expect(server.submit(SCRIPT, { configuration })).rejects.toMatchObject({
    reason,
    message: expect.stringContaining(words) as string,
    remedy: expect.any(String) as string,
  });
});

test("arguments and flags cannot be added to a shell line; a secret that was not sent is named", async () => {
  await expect(
    server.submit(SCRIPT, { configuration: { entrypoint: "python train.py", pass_as: "flags" } }),
  ).rejects.toMatchObject({ reason: "invalid" });
  const shell = { arguments: ["--epochs", "3"], configuration: { entrypoint: "python train.py" } };
  await expect(server.submit(SCRIPT, shell)).rejects.toMatchObject({
    reason: "invalid",
    message: expect.stringContaining("Arguments cannot be added") as string,
  });
  const environment = { environment_variables: { KEY: "${secret:wandb}" } };
  await expect(server.submit(SCRIPT, { configuration: { environment } })).rejects.toThrow("the secret wandb");
});

test("hyperparameters reach an unmodified script as flags and as TRAINYARD_PARAMS", async () => {
  const trialId = await server.submit(
    {
      "train.py": "import os, sys\nprint(sys.argv[1:], os.environ['TRAINYARD_PARAMS'], os.environ['EXTRA'])",
    },
    {
      arguments: ["--epochs", "2"],
      configuration: {
        pass_as: "flags",
        hyperparameters: { lr: 0.5, opt: { name: "a b" } },
        environment: { environment_variables: ["EXTRA=$HOME; echo no"] },
      },
    },
  );
  await server.untilState(trialId, "completed");
  const output = readFileSync(path.join(server.home, "runs", `${trialId}.1`, "stdout.log"), "utf8");
  const [, flags, parameters = "", extra] = /^(\[.*\]) (\{.*\}) (.*)\n$/.exec(output) ?? [];
  expect(flags).toBe("['--epochs', '2', '--lr=0.5', '--opt.name=a b']");
  expect(extra).toBe("$HOME; echo no");
  expect(JSON.parse(parameters)).toEqual({ lr: 0.5, opt: { name: "a b" } });
  // What was asked for stays apart from what it became, so that it can be asked for again.
  const { request } = await server.call("experiment/get", { experimentId: 1 });
  expect(request).toEqual({ arguments: ["--epochs", "2"], launcher: "python", startFrom: null });
});

test("a string entrypoint goes to the shell as it is written, a list is executed", async () => {
  const shell = await server.submit(SCRIPT, {
    configuration: { entrypoint: 'echo "$((1 + 1))" && python3 train.py' },
  });
  await server.untilState(shell, "completed");
  const list = await server.submit(SCRIPT, { configuration: { entrypoint: ["echo", "$((1 + 1))"] } });
  await server.untilState(list, "completed");
  const outputOf = (trialId: string) =>
    readFileSync(path.join(server.home, "runs", `${trialId}.1`, "stdout.log"), "utf8");
  expect(outputOf(shell)).toBe("2\n1\n");
  expect(outputOf(list)).toBe("$((1 + 1))\n");
});

test("`python` in an entrypoint is the interpreter that was chosen", async () => {
  const bin = path.join(server.home, "venv", "bin");
  mkdirSync(bin, { recursive: true });
  writeFileSync(path.join(bin, "python"), "#!/bin/sh\necho chosen\n", { mode: 0o755 });
  const interpreter = path.join(bin, "python");
  for (const entrypoint of ["python train.py", ["python", "train.py"]]) {
    const trialId = await server.submit(SCRIPT, { interpreter, configuration: { entrypoint } });
    await server.untilState(trialId, "completed");
    expect(readFileSync(path.join(server.home, "runs", `${trialId}.1`, "stdout.log"), "utf8")).toBe(
      "chosen\n",
    );
  }
});

test("a secret reaches the script and nothing else: not the answers, and no file of the run once it has ended", async () => {
  const secret = "correct-horse-battery";
  const trialId = await server.submit(
    {
      "train.py": `
import os, time, trainyard
run = trainyard.init()
print("key", os.environ["KEY"], flush=True)
with run.checkpoint(1, note=os.environ["KEY"]) as path: (path / "w").write_text("1")
run.param("key", os.environ["KEY"])
while not os.path.exists("go"): time.sleep(0.01)
raise ValueError("bad key " + os.environ["KEY"])
`,
    },
    {
      secrets: { wandb: secret },
      configuration: {
        max_restarts: 0,
        environment: { environment_variables: { KEY: "${secret:wandb}" } },
      },
    },
  );
  const runId = `${trialId}.1`;
  const folder = path.join(server.home, "runs", runId);
  const output = () => server.call("output/read", { runId, stream: "stdout", offset: 0, limit: 1000 });
  await server.untilState(trialId, "running");
  const text = await vi.waitUntil(async () => {
    const printed = Buffer.from((await output()).bytes).toString();
    return printed.includes("\n") ? printed : null;
  });
  expect(text).toBe(`key ${"*".repeat(secret.length)}\n`);
  await server.until(trialId, ({ parameters }) => "key" in parameters);
  expect((await server.trial(trialId)).parameters.key?.value).toBe("***");
  const file = path.join(server.home, "state", "secrets", "1.json");
  expect(existsSync(file)).toBe(true);
  for (const name of ["spec.json", "supervisor.json"])
    expect(readFileSync(path.join(folder, name), "utf8")).not.toContain(secret);
  const { checkpoints } = await server.call("experiment/get", { experimentId: 1 });
  const uuid = checkpoints[0]?.uuid ?? "";
  const noted = { manifest: { metadata: { note: "***" }, files: [{ path: "w" }] } };
  expect(await server.call("checkpoint/manifest", { uuid })).toMatchObject(noted);
  await server.writeInto(runId, "go", "");
  const trial = await server.untilState(trialId, "failed");
  expect(trial.failure?.exception?.message).toBe("bad key ***");
  await vi.waitUntil(() => !existsSync(file));
  const events = readdirSync(path.join(folder, "events")).map((name) => path.join("events", name));
  for (const name of ["stdout.log", "stderr.log", "provenance.json", ...events])
    expect(readFileSync(path.join(folder, name), "utf8")).not.toContain(secret);
  expect(await server.call("checkpoint/manifest", { uuid })).toMatchObject(noted);
  expect(Buffer.from((await output()).bytes).toString()).toBe(text);
  expect(JSON.stringify(server.events)).not.toContain(secret);
  for (const name of readdirSync(path.join(server.home, "state")).filter((each) =>
    each.startsWith("pool.sqlite"),
  ))
    expect(readFileSync(path.join(server.home, "state", name)).includes(secret)).toBe(false);
});

test("a secret that is too short to be masked is refused", async () => {
  await expect(
    server.submit(SCRIPT, {
      secrets: { pin: "123" },
      configuration: { environment: { environment_variables: { PIN: "${secret:pin}" } } },
    }),
  ).rejects.toMatchObject({
    reason: "invalid",
    message: expect.stringContaining("The secret pin has fewer than 4 characters") as string,
  });
});
