import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { Pool } from "../../../src/cluster/cli/command.ts";
import { COMMANDS } from "../../../src/cluster/cli/run.ts";
import { Checkpoint, Experiment, Slot, Trial } from "../../../src/cluster/protocol/entities.ts";
import { git, put, repository, temporaryFolder } from "../client/support.ts";
import { commandLine, unreachable } from "./terminal.ts";

const { run, home, connect } = commandLine();

const SCRIPT = `import sys, trainyard
run = trainyard.init()
print("arguments", sys.argv[1:], "rate", trainyard.param("lr", 0.5), flush=True)
print("to stderr", file=sys.stderr)
for step in range(1, 4):
    run.report(step, {"loss": 1 / step})
    run.validate(step, {"val_loss": 4 - step})
    with run.checkpoint(step) as path:
        (path / "weights.txt").write_text(f"weights {step}")
`;

const TENSORS = `import json, struct, trainyard
run = trainyard.init()
with run.checkpoint(1) as path:
    header = json.dumps({"__metadata__": {"format": "pt"},
        "w\\x1b[2J": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}}).encode()
    (path / "model.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + bytes(24))
    (path / "notes.txt").write_text("here")
    (path / "broken.safetensors").write_bytes(bytes(8))
`;

function project(script = SCRIPT): string {
  const folder = temporaryFolder("project");
  put(folder, { "train.py": script });
  return folder;
}

