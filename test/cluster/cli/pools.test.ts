/** The command line with pools on a real sshd, from `pool add` to a host on which nothing is left. */
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { PassThrough } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { makeKey, type Sshd, startSshd } from "../../../scripts/ssh/sshd.mts";
import { poolAccess } from "../../../src/cluster/cli/poolAccess.ts";
import { terminalQuestions } from "../../../src/cluster/cli/questions.ts";
import { PoolEntry } from "../../../src/cluster/client/pools/poolList.ts";
import { Checkpoint, Experiment, PoolInfo, Trial } from "../../../src/cluster/protocol/entities.ts";
import { put, repository, temporaryFolder } from "../client/support.ts";
import { writeWheel } from "../server/environments/wheels.ts";
import { type Ran, runLine, type RunOptions, terminalInput } from "./terminal.ts";

const ROOT = path.resolve(import.meta.dirname, "../../..");
const SCRIPT = `import sys, trainyard
run = trainyard.init()
print("arguments", sys.argv[1:], flush=True)
for step in range(1, 4):
    run.report(step, {"loss": 1 / step})
    with run.checkpoint(step) as path:
        (path / "weights.txt").write_text(f"weights {step}")
`;
const SLEEPER = "import time\nprint('begun', flush=True)\ntime.sleep(600)\n";

let sshd: Sshd;
let config: string;

beforeAll(async () => {
  // What is sent to a host is the bundles.
  execFileSync(process.execPath, [path.join(ROOT, "scripts/build.mts")], { cwd: ROOT, stdio: "ignore" });
  // Else each login would run the start-up files of whoever tests.
  sshd = await startSshd();
  config = path.join(sshd.folder, "ssh_config");
  fs.writeFileSync(config, configuration("gpu1", sshd.identity) + configuration("locked", lockedKey()));
}, 120_000);
afterAll(() => sshd.stop());

// Each test has a list of pools of its own.
beforeEach(() => {
  const state = temporaryFolder("state");
  process.env.TRAINYARD_STATE = state;
  process.env.TRAINYARD_LEASES = path.join(state, "leases");
  process.env.XDG_RUNTIME_DIR = sshd.folder;
});

function configuration(alias: string, key: string, knownHosts = sshd.knownHosts): string {
  return `Host ${alias}
  HostName 127.0.0.1
  Port ${sshd.port}
  IdentityFile ${key}
  IdentitiesOnly yes
  IdentityAgent none
  UserKnownHostsFile ${knownHosts}
  GlobalKnownHostsFile /dev/null\n`;
}

function lockedKey(): string {
  const key = path.join(sshd.folder, "id_locked");
  makeKey(key, "ed25519", "open sesame");
  fs.appendFileSync(path.join(sshd.folder, "authorized_keys"), fs.readFileSync(`${key}.pub`));
  return key;
}

/** Each as a process of its own would be: nothing is remembered but in files. */
const run = (argv: readonly string[], options: RunOptions = {}): Promise<Ran> => {
  const access = poolAccess({ dist: path.join(ROOT, "dist"), version: "0.1.0" });
  return runLine(argv, access, { cwd: os.tmpdir(), ...options });
};

async function json(argv: readonly string[], options: RunOptions = {}): Promise<Record<string, unknown>> {
  const ran = await run([...argv, "--json"], options);
  expect(ran.stderr.replaceAll(/^note: .*\n|^\d+ .*\n|^Experiment .*\n/gm, "")).toBe("");
  expect(ran.code).toBe(0);
  return JSON.parse(ran.stdout) as Record<string, unknown>;
}

let homes = 0;
/** A pool folder on the host that no other test has. */
const newHome = (): string => path.join(sshd.folder, `pool-${(homes += 1)}`);

async function add(name = "gpu1", ...more: string[]): Promise<string> {
  const home = newHome();
  const argv = ["pool", "add", name, "gpu1", "--ssh-config", config, "--home", home];
  expect(await run([...argv, "--runtime", process.execPath, ...more])).toMatchObject({ code: 0, stderr: "" });
  return home;
}