describe("one experiment from end to end", () => {
  it("submits, waits, lists, shows, logs, reads metrics, restores, renames and deletes", async () => {
    const cwd = project();
    put(cwd, { "train.yaml": "name: first\nhyperparameters: {lr: 0.25}\nresources: {shm_size: 1G}\n" });
    const submitted = await run(["submit", "train.py", "--wait", "--", "--epochs", "3", "a b"], { cwd });
    expect(submitted.stderr).toContain("note: train.yaml:3: `resources.shm_size` has no effect here.");
    expect(submitted).toMatchObject({ code: 0, stdout: "" });
    expect(submitted.stderr).toMatch(/\n1 completed, step 3/);

    const listed = await run(["list", "--json"]);
    const { experiments } = JSON.parse(listed.stdout) as { experiments: unknown[] };
    expect(experiments.map((experiment) => Experiment.parse(experiment))).toMatchObject([
      { id: 1, name: "first", state: "completed", configuration: "train.yaml", workspace: cwd },
    ]);
    expect((await run(["list"])).stdout).toMatch(/^ID +STATE +NAME[^]*1 +completed +first/);

    expect((await run(["logs", "1"])).stdout).toBe("arguments ['--epochs', '3', 'a b'] rate 0.25\n");
    expect((await run(["logs", "1.1", "--stderr"])).stdout).toBe("to stderr\n");
    expect((await run(["logs", "1.1.1", "-f"])).stdout).toContain("arguments");
    expect(JSON.parse((await run(["logs", "1", "--json"])).stdout)).toMatchObject({
      runId: "1.1.1",
      stream: "stdout",
    });

    const shown = await run(["show", "1"]);
    expect(shown.stdout).toContain("val_loss 1 at step 3");
    const trial = JSON.parse((await run(["show", "1.1", "--json"])).stdout) as { trial: unknown };
    expect(Trial.parse(trial.trial)).toMatchObject({ id: "1.1", state: "completed" });

    const curve = JSON.parse((await run(["metrics", "1", "--metric", "training/loss", "--json"])).stdout) as {
      series: { points: { step: number; value: number; time: number }[] }[];
    };
    expect(curve.series[0]?.points.map(({ step, value }) => [step, value])).toEqual([
      [1, 1],
      [2, 1 / 2],
      [3, 1 / 3],
    ]);
    expect(Math.abs((curve.series[0]?.points[0]?.time ?? 0) - Date.now())).toBeLessThan(600_000);
    expect((await run(["metrics", "1"])).stdout).toMatch(/validation\/val_loss +3 +3 +1/);
    expect(await run(["metrics", "1", "--metric", "nope"])).toMatchObject({ code: 2 });

    const { checkpoints } = JSON.parse((await run(["checkpoints", "1", "--json"])).stdout) as {
      checkpoints: unknown[];
    };
    const ranked = checkpoints.map((checkpoint) => Checkpoint.parse(checkpoint));
    expect(ranked.map(({ step }) => step)).toEqual([3, 2, 1]);

    const restored = await run(["restore", "1"], { cwd });
    expect(restored).toMatchObject({ code: 0 });
    expect(restored.stdout).toContain("checkpoints/1-1-step3");
    expect(readFileSync(path.join(cwd, "checkpoints/1-1-step3/weights.txt"), "utf8")).toBe("weights 3");
    expect((await run(["restore", "1"], { cwd })).stdout).toContain("was there already");
    const other = ranked[2]?.uuid ?? "";
    expect(await run(["restore", other, "--to", "mine"], { cwd })).toMatchObject({ code: 0 });
    expect(readFileSync(path.join(cwd, "mine/weights.txt"), "utf8")).toBe("weights 1");
    const conflict = await run(["restore", "1", "--to", "mine"], { cwd });
    expect(conflict).toMatchObject({ code: 1, stdout: "" });
    expect(conflict.stderr).toContain("The folder holds another checkpoint.");
    expect(await run(["restore", "1", "--to", "mine", "--replace"], { cwd })).toMatchObject({ code: 0 });
    expect(readFileSync(path.join(cwd, "mine/weights.txt"), "utf8")).toBe("weights 3");

    expect(await run(["rename", "1", "another name"])).toMatchObject({ code: 0 });
    expect(await run(["rename", "1.1", "the only one"])).toMatchObject({ code: 0 });
    expect(await run(["note", "1.1"])).toMatchObject({ code: 0, stdout: "1.1 has no notes.\n" });
    expect(await run(["note", "1.1", "# Why\n\u001b[2Jit is"])).toMatchObject({ code: 0 });
    expect(await run(["note", "1.1"])).toMatchObject({ code: 0, stdout: "# Why\nit is\n" });
    expect(await run(["label", "1", "+fast", "+old"])).toMatchObject({ code: 0, stdout: "fast, old\n" });
    expect(await run(["label", "1", "-old", "+new"])).toMatchObject({ code: 0, stdout: "fast, new\n" });
    const written = JSON.parse((await run(["show", "1.1", "--json"])).stdout) as { trial: unknown };
    expect(Trial.parse(written.trial)).toMatchObject({
      name: "the only one",
      notes: "# Why\n\u001b[2Jit is",
    });
    expect((await run(["show", "1"])).stdout).toMatch(/Labels +fast, new/);
    const compared = await run(["compare", "1", "1.1", "--all"]);
    expect(compared.stdout).toMatch(/RESULTS +1\.1 +1\.1\n/);
    expect(compared.stdout).toMatch(/validation\/val_loss, best +1 +1\n/);
    expect((await run(["compare", "1", "1.1"])).stdout).toContain("do not differ");
    const refused = await run(["delete", "1"]);
    expect(refused).toMatchObject({ code: 2 });
    expect(refused.stderr).toContain("experiment 1 with 3 checkpoints");
    expect((await run(["list"])).stdout).toContain("another name");
    expect(await run(["delete", "1", "--yes"])).toMatchObject({ code: 0 });
    expect((await run(["list"])).stdout).not.toContain("another name");
  }, 60_000);

  it("exits with 1 when the experiment fails, and says why and where", async () => {
    const cwd = project("def boom():\n    raise ValueError('too large')\nboom()\n");
    const ran = await run(["submit", "train.py", "--wait", "--json"], { cwd });
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain("too large");
    const { experiment } = JSON.parse(ran.stdout) as { experiment: unknown };
    const { id, state } = Experiment.parse(experiment);
    expect(state).toBe("failed");
    expect((await run(["show", String(id)])).stdout).toContain("train.py:2");
  }, 60_000);

  it("says what a search asks, and goes on when it is resumed", async () => {
    const cwd = project("raise ValueError('no data')\n");
    put(cwd, {
      "train.yaml":
        "hyperparameters: {x: {type: double, minval: 0, maxval: 1}}\nsearcher: {name: random, metric: loss, max_trials: 5}\n",
    });
    const submitted = await run(["submit", "train.py", "--json"], { cwd });
    const id = String((JSON.parse(submitted.stdout) as { experimentId: number }).experimentId);
    await expect.poll(async () => (await run(["list"])).stdout).toContain("paused, asks");
    const { stdout } = await run(["show", id]);
    expect(stdout).toMatch(/Asks +3 trials failed in the same place [^]*ValueError at train\.py:1/);
    expect(stdout).toContain(
      `Go on with \`trainyard resume ${id}\`, or end it with \`trainyard stop ${id}\`.`,
    );
    expect(await run(["resume", id])).toMatchObject({ code: 0 });
    await expect.poll(async () => (await run(["show", id])).stdout).toMatch(/State +failed/);
    expect((await run(["show", id])).stdout).not.toContain("Asks");
  }, 60_000);

  it("stops what runs; follows output until then; leaving with Ctrl-C leaves it running", async () => {
    const cwd = project("import time\nprint('begun', flush=True)\ntime.sleep(120)\n");
    const interrupt = new AbortController();
    const waiting = run(["submit", "train.py", "--wait"], { cwd, signal: interrupt.signal });
    await sleep(300);
    const id = await untilRunning();
    interrupt.abort();
    const left = await waiting;
    expect(left.code).toBe(130);
    expect(left.stderr).toContain("goes on without this command");
    const following = run(["logs", id, "--follow"]);
    expect(await run(["kill", id])).toMatchObject({ code: 0 });
    expect(await following).toMatchObject({ code: 0, stdout: "begun\n" });
    expect((await run(["show", id])).stdout).toMatch(/State +killed/);
  }, 60_000);

  it("waits on when another server takes over", async () => {
    const cwd = project(
      "import os, time\nprint('begun', flush=True)\nwhile not os.path.exists('go'): time.sleep(0.01)\n",
    );
    const waiting = run(["submit", "train.py", "--wait"], { cwd });
    const id = await untilRunning();
    expect(await run(["server", "stop"])).toMatchObject({ code: 0 });
    await untilRunning();
    writeFileSync(path.join(home, "runs", `${id}.1.1`, "work", "go"), "");
    expect(await waiting).toMatchObject({ code: 0 });
  }, 60_000);

  async function untilRunning(): Promise<string> {
    for (;;) {
      const { experiments } = JSON.parse((await run(["list", "--json"])).stdout) as {
        experiments: Experiment[];
      };
      const running = experiments.find((experiment) => experiment.state === "running");
      if (running && (await run(["logs", String(running.id)])).stdout.includes("begun"))
        return String(running.id);
      await sleep(100);
    }
  }
});