function project(files: Record<string, string> = { "train.py": SCRIPT }): string {
  const folder = temporaryFolder("project");
  put(folder, files);
  return folder;
}

async function submitSleeper(): Promise<void> {
  const cwd = project({ "train.py": SLEEPER });
  expect(await run(["submit", "train.py", "--pool", "gpu1"], { cwd })).toMatchObject({ code: 0 });
  while ((await run(["logs", "1", "--pool", "gpu1"])).stdout !== "begun\n") await sleep(100);
}

describe("adding and listing", () => {
  it("an alias, with a configuration, a fingerprint, a folder and a Node of its own", async () => {
    const home = newHome();
    const fingerprint = execFileSync("ssh-keygen", ["-lf", path.join(sshd.folder, "host_ed25519.pub")], {
      encoding: "utf8",
    }).split(" ")[1];
    const argv = ["pool", "add", "lab", "gpu1", "--ssh-config", config, "--home", home];
    const added = await json([...argv, "--runtime", process.execPath, "--fingerprint", fingerprint ?? ""]);
    const entry = { kind: "ssh", name: "lab", destination: "gpu1", sshConfig: config, home };
    expect(PoolEntry.parse(added.pool)).toEqual({ ...entry, runtimePath: process.execPath, fingerprint });
    expect(PoolInfo.parse(added.host)).toMatchObject({ folder: home, host: os.hostname() });
    expect(await json(["pool", "list"])).toEqual({ pools: [added.pool] });
    expect((await run(["pool", "list"])).stdout).toMatch(
      /^NAME +KIND +PLACE\nlocal +local +this machine\nlab +ssh +gpu1\n$/,
    );
    expect(await run(argv)).toMatchObject({ code: 1, stderr: expect.stringContaining("already") as string });
    expect(await json(["pool", "remove", "lab"])).toEqual({ removed: "lab" });
    expect(await json(["pool", "list"])).toEqual({ pools: [] });
    expect(fs.existsSync(path.join(home, "state", "pool.sqlite"))).toBe(true);
  }, 60_000);

  it("an alias that is the name; user@host:port in full", async () => {
    const more = ["--ssh-config", config, "--home", newHome(), "--runtime", process.execPath];
    expect(await run(["pool", "add", "gpu1", ...more])).toMatchObject({ code: 0 });
    const bare = path.join(sshd.folder, "bare_config");
    fs.writeFileSync(bare, configuration("127.0.0.1", sshd.identity).replace(/^ {2}Port .*\n/m, ""));
    const place = `ssh://${os.userInfo().username}@127.0.0.1:${sshd.port}`;
    const whole = ["--ssh-config", bare, "--home", newHome(), "--runtime", process.execPath];
    expect(await run(["pool", "add", "whole", place, ...whole])).toMatchObject({ code: 0 });
  }, 60_000);

  it("a folder of this machine, which then is a pool of its own", async () => {
    const cwd = temporaryFolder();
    const added = await json(["pool", "add", "scratch", "./pool"], { cwd });
    expect(PoolEntry.parse(added.pool)).toEqual({ kind: "folder", name: "scratch", home: `${cwd}/pool` });
    const status = await json(["pool", "status", "--pool", "scratch"]);
    expect(status.pool).toEqual(added.host);
    expect(await run(["server", "stop", "--pool", "scratch"])).toMatchObject({ code: 0 });
  }, 60_000);

  it("keeps a Node for hosts that have none", async () => {
    const file = path.join(temporaryFolder(), "node");
    fs.writeFileSync(file, "#!/bin/sh\n");
    const refused = await run(["pool", "runtime", file]);
    expect(refused).toMatchObject({ code: 1, stdout: "" });
    expect(refused.stderr).toContain("is not a Node for Linux");
    expect(await json(["pool", "runtime", process.execPath])).toEqual({
      system: "linux",
      architecture: process.arch,
    });
  }, 60_000);
});