describe("what the snapshot is of", () => {
  it("the repository around the script; the run starts where the person is", async () => {
    const folder = repository({ "lib/helper.py": "NAME = 'helped'\n", ".gitignore": "data/\n" });
    put(folder, {
      "scripts/train.py":
        "import os, sys\nsys.path.insert(0, 'lib')\nimport helper\nprint(helper.NAME, os.listdir('data'))\n",
      "data/a.txt": "a",
    });
    const ran = await run(["submit", "scripts/train.py", "--wait"], { cwd: folder });
    expect(ran).toMatchObject({ code: 0 });
    expect(ran.stderr).toContain("linked: data");
    const id = /Experiment (\d+)/.exec(ran.stderr)?.[1] ?? "";
    expect((await run(["logs", id])).stdout).toBe("helped ['a.txt']\n");
    expect(git(folder, "status", "--porcelain")).toBe("?? scripts/\n");
  }, 60_000);

  it("needs --yes above 10,000 files, and says what is large", async () => {
    const cwd = project("print('ran')\n");
    mkdirSync(path.join(cwd, "many"));
    for (let number = 0; number < 10_001; number++) writeFileSync(path.join(cwd, "many", String(number)), "");
    const refused = await run(["submit", "train.py"], { cwd });
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain("10,002 files");
    expect(refused.stderr).toMatch(/10,001 files +many/);
    expect(refused.stderr).toContain("--yes");
    expect(await run(["submit", "train.py", "--yes", "--wait"], { cwd })).toMatchObject({ code: 0 });
    expect(await run(["submit", "train.py", "--wait"], { cwd })).toMatchObject({ code: 0 });
  }, 120_000);
});

describe("bad input", () => {
  it.each<[string[], number, RegExp]>([
    [[], 2, /^Usage: trainyard COMMAND/],
    [["nope"], 2, /There is no command `nope`/],
    [["pool"], 2, /There is: pool status/],
    [["show"], 2, /`show` needs ID[^]*Usage: trainyard show ID/],
    [["show", "12x"], 2, /`12x` is no id/],
    [["show", "1", "2"], 2, /one argument too many/],
    [["list", "--frobnicate"], 2, /frobnicate/],
    [["list", "--", "x"], 2, /takes nothing after/],
    [["submit", "none.py"], 1, /There is no script/],
    [["submit", "train.py", "extra"], 2, /Arguments of the script follow after `--`/],
    [["submit", "train.py", "--slots", "many"], 2, /--slots many/],
    [["submit", "train.py", "--config", "none.yaml"], 1, /There is no configuration/],
    [["submit", "train.py", "--python", "/no/python"], 1, /There is no Python at \/no\/python/],
    [["submit", "ignored.py"], 1, /ignored.py is not part of the snapshot: ignored by .gitignore:1/],
    [["show", "999"], 1, /999/],
    [["restore", "999"], 1, /999/],
    [["restore", "11111111-1111-1111-1111-111111111111"], 1, /11111111/],
    [["rename", "1", " "], 2, /A name has/],
    [["compare", "1"], 2, /takes 2 to 8/],
    [["label", "1", "fast"], 2, /neither \+LABEL nor -LABEL/],
    [["label", "1", `+${"x".repeat(51)}`], 2, /1 to 50 characters/],
    [["kill", "1.1.1"], 2, /neither an experiment/],
  ])("%j exits with %i", async (argv, code, message) => {
    const cwd = project();
    put(cwd, { "ignored.py": "x", ".gitignore": "ignored.py\n" });
    const ran = await run(argv, { cwd });
    expect(ran.stderr).toMatch(message);
    expect(ran).toMatchObject({ code, stdout: "" });
  });

  it.each<[string[], number, object]>([
    [
      ["logs", "1", "-f", "--json"],
      2,
      { remedy: expect.stringContaining("Usage: trainyard logs ID") as string },
    ],
    [["list", "--json", "--frobnicate"], 2, { remedy: "Usage: trainyard list [--filter TEXT] [--limit N]" }],
    [["submit", "none.py", "--json"], 1, { remedy: "Check the path." }],
    [["show", "999", "--json"], 1, { message: "There is no experiment 999 in this pool." }],
  ])("%j prints one document that says what is wrong", async (argv, code, error) => {
    const ran = await run(argv);
    expect(ran.code).toBe(code);
    expect(JSON.parse(ran.stdout)).toMatchObject({ error });
    expect(ran.stderr).toMatch(/^trainyard: /);
  });

  it("says each mistake of a configuration with its place", async () => {
    const cwd = project();
    put(cwd, { "train.yaml": "searcher:\n  max_trial: 3\n" });
    const ran = await run(["submit", "train.py"], { cwd });
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain(
      "train.yaml:2:3: Unknown key `searcher.max_trial`. Did you mean `max_trials`?",
    );
    put(cwd, { "train.yaml": "searcher: {name: custom, metric: x}\n" });
    expect((await run(["submit", "train.py"], { cwd })).stderr).toContain("`custom` does not run here");
  });

  it("takes the table in the script itself, before a file beside it", async () => {
    const block = (toml: string): string => `# /// script\n${toml.replace(/^/gm, "# ")}\n# ///\n`;
    const own = block('[tool.trainyard]\nname = "own"\nmax_restarts = 1\nhyperparameters.lr = 0.125');
    const cwd = project(own + SCRIPT);
    put(cwd, {
      "train.yaml": "name: beside\n",
      "broken.py": `${block("[tool.trainyard]\nname =")}${SCRIPT}`,
    });
    const ran = await run(["submit", "train.py", "--wait"], { cwd });
    expect(ran).toMatchObject({ code: 0 });
    const id = /Experiment (\d+)/.exec(ran.stderr)?.[1] ?? "";
    expect((await run(["logs", id])).stdout).toContain("rate 0.125");
    const shown = JSON.parse((await run(["show", id, "--json"])).stdout) as { experiment: unknown };
    expect(shown.experiment).toMatchObject({ name: "own", configuration: "train.py" });

    const chosen = await run(["submit", "train.py", "--wait", "--config", "train.yaml"], { cwd });
    expect(chosen).toMatchObject({ code: 0 });
    const second = /Experiment (\d+)/.exec(chosen.stderr)?.[1] ?? "";
    expect((await run(["logs", second])).stdout).toContain("rate 0.5");

    const broken = await run(["submit", "broken.py"], { cwd });
    expect(broken.code).toBe(1);
    expect(broken.stderr).toContain("broken.py:3:3: A value is missing here.");
    expect((await run(["preview", "train.py"], { cwd })).code).toBe(0);
  }, 60_000);

  it("takes secrets from the environment, and names those that are missing", async () => {
    const cwd = project("import os\nprint(len(os.environ['KEY']))\n");
    put(cwd, { "train.yaml": "environment:\n  environment_variables: ['KEY=${secret:MY_KEY}']\n" });
    const missing = await run(["submit", "train.py"], { cwd });
    expect(missing).toMatchObject({ code: 1 });
    expect(missing.stderr).toContain("MY_KEY");
    const ran = await run(["submit", "train.py", "--wait"], { cwd, environment: { MY_KEY: "s3cret" } });
    expect(ran).toMatchObject({ code: 0 });
    const id = /Experiment (\d+)/.exec(ran.stderr)?.[1] ?? "";
    expect((await run(["logs", id])).stdout).toBe("6\n");
  }, 60_000);

  it.each([
    ...["list", "pool status", "submit train.py", "submit train.py --wait", "restore 1", "logs 1 -f"],
    ...[
      "pause 1",
      "resume 1",
      "stop 1",
      "kill 1.1",
      "rename 1 other",
      "note 1 words",
      "label 1 +a",
      "delete 1 --yes",
    ],
  ])("exits with 3 when the pool cannot be reached, and says what to do: %s", async (command) => {
    const ran = await run(command.split(" "), { connect: unreachable, cwd: project() });
    expect(ran).toMatchObject({ code: 3, stdout: "" });
    expect(ran.stderr).toBe("trainyard: The pool cannot be reached: no.\nStart it.\n");
  });
});