describe("a pool that is not reached", () => {
  it.each([
    ["nobody listens", ["--ssh-config"], /Nobody listens/],
    ["its key is another", ["--fingerprint", `SHA256:${"A".repeat(43)}`], /has changed/],
  ])("%s: exits with 3, and it is not kept", async (_name, options, words) => {
    const closed = path.join(temporaryFolder(), "config");
    fs.writeFileSync(closed, configuration("gpu1", sshd.identity).replace(/Port .*/, "Port 1"));
    const more = options[0] === "--ssh-config" ? [...options, closed] : ["--ssh-config", config, ...options];
    const ran = await run(["pool", "add", "gpu1", ...more, "--json"]);
    expect(ran.code).toBe(3);
    expect(ran.stderr).toMatch(words);
    expect(JSON.parse(ran.stdout)).toMatchObject({
      error: { message: expect.stringMatching(words) as string },
    });
    expect(await json(["pool", "list"])).toEqual({ pools: [] });
  });

  it("an unknown key without a terminal: says what to add to the command", async () => {
    const unknown = path.join(temporaryFolder(), "config");
    fs.writeFileSync(unknown, configuration("gpu1", sshd.identity, "/dev/null"));
    const ran = await run(["pool", "add", "gpu1", "--ssh-config", unknown]);
    expect(ran).toMatchObject({ code: 3, stdout: "" });
    const fingerprint = /ssh-ed25519 (SHA256:\S+)\. Nothing was sent/.exec(ran.stderr)?.[1] ?? "";
    expect(ran.stderr).toContain(`--fingerprint ${fingerprint}`);
    const more = ["--fingerprint", fingerprint, "--home", newHome(), "--runtime", process.execPath];
    expect(await run(["pool", "add", "gpu1", "--ssh-config", unknown, ...more])).toMatchObject({ code: 0 });
  }, 60_000);

  it.each([
    [["list", "--pool", "nope"], 1, /no pool named nope[^]*local[^]*trainyard pool add/],
    [["submit", "train.py", "--pool", "nope"], 1, /no pool named nope/],
    [["pool", "remove", "nope"], 1, /no pool named nope/],
    [["pool", "remove", "local"], 1, /always in the list/],
    [["pool", "add"], 2, /needs NAME/],
    [["pool", "add", "local", "gpu1"], 1, /named local already/],
    [["pool", "add", "a b", "gpu1"], 1, /letters, digits/],
    [["pool", "add", "x", "-oProxyCommand=id"], 2, /./],
    [["pool", "add", "x", "gpu1", "--fingerprint", "MD5:00"], 2, /looks like SHA256/],
    [["pool", "add", "x", "gpu1", "--home", "relative"], 2, /begins with/],
    [["pool", "add", "x", "./folder", "--runtime", "/usr/bin/node"], 2, /is for SSH hosts/],
    [["pool", "runtime", "/nowhere/node"], 1, /cannot be read/],
  ])("%j exits with %i", async (argv, code, words) => {
    const ran = await run(argv, { cwd: project() });
    expect(ran.stderr).toMatch(words);
    expect(ran).toMatchObject({ code, stdout: "" });
  });
});

/** Types each answer when its question is on the screen. */
function typing(answers: readonly (readonly [RegExp, string])[]): RunOptions {
  const waiting = [...answers];
  let seen = "";
  const options: RunOptions & { stdin: NonNullable<RunOptions["stdin"]> } = {
    isTTY: true,
    stdin: terminalInput(),
    onStderr: (stderr) =>
      stderr.on("data", (chunk: Buffer) => {
        seen += chunk.toString("utf8");
        const [words, answer] = waiting[0] ?? [/$^/, ""];
        if (!words.test(seen)) return;
        waiting.shift();
        seen = "";
        setImmediate(() => options.stdin.write(answer));
      }),
  };
  return options;
}