describe("a connection that is cut", () => {
  it("leaves it open whether a submit has arrived when the answer was lost", async () => {
    const cutting = async (): Promise<Pool> => {
      const pool = await connect();
      const call: Pool["call"] = (method, ...given) => {
        const answer = pool.call(method, ...given);
        if (method === "experiment/submit") pool.close();
        return answer;
      };
      const [bulkGet, bulkPut] = [pool.bulkGet.bind(pool), pool.bulkPut.bind(pool)];
      return { pool: pool.pool, call, bulkGet, bulkPut, close: () => pool.close() };
    };
    const ran = await run(["submit", "train.py"], { cwd: project(), connect: cutting });
    expect(ran).toMatchObject({ code: 3, stdout: "" });
    expect(ran.stderr).toContain("not known here whether the pool has it");
  }, 60_000);

  it("is waited for in the middle of a restore, which then goes on", async () => {
    const cwd = project();
    const submitted = await run(["submit", "train.py", "--wait"], { cwd });
    expect(submitted).toMatchObject({ code: 0 });
    // The one of the test before, whose answer never came, may have a later number.
    const id = /Experiment (\d+)/.exec(submitted.stderr)?.[1] ?? "";
    let attempts = 0;
    const cutting = async (): Promise<Pool> => {
      attempts += 1;
      if (attempts === 2) return unreachable();
      const pool = await connect();
      if (attempts > 1) return pool;
      // The first one goes when the first file is asked for.
      const bulkGet: Pool["bulkGet"] = (...given) => {
        pool.close();
        return pool.bulkGet(...given).then((body) => body.destroy(new Error("cut")));
      };
      return {
        pool: pool.pool,
        call: pool.call.bind(pool),
        bulkPut: pool.bulkPut.bind(pool),
        close: () => pool.close(),
        bulkGet,
      };
    };
    const to = path.join(cwd, "back");
    const restored = await run(["restore", id, "--to", to], { connect: cutting });
    expect(restored).toMatchObject({ code: 0 });
    expect(restored.stderr).toBe(
      "The connection was cut: it is waited for; Ctrl-C gives up.\n" +
        "The pool cannot be reached: no. It is tried again until it is there.\n",
    );
    expect(attempts).toBe(3);
    expect(readFileSync(path.join(to, "weights.txt"), "utf8")).toMatch(/^weights/);
  }, 60_000);
});

describe("help and format", () => {
  it.each(COMMANDS.map((command) => command.name))("%s --help", async (name) => {
    const ran = await run([...name.split(" "), "--help"], { connect: unreachable });
    expect(ran).toMatchObject({ code: 0, stderr: "" });
    expect(ran.stdout).toContain(`Usage: trainyard ${name}`);
  });

  it("prints the schema of configurations, with and without --json", async () => {
    const { stdout } = await run(["schema"], { connect: unreachable });
    expect(JSON.parse(stdout)).toMatchObject({ properties: { searcher: { type: "object" } } });
    const asJson = (await run(["schema", "--json"], { connect: unreachable })).stdout;
    expect(JSON.parse(asJson)).toEqual(JSON.parse(stdout));
  });

  it("lists all commands, and the version", async () => {
    const { stdout } = await run(["--help"]);
    for (const { name } of COMMANDS) expect(stdout).toContain(`  ${name} `);
    expect((await run(["--version"])).stdout).toBe("1.2.3\n");
  });

  it("shows slots as the protocol has them", async () => {
    const { slots } = JSON.parse((await run(["pool", "status", "--json"])).stdout) as { slots: unknown[] };
    expect(slots.map((slot) => Slot.parse(slot)).length).toBeGreaterThan(0);
    expect((await run(["pool", "status"])).stdout).toMatch(/SLOT +NAME +STATE/);
  });

  it("has colours on a terminal only, and not with NO_COLOR", async () => {
    const escape = "\u001b[";
    expect((await run(["list"], { isTTY: true })).stdout).toContain(escape);
    expect((await run(["list"], { isTTY: true, environment: { NO_COLOR: "1" } })).stdout).not.toContain(
      escape,
    );
    expect((await run(["list"])).stdout).not.toContain(escape);
  });

  it("lets nothing of a script through to a terminal but text", async () => {
    const cwd = project("print('\\x1b]0;title\\x07a\\x1b[31mb\\x9bc\\u202ed', flush=True)\n");
    const name = "evil\u001b[2J";
    const ran = await run(["submit", "train.py", "--wait", "--name", name], { cwd });
    expect(ran).toMatchObject({ code: 0 });
    const id = /Experiment (\d+)/.exec(ran.stderr)?.[1] ?? "";
    expect((await run(["logs", id], { isTTY: true })).stdout).toBe("abcd\n");
    expect((await run(["list"])).stdout).not.toContain("\u001b");
    expect((await run(["show", id])).stdout).not.toContain("\u001b");
  }, 60_000);

  it("stops the server, and the next command starts it again", async () => {
    const before = JSON.parse((await run(["pool", "status", "--json"])).stdout) as {
      pool: { serverPid: number };
    };
    expect(await run(["server", "stop"])).toMatchObject({ code: 0 });
    while (existsSync(`/proc/${before.pool.serverPid}/exe`)) await sleep(50);
    const after = JSON.parse((await run(["pool", "status", "--json"])).stdout) as {
      pool: { serverPid: number };
    };
    expect(after.pool.serverPid).not.toBe(before.pool.serverPid);
  }, 60_000);
});