describe("questions at a terminal", () => {
  const addLocked = (...more: string[]): string[] => {
    const home = ["--home", newHome(), "--runtime", process.execPath];
    return ["pool", "add", "locked", "--ssh-config", config, ...home, ...more];
  };

  it("asks for a passphrase, again when it was wrong, and never shows what is typed", async () => {
    const question = /Passphrase of .*id_locked: /;
    const ran = await run(
      addLocked(),
      typing([
        [question, "wrong one\r"],
        [question, "open sesame\r"],
      ]),
    );
    expect(ran).toMatchObject({ code: 0 });
    expect(ran.stderr.match(new RegExp(question, "g"))).toHaveLength(2);
    expect(ran.stderr + ran.stdout).not.toMatch(/wrong|sesame/);
  }, 60_000);

  it("ends the question, and the command, with Ctrl-C", async () => {
    const ran = await run(addLocked(), typing([[/Passphrase/, "half\u0003"]]));
    expect(ran).toMatchObject({ code: 3, stdout: "" });
    expect(ran.stderr).toContain("asks for a password, a passphrase or a code");
    expect(ran.stderr).not.toContain("half");
    expect(await json(["pool", "list"])).toEqual({ pools: [] });
  });

  it("says without a terminal that an agent would do", async () => {
    const ran = await run(addLocked());
    expect(ran).toMatchObject({ code: 3, stdout: "" });
    expect(ran.stderr).toMatch(/nobody can be asked here[^]*ssh-add/);
  });

  it("shows an unknown key with its fingerprint, and takes yes for yes only", async () => {
    const unknown = path.join(temporaryFolder(), "config");
    fs.writeFileSync(unknown, configuration("gpu1", sshd.identity, "/dev/null"));
    const more = ["--home", newHome(), "--runtime", process.execPath];
    const argv = ["pool", "add", "gpu1", "--ssh-config", unknown, ...more];
    const no = await run(argv, typing([[/right one\? \[y\/N\] /, "\r"]]));
    expect(no).toMatchObject({ code: 3, stdout: "" });
    expect(no.stderr).toMatch(/is not known: ssh-ed25519 SHA256:/);
    expect(await run(argv, typing([[/right one\? \[y\/N\] /, "y\r"]]))).toMatchObject({ code: 0 });
    // The answer is kept.
    expect(await run(["list", "--pool", "gpu1"])).toMatchObject({ code: 0, stderr: "" });
  }, 60_000);
});

it("asks before a Node is downloaded, and never where nobody sits", async () => {
  const question = { pool: "gpu1", node: "Node v24", url: "https://mirror/node\u001b[2J.tar.gz" };
  const answers = async (
    isTTY: boolean,
    typed: string,
  ): Promise<{ yes: boolean | undefined; said: string }> => {
    const [stdin, stderr] = [terminalInput(), new PassThrough()];
    let said = "";
    stderr.on("data", (chunk) => (said += String(chunk)));
    stdin.write(typed);
    const { signal } = new AbortController();
    const questions = terminalQuestions({
      stdin: Object.assign(stdin, { isTTY }),
      stderr: Object.assign(stderr, { isTTY }),
      signal,
      json: false,
      note: (text) => void stderr.write(text),
    });
    return { yes: await questions.downloadNode?.(question), said };
  };
  expect(await answers(false, "y\r")).toEqual({ yes: false, said: "" });
  expect(await answers(true, "\r")).toMatchObject({ yes: false });
  const asked = await answers(true, "y\r");
  expect(asked.yes).toBe(true);
  expect(asked.said).toMatch(/gpu1 has no Node 22\.13[^]*Node v24 .*https:\/\/mirror[^]*Download it\?/);
  expect(asked.said).not.toContain("\u001b[2J");
});