describe("a search", () => {
  it("that is previewed says the seed with which it is the same again", async () => {
    const cwd = project();
    put(cwd, { "train.yaml": "searcher: {name: random, metric: loss, max_trials: 3}\nhyperparameters: {x: {type: double, minval: 0, maxval: 1}}\n" }); // prettier-ignore
    const { stdout } = await run(["preview", "train.yaml", "--trials", "3"], { cwd });
    const [, seed = ""] = /\nThe experiment seed is (\d+) /.exec(stdout) ?? [];
    expect((await run(["preview", "train.yaml", "--trials", "3", "--seed", seed], { cwd })).stdout).toBe(
      stdout,
    );
  });

  it("that is previewed where it has run before says how long it would take there", async () => {
    const cwd = project(
      "import trainyard\nrun = trainyard.init()\nfor step in range(1, 5):\n    run.validate(step, loss=1 / step)\n",
    );
    const searcher = "{name: adaptive_asha, metric: loss, max_trials: 3, max_time: 4, divisor: 2}";
    const space = "{x: {type: double, minval: 0, maxval: 1}}";
    put(cwd, { "train.yaml": `searcher: ${searcher}\nhyperparameters: ${space}\nresources: {slots_per_trial: 0}\n` }); // prettier-ignore
    const environment = { TRAINYARD_HOME: home };
    const preview = async (...more: string[]) =>
      JSON.parse((await run(["preview", "train.yaml", "--json", ...more], { cwd, environment })).stdout) as {
        expected: { lasts_ms: [number, number] | null; from_trials: number } | null;
      };
    // A pool that was never used is not made for it.
    expect((await preview()).expected?.lasts_ms ?? null).toBeNull();
    expect(await run(["submit", "train.py", "--wait"], { cwd })).toMatchObject({ code: 0 });
    const { expected } = await preview();
    expect(expected?.from_trials).toBe(3);
    const [from, to] = expected?.lasts_ms ?? [];
    expect(from).toBeGreaterThan(0);
    expect(to).toBeGreaterThanOrEqual(from ?? Infinity);
    // With other slots, and in other units, what was measured says nothing.
    expect((await preview("--slots", "1")).expected?.lasts_ms).toBeNull();
    const { stdout } = await run(["preview", "train.yaml"], { cwd, environment });
    expect(stdout).toMatch(
      /Starts now\. It would take .*3 trials at a time, at the pace of 3 earlier trials/,
    );
  }, 60_000);

  it("that can never start is told why at once; so is who previews it", async () => {
    const cwd = project();
    put(cwd, { "train.yaml": "searcher: {name: random, metric: loss, max_trials: 2}\n" });
    const submitted = await run(["submit", "train.py", "--slots", "99"], { cwd });
    expect(submitted.stderr).toMatch(/^note: .*99 slots/m);
    const id = /Experiment (\d+)/.exec(submitted.stdout)?.[1] ?? "";
    expect(await run(["kill", id])).toMatchObject({ code: 0 });
    const environment = { TRAINYARD_HOME: home };
    const { stdout } = await run(["preview", "train.yaml", "--slots", "99"], { cwd, environment });
    expect(stdout).toMatch(/When it would start is not known\. .*99 slots/);
  }, 60_000);

  it("that fails says why, and lists the metrics of many trials without a warning of Node's", async () => {
    const cwd = project(
      "import trainyard\ntrainyard.init().report(1, loss=1)\nraise ValueError('no such luck')\n",
    );
    const searcher = "{name: random, metric: loss, max_trials: 12}";
    put(cwd, { "train.yaml": `searcher: ${searcher}\nmax_restarts: 0\nresources: {slots_per_trial: 0}\n` });
    const warnings: Error[] = [];
    const warned = (warning: Error): void => void warnings.push(warning);
    process.on("warning", warned);
    try {
      const submitted = await run(["submit", "train.py", "--wait"], { cwd });
      expect(submitted.code).toBe(1);
      const [, id = ""] =
        /\n(\d+) failed, best 1: \1\.1: ValueError: no such luck/.exec(submitted.stderr) ?? [];
      const { signal } = new AbortController();
      expect((await run(["metrics", id], { signal })).stdout).toMatch(/^TRIAL[^]*\.12 +training\/loss/);
      expect(await run(["delete", id, "--yes"])).toMatchObject({ code: 0 });
    } finally {
      process.off("warning", warned);
    }
    expect(warnings).toEqual([]);
  });
});

describe("a checkpoint that is not pulled", () => {
  it("says what it holds, and which tensors", async () => {
    expect(await run(["submit", "train.py", "--wait"], { cwd: project(TENSORS) })).toMatchObject({ code: 0 });
    const { experiments } = JSON.parse((await run(["list", "--json"])).stdout) as {
      experiments: { id: number }[];
    };
    const id = String(Math.max(...experiments.map((experiment) => experiment.id)));
    expect((await run(["files", id])).stdout).toMatch(
      /^FILE +SIZE\nbroken\.safetensors +8 B\nmodel\.safetensors +\d+ B\nnotes\.txt +4 B\n$/,
    );
    // One that is damaged does not hide the others, and is told by the exit code.
    const told = await run(["files", id, "--tensors"]);
    expect(told.code).toBe(1);
    expect(told.stdout).toMatch(
      /^broken\.safetensors\nThis is not a safetensors file: its header is not JSON\.\nmodel\.safetensors\nformat: pt\nTENSOR +TYPE +SHAPE +SIZE\nw +F32 +\[2, 3\] +24 B\n$/,
    );
    expect(JSON.parse((await run(["files", id, "--tensors", "--json"])).stdout)).toMatchObject({
      files: [
        { path: "broken.safetensors", refused: "This is not a safetensors file: its header is not JSON." },
        { path: "model.safetensors", tensors: [{ name: "w\u001b[2J", shape: [2, 3], bytes: 24 }] },
      ],
    });
    expect(await run(["delete", id, "--yes"])).toMatchObject({ code: 0 });
  });
});

describe("the queue", () => {
  it("says who waits and what would start it, and a better priority gets the slot", async () => {
    const cwd = project(`import time, trainyard
run = trainyard.init()
for step in range(100000):
    run.report(step, loss=1)
    with run.checkpoint(step) as path:
        (path / "x").write_text("x")
    run.progress((step + 1) / 100000)
    if run.should_stop():
        break
    time.sleep(0.02)
`);
    put(cwd, { "short.py": "print(1)\n" });
    expect((await run(["queue"])).stdout).toBe("Nobody waits.\n");
    const idOf = (said: string) => /experiment (\d+)/i.exec(said)?.[1] ?? "";
    const long = idOf((await run(["submit", "train.py", "--slots", "2"], { cwd })).stdout);
    await expect.poll(async () => (await run(["checkpoints", long])).stdout).toContain(`${long}.1`);
    expect(await run(["forecast", "--slots", "0"])).toMatchObject({ code: 0, stdout: "0 slots: now.\n" });
    put(cwd, { "train.yaml": "resources: {priority: 90}\n" });
    const other = idOf((await run(["submit", "short.py"], { cwd })).stdout);
    await expect
      .poll(async () => (await run(["queue"])).stdout)
      .toMatch(new RegExp(`\\n1 +${other}\\.1 +1 +.*Waits for 1 slot.* priority ${other} 4[12]\\n`));
    expect(await run(["priority", other])).toMatchObject({ code: 2 });
    expect(await run(["priority", other, "0"])).toMatchObject({ code: 2 });
    const refused = await run(["priority", other, "1"]);
    expect(refused).toMatchObject({ code: 2 });
    expect(refused.stderr).toContain(`Trial ${long}.1 would checkpoint and give its slots back`);
    expect(await run(["priority", other, "1", "--yes"])).toMatchObject({ code: 0 });
    await expect.poll(async () => (await run(["show", other])).stdout).toContain("completed");
    for (const id of [long, other]) expect(await run(["delete", id, "--yes"])).toMatchObject({ code: 0 });
  });
});

describe("lines of output", () => {
  it("are searched on the pool and printed by their numbers", async () => {
    const cwd = project();
    put(cwd, {
      "lines.py": `import sys
for number in range(1, 50_001):
    print(f"line {number}", "\\x1b[31mLoss\\x1b[0m nan" if number % 20_000 == 0 else "", flush=False)
print("\\r".join(f"{percent}%" for percent in range(101)))
`,
    });
    const { stderr } = await run(["submit", "lines.py", "--wait"], { cwd });
    const id = /(\d+) completed/.exec(stderr)?.[1] ?? "";
    const search = await run(["logs", id, "--search", "loss NaN"]);
    expect(search).toMatchObject({
      code: 0,
      stdout: "20000:line 20000 Loss nan\n40000:line 40000 Loss nan\n",
    });
    expect(await run(["logs", id, "--search", "loss nan", "--match-case"])).toMatchObject({
      code: 1,
      stdout: "",
      stderr: "No line of stdout has loss nan.\n",
    });
    const expression = ["logs", id, "--search", "^line (7|49999) ?$", "--expression"];
    expect((await run(expression)).stdout).toBe("7:line 7 \n49999:line 49999 \n");
    const { matches } = JSON.parse((await run([...expression, "--json"])).stdout) as { matches: unknown[] };
    expect(matches).toMatchObject([{ line: 7 }, { line: 49_999 }]);
    // A progress bar is one line, whatever state of it is found.
    expect((await run(["logs", id, "--search", "^17%$", "--expression"])).stdout).toBe("50001:17%\n");
    expect((await run(["logs", id, "--lines", "30000-30002"])).stdout).toBe(
      "line 30000 \nline 30001 \nline 30002 \n",
    );
    expect((await run(["logs", id, "--lines", "50001-"])).stdout).toMatch(/^0%\r1%[^]*100%\n$/);
    expect((await run(["logs", id, "--lines", "50002"])).stderr).toContain(
      "There is no line 50002: stdout has 50001 lines.",
    );
    const bad = await run(["logs", id, "--search", "(a", "--expression"]);
    expect(bad.stderr).toContain("is not a regular expression that is understood here");
    expect((await run(["logs", id, "--lines", "9-3"])).code).toBe(2);
  });
});