describe("every command works there", () => {
  it("submits, waits, lists, shows, logs, reads metrics, restores and deletes", async () => {
    await add();
    const at = ["--pool", "gpu1"];
    const cwd = project();
    const submitted = await json(["submit", "train.py", "--wait", ...at], { cwd });
    expect(Experiment.parse(submitted.experiment)).toMatchObject({ id: 1, state: "completed" });
    const { experiments } = (await json(["list", ...at])) as { experiments: unknown[] };
    expect(experiments.map((one) => Experiment.parse(one).id)).toEqual([1]);
    expect(Trial.parse((await json(["show", "1.1", ...at])).trial)).toMatchObject({ latestStep: 3 });
    expect(await json(["logs", "1", ...at])).toMatchObject({ text: "arguments []\n" });
    expect((await run(["logs", "1", "-f", ...at])).stdout).toBe("arguments []\n");
    expect(await json(["metrics", "1", "--metric", "loss", ...at])).toMatchObject({
      series: [{ points: [{ step: 1 }, { step: 2 }, { step: 3 }] }],
    });
    const { checkpoints } = (await json(["checkpoints", "1", ...at])) as { checkpoints: unknown[] };
    expect(checkpoints.map((one) => Checkpoint.parse(one).step)).toContain(3);
    expect(await run(["restore", "1", "--to", "back", ...at], { cwd })).toMatchObject({ code: 0 });
    expect(fs.readFileSync(path.join(cwd, "back", "weights.txt"), "utf8")).toMatch(/^weights \d$/);
    expect(await json(["delete", "1", "--yes", ...at])).toMatchObject({ deleted: true });
    expect(await json(["list", ...at])).toEqual({ experiments: [], total: 0 });
  }, 90_000);

  it("follows and stops what trains there", async () => {
    await add();
    await submitSleeper();
    const following = run(["logs", "1", "-f", "--pool", "gpu1"]);
    expect(await json(["kill", "1", "--pool", "gpu1"])).toEqual({ experimentId: 1 });
    expect(await following).toMatchObject({ code: 0, stdout: "begun\n" });
  }, 60_000);

  it("says which data was not sent, and which Python it is there", async () => {
    await add();
    const cwd = repository({ "train.py": "print('ran')\n", ".gitignore": "data/\nnotes.txt\n" });
    put(cwd, { "data/train.csv": "1,2\n", "notes.txt": "x" });
    const ran = await run(["submit", "train.py", "--wait", "--pool", "gpu1"], { cwd });
    expect(ran).toMatchObject({ code: 0 });
    expect(ran.stderr).toMatch(/^note: data is ignored by .gitignore:1 \(data\/\) and was not sent/m);
    expect(ran.stderr).toContain("Send it, or use a path on the pool: ");
    expect(ran.stderr).not.toContain("notes.txt");
    expect(ran.stderr).toMatch(/Python 3\.\S+ at \/\S+ there \(/);
    const relative = await run(["submit", "train.py", "--pool", "gpu1", "--python", "./bin/python"], { cwd });
    expect(relative).toMatchObject({ code: 2, stdout: "" });
    expect(relative.stderr).toContain("on the pool's host");
  }, 60_000);
});

describe("data that git ignores", () => {
  it("is listed, mapped, sent and left out, for the folder and the pool", async () => {
    await add();
    const cwd = repository({
      "train.py": "print(open('data/train.csv').read())\n",
      ".gitignore": "data/\nnotes.txt\n",
      "train.yaml": "data: {big: {path: big, pools: {gpu1: /srv/big}}}\n",
    });
    put(cwd, { "data/train.csv": "1,2\n", "notes.txt": "x" });
    const there = temporaryFolder("scratch");
    put(there, { "train.csv": "3,4\n" });
    const at = { cwd: path.join(cwd, "data") };
    expect((await run(["data", "--pool", "gpu1"], { cwd })).stdout.replaceAll(/ {2,}/g, "  ")).toBe(
      "PATH  WHAT  HOW\n" +
        "big  on gpu1  /srv/big (data.big of the configuration)\n" +
        "data  left out  ignored by .gitignore:1 (data/)\n" +
        "notes.txt  left out  ignored by .gitignore:2 (notes.txt)\n",
    );
    expect((await run(["data"], { cwd })).stdout).toMatch(/^data +linked +a data folder;/m);

    const missing = await run(["data", "map", "data/", `${there}/none`, "--pool", "gpu1"], { cwd });
    expect(missing).toMatchObject({ code: 1, stdout: "" });
    expect(missing.stderr).toContain(`${there}/none on gpu1 does not exist.`);
    const mapped = await run(["data", "map", "data/", `${there}/`, "--pool", "gpu1"], { cwd });
    expect(mapped).toMatchObject({ code: 0, stdout: `data is ${there} on gpu1, a folder.\n` });
    const listed = JSON.parse((await run(["data", "--pool", "gpu1", "--json"], { cwd })).stdout) as object;
    expect(listed).toMatchObject({ mapped: [{ path: "data", isOwn: true }, { path: "big" }] });

    const refused = await run(["submit", "train.py", "--pool", "gpu1"], { cwd });
    expect(refused).toMatchObject({ code: 1, stdout: "" });
    expect(refused.stderr).toContain("big is to be /srv/big on gpu1 (data.big of the configuration)");
    const ran = await run(["submit", "train.py", "--config", "none", "--wait", "--pool", "gpu1"], { cwd });
    expect(ran).toMatchObject({ code: 0 });
    expect((await run(["logs", "1", "--pool", "gpu1"])).stdout).toContain("3,4");

    expect(await run(["data", "unmap", "data", "--pool", "gpu1"], { cwd })).toMatchObject({ code: 0 });
    expect((await run(["data", "unmap", "data", "--pool", "gpu1"], { cwd })).stderr).toContain(
      "data is not mapped on gpu1.",
    );
    expect((await run(["data", "send", "train.csv"], at)).stdout).toMatch(
      /^data\/train\.csv: the next snapshot has 4 files/,
    );
    expect((await run(["data", "leave-out", "train.csv"], at)).stdout).toMatch(/has 3 files/);
  }, 90_000);
});

describe("the Python there", () => {
  const MISSING = /tinypack is missing in \/\S+ \(Python 3\.\S+\) on \S+ \(train\.py:1\)\./;

  async function withWheels(): Promise<string[]> {
    await add();
    const wheels = path.join(temporaryFolder(), "wheels");
    writeWheel(wheels, "tinypack", "1.0");
    writeWheel(wheels, "tinypack", "2.0");
    expect(await json(["pool", "setup", "gpu1", "--wheels", wheels])).toEqual({
      setupLines: "",
      wheelFolder: wheels,
    });
    return ["--pool", "gpu1"];
  }
  const needsTinypack = (version = "1.0"): Record<string, string> => ({
    "train.py": "import tinypack\nprint(tinypack.VALUE)\n",
    "requirements.txt": `tinypack==${version}\n`,
  });

  it("is built from requirements.txt when the script would miss something, and anew when that has changed", async () => {
    const at = await withWheels();
    const cwd = project(needsTinypack());
    const refused = await run(["submit", "train.py", ...at], { cwd });
    expect(refused).toMatchObject({ code: 1, stdout: "" });
    expect(refused.stderr).toMatch(MISSING);
    expect(refused.stderr).toMatch(/requirements\.txt \(--build\).*\(--python\).*\(--anyway\)/);
    expect(await json(["list", ...at])).toEqual({ experiments: [], total: 0 });

    const built = await run(["submit", "train.py", "--build", "--wait", ...at], { cwd });
    expect(built).toMatchObject({ code: 0 });
    expect(built.stderr).toMatch(/Successfully installed tinypack-1\.0/);
    expect((await run(["logs", "1", ...at])).stdout).toBe("1.0\n");

    put(cwd, needsTinypack("2.0"));
    const again = await run(["submit", "train.py", "--wait", ...at], { cwd });
    expect(again).toMatchObject({ code: 0 });
    expect(again.stderr).toMatch(
      /Successfully installed tinypack-2\.0[^]*there \(built from requirements\.txt\)/,
    );
    expect((await run(["logs", "2", ...at])).stdout).toBe("2.0\n");

    put(cwd, needsTinypack("3.0"));
    const failed = await run(["submit", "train.py", ...at], { cwd });
    expect(failed).toMatchObject({ code: 1, stdout: "" });
    expect(failed.stderr).toMatch(
      /requirements\.txt cannot be installed on .*tinypack==3\.0\.\n.*wheel folder/,
    );
  }, 300_000);

  it("is asked for at a terminal, and a submit goes through all the same when that is wanted", async () => {
    const at = await withWheels();
    const cwd = project(needsTinypack());
    const cancelled = await run(["submit", "train.py", ...at], { cwd, ...typing([[/1 to 3, .*: /, "\r"]]) });
    expect(cancelled).toMatchObject({ code: 1, stdout: "" });
    expect(cancelled.stderr).toMatch(MISSING);
    expect(cancelled.stderr).toContain("1  build an environment from requirements.txt");
    const chosen = typing([
      [/1 to 3, .*: /, "2\r"],
      [/1 to \d+, .*: /, "1\r"],
      [/1 to 3, .*: /, "3\r"],
    ]);
    expect(await run(["submit", "train.py", ...at], { cwd, ...chosen })).toMatchObject({ code: 0 });
    expect(await run(["submit", "train.py", "--anyway", "--wait", ...at], { cwd })).toMatchObject({
      code: 1,
    });
  }, 300_000);

  it("is listed, chosen, and comes after the pool's own lines", async () => {
    const at = await withWheels();
    const cwd = project({
      "train.py": "import os\nprint(os.environ['LOADED'])\n",
      "lines.sh": "export LOADED=cuda\n",
    });
    const { interpreters } = (await json(["pool", "python", "gpu1"], { cwd })) as {
      interpreters: { path: string }[];
    };
    const [first] = interpreters;
    const python = first?.path ?? "";
    expect((await run(["pool", "python", "gpu1"], { cwd })).stdout).toMatch(
      /PATH +PYTHON +TORCH +CUDA +FOUND/,
    );
    expect(await run(["pool", "python", "gpu1", "--use", python], { cwd })).toMatchObject({ code: 0 });
    expect(await json(["pool", "python", "gpu1"], { cwd })).toMatchObject({
      interpreters: expect.arrayContaining([
        expect.objectContaining({ path: python, chosen: true }),
      ]) as object,
    });
    expect((await run(["pool", "python", "local", "--use", python], { cwd })).code).toBe(1);

    expect(await run(["pool", "setup", "gpu1", "--file", "lines.sh"], { cwd })).toMatchObject({ code: 0 });
    expect((await run(["pool", "setup", "gpu1", "--show"])).stdout).toBe("export LOADED=cuda\n");
    expect(await run(["submit", "train.py", "--wait", ...at], { cwd })).toMatchObject({ code: 0 });
    expect((await run(["logs", "1", ...at])).stdout).toBe("cuda\n");
    put(cwd, { "lines.sh": "module load cuda-that-is-not-there\n" });
    const broken = await run(["pool", "setup", "gpu1", "--file", "lines.sh"], { cwd });
    expect(broken).toMatchObject({ code: 1 });
    expect(broken.stderr).toMatch(/The set-up lines of the pool on \S+ failed: .*module/);
    expect(await run(["pool", "setup", "gpu1", "--clear"])).toMatchObject({ code: 0 });
    expect((await run(["pool", "setup", "gpu1"])).stdout).toMatch(/Set-up lines +none/);
  }, 300_000);
});

describe("removing from the host", () => {
  const sockets = (): string[] =>
    fs.globSync(`${sshd.folder}/{runtime,.}/trainyard`).flatMap((folder) => fs.readdirSync(folder));

  it("asks, then leaves nothing there", async () => {
    const home = await add();
    await run(["submit", "train.py", "--wait", "--pool", "gpu1"], { cwd: project() });
    const refused = await run(["pool", "remove", "gpu1", "--purge"]);
    expect(refused).toMatchObject({ code: 2, stdout: "" });
    expect(refused.stderr).toMatch(new RegExp(`${home} on gpu1 with 1 experiment, [\\d.]+ [kM]B`));
    expect(fs.existsSync(home)).toBe(true);
    const before = sockets().length;
    const removed = await json(["pool", "remove", "gpu1", "--purge", "--yes"]);
    expect(removed).toMatchObject({
      removed: "gpu1",
      contents: { folder: home, experiments: 1, living: 0 },
      left: null,
    });
    expect(fs.existsSync(home)).toBe(false);
    expect(sockets()).toHaveLength(before - 1);
    expect(processesOf(home)).toEqual([]);
    expect(await json(["pool", "list"])).toEqual({ pools: [] });
  }, 90_000);

  it("refuses while trials live there, says how many, and kills them when told to", async () => {
    const home = await add();
    await submitSleeper();
    const refused = await run(["pool", "remove", "gpu1", "--purge"], { isTTY: true, stdin: terminalInput() });
    expect(refused).toMatchObject({ code: 1, stdout: "" });
    expect(refused.stderr).toMatch(/1 trial lives on gpu1[^]*--yes to kill/);
    expect((await run(["show", "1", "--pool", "gpu1"])).stdout).toMatch(/running/);
    const removed = await run(["pool", "remove", "gpu1", "--purge", "--yes"]);
    expect(removed).toMatchObject({ code: 0, stderr: "" });
    expect(fs.existsSync(home)).toBe(false);
    expect(processesOf(home)).toEqual([]);
  }, 90_000);

  it("leaves what is not Trainyard's, and a folder behind a link goes with its link", async () => {
    const home = newHome();
    const real = `${home}-real`;
    put(real, { "thesis.tex": "mine" });
    fs.symlinkSync(real, home);
    const argv = ["pool", "add", "gpu1", "--ssh-config", config, "--home", home];
    expect(await run([...argv, "--runtime", process.execPath])).toMatchObject({ code: 0 });
    const removed = await run(["pool", "remove", "gpu1", "--purge", "--yes"]);
    expect(removed).toMatchObject({ code: 0 });
    expect(removed.stderr).toMatch(/not Trainyard's: thesis\.tex/);
    expect(fs.readdirSync(real)).toEqual(["thesis.tex"]);
    fs.rmSync(path.join(real, "thesis.tex"));
    expect(await run([...argv, "--runtime", process.execPath])).toMatchObject({ code: 0 });
    expect(await run(["pool", "remove", "gpu1", "--purge", "--yes"])).toMatchObject({ code: 0, stderr: "" });
    expect(fs.existsSync(real)).toBe(false);
    expect(fs.lstatSync(home, { throwIfNoEntry: false })).toBeUndefined();
  }, 90_000);

  it("finds nothing where nothing is, and keeps a pool whose host it cannot reach", async () => {
    const home = await add();
    await json(["server", "stop", "--pool", "gpu1"]);
    while (fs.existsSync(path.join(home, "state", "lock"))) await sleep(50);
    fs.rmSync(home, { recursive: true });
    expect((await run(["pool", "remove", "gpu1", "--purge"])).stdout).toContain("There was nothing");
    expect(fs.existsSync(home)).toBe(false);
    await add();
    fs.writeFileSync(`${config}.away`, fs.readFileSync(config));
    try {
      fs.writeFileSync(config, configuration("gpu1", sshd.identity).replace(/Port .*/, "Port 1"));
      expect(await run(["pool", "remove", "gpu1", "--purge", "--yes"])).toMatchObject({
        code: 3,
        stdout: "",
      });
    } finally {
      fs.renameSync(`${config}.away`, config);
    }
    expect(await json(["pool", "list"])).toMatchObject({ pools: [{ name: "gpu1" }] });
  }, 60_000);

  it("does the same to a pool folder of this machine", async () => {
    const cwd = temporaryFolder();
    await json(["pool", "add", "scratch", "./pool"], { cwd });
    const home = path.join(cwd, "pool");
    expect(await json(["pool", "remove", "scratch", "--purge", "--yes"])).toMatchObject({
      contents: { folder: home, experiments: 0, living: 0 },
      left: null,
    });
    expect(fs.existsSync(home)).toBe(false);
    expect(processesOf(home)).toEqual([]);
  }, 60_000);
});

/** Living ones that were started for a pool folder. */
function processesOf(home: string): string[] {
  return fs
    .readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && fs.existsSync(`/proc/${name}/exe`))
    .map((pid) => readOr(`/proc/${pid}/cmdline`).replaceAll("\0", " "))
    .filter((command) => command.includes(`${home}/`) || command.includes(`${home} `));
}

function readOr(file: string): string {
  try {
    return fs.readFileSync(file, "utf8");
  } catch {
    return ""; // gone meanwhile
  }
}
