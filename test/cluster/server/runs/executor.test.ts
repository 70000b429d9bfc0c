import { spawn } from "node:child_process";
import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createDiagnose } from "../../../../src/cluster/server/runs/diagnosis.ts";
import { createExecutor } from "../../../../src/cluster/server/runs/executor.ts";
import { findMarked, isAlive, readProcess } from "../../../../src/cluster/server/runs/processes.ts";
import { silentLogger } from "../trees/sender.ts";
import { createTestPool, never, type TestPool } from "./pool.ts";

let pool: TestPool;
beforeEach(() => {
  pool = createTestPool();
});
afterEach(() => pool.close());

const WAIT = { "train.py": "import time\nprint('up', flush=True)\ntime.sleep(60)\n" };
async function untilUp(spec: Parameters<TestPool["read"]>[0]): Promise<void> {
  await pool.until(spec, "running");
  while (statSync(path.join(pool.folder(spec), "stdout.log"), { throwIfNoEntry: false })?.size !== 3)
    await sleep(20);
}

describe("launching", () => {
  test("runs the script in its working tree, with what it was given, and says how it ended", async () => {
    process.env.VSCODE_TEST_MARK = "1";
    process.env.ELECTRON_RUN_AS_NODE = "1";
    try {
      const { spec, tree } = await pool.spec(
        {
          "sub/train.py": [
            "import os, sys, pathlib",
            "print(sys.argv[1:], os.environ['WHO'], os.environ['TOKEN'], os.environ['TRAINYARD_TRIAL'])",
            "print([n for n in os.environ if n.startswith(('VSCODE', 'ELECTRON'))])",
            "pathlib.Path(__file__).with_name('out.txt').write_text('made')",
            "sys.exit(3)",
          ].join("\n"),
        },
        {
          directory: "sub",
          environment: { WHO: "me" },
          secretNames: ["TOKEN"],
          entrypoint: {
            kind: "script",
            interpreter: "/usr/bin/python3",
            script: "train.py",
            arguments: ["--lr", "a b"],
          },
        },
      );
      await pool.executor.launch({ spec, tree, links: [], secrets: { TOKEN: "hush" } }, never);
      expect(await pool.exit(spec)).toMatchObject({ code: 3, signal: null, launchError: null });
      expect(pool.read(spec, "stdout.log")).toBe("['--lr', 'a b'] me hush 1.1\n[]\n");
      expect(pool.read(spec, "work/sub/out.txt")).toBe("made");
      for (const file of ["spec.json", "supervisor.json", "exit.json", "supervisor.log"])
        expect(pool.read(spec, file)).not.toContain("hush");
    } finally {
      delete process.env.VSCODE_TEST_MARK;
      delete process.env.ELECTRON_RUN_AS_NODE;
    }
  });

  test("twice is once, also after a restart of the server", async () => {
    const { spec, tree } = await pool.spec({
      "train.py": "import os\nopen('/proc/self/cwd/../count', 'a').write('x')\n",
    });
    const request = { spec, tree, links: [], secrets: {} };
    await Promise.all([pool.executor.launch(request, never), pool.executor.launch(request, never)]);
    await pool.exit(spec);
    pool.restart();
    await pool.executor.launch(request, never);
    await sleep(300);
    expect(pool.read(spec, "count")).toBe("x");
    expect((await pool.until(spec, "ended")).exit.code).toBe(0);
  });

  test("a script that is not there is a launch error in exit.json", async () => {
    const spec = await pool.launch({ "other.py": "" });
    expect((await pool.exit(spec)).launchError?.message).toContain("train.py");
  });

  test.each([
    ["missing", "/nowhere/python3", null, "/nowhere/python3 does not exist"],
    ["too old", null, "#!/bin/sh\necho 3.6\necho /usr/bin/python3.6\n", "is Python 3.6"],
    [
      "broken",
      null,
      "#!/bin/sh\necho pyenv: version not installed >&2\nexit 127\n",
      "pyenv: version not installed",
    ],
  ])("Python %s is one clear sentence", async (_name, command, script, expected) => {
    const folder = mkdtempSync(path.join(tmpdir(), "trainyard-python-"));
    try {
      if (script !== null) writeFileSync(path.join(folder, "python3"), script, { mode: 0o755 });
      process.env.TRAINYARD_PYTHON = command ?? path.join(folder, "python3");
      pool.restart();
      await expect(pool.launch({ "train.py": "" })).rejects.toMatchObject({
        name: "CallError",
        reason: "unavailable",
        message: expect.stringContaining(expected) as string,
      });
    } finally {
      delete process.env.TRAINYARD_PYTHON;
      rmSync(folder, { recursive: true });
    }
  });
});

describe("watching", () => {
  test("a run that is being launched is starting, whatever its files say", async () => {
    const { spec, tree } = await pool.spec(WAIT);
    const launched = pool.executor.launch({ spec, tree, links: [], secrets: {} }, never);
    expect(await pool.executor.poll([spec.run])).toEqual([{ runId: spec.run, phase: "starting" }]);
    await launched;
    await pool.until(spec, "running");
  });

  test("goes on after a restart of the server", async () => {
    const spec = await pool.launch(WAIT);
    await untilUp(spec);
    pool.restart();
    const { supervisor } = await pool.until(spec, "running");
    expect(supervisor.script && isAlive(supervisor.script)).toBe(true);
  });

  test("a script whose supervisor was killed is adopted by another", async () => {
    const spec = await pool.launch(WAIT);
    await untilUp(spec);
    const { supervisor } = await pool.until(spec, "running");
    process.kill(supervisor.pid, "SIGKILL");
    for (;;) {
      const seen = await pool.until(spec, "running");
      if (seen.supervisor.adopted) {
        expect(seen.supervisor.script).toEqual(supervisor.script);
        break;
      }
      await sleep(20);
    }
    await pool.control(spec, "kill");
    expect((await pool.exit(spec)).asked).toBe("kill");
    expect(findMarked(spec.key)).toEqual([]);
  });

  test("when supervisor and script are gone, nothing of it stays and nothing that it printed is lost", async () => {
    const spec = await pool.launch(
      {
        "train.py": [
          "import subprocess, time",
          "subprocess.Popen(['sleep', '60'], start_new_session=True)",
          "print('up', flush=True)",
          "time.sleep(60)",
        ].join("\n"),
      },
      { outputMetrics: true },
    );
    await untilUp(spec);
    const { supervisor } = await pool.until(spec, "running");
    process.kill(supervisor.pid, "SIGSTOP"); // so that it sees nothing of the script's end
    process.kill(supervisor.script?.pid ?? 0, "SIGKILL");
    appendFileSync(path.join(pool.folder(spec), "stdout.log"), "step=1 loss=0.5\n");
    process.kill(supervisor.pid, "SIGKILL");
    expect(await pool.exit(spec)).toMatchObject({ code: null, signal: null, launchError: null });
    expect(findMarked(spec.key)).toEqual([]);
    const events = path.join(pool.folder(spec), "events");
    const [file = ""] = readdirSync(events).filter((name) => name.includes("output"));
    expect(readFileSync(path.join(events, file), "utf8")).toContain('"values":{"loss":0.5}');
  });

  test("a supervisor that cannot even begin is lost at once, and its log says why", async () => {
    const executor = createExecutor({
      pool: pool.pool,
      pythonFolder: "/nowhere",
      snapshots: pool.store,
      setUp: { changes: () => Promise.resolve({}) },
      logger: silentLogger,
    });
    const { spec, tree } = await pool.spec(WAIT);
    await executor.launch({ spec, tree, links: [], secrets: {} }, never);
    while ((await executor.poll([spec.run]))[0]?.phase !== "lost") await sleep(20);
    const snapshot = { root: "/home/ada/project", linked: [], leftOut: [] };
    const context = { script: "train.py", directory: ".", interpreter: "/usr/bin/python3", snapshot };
    const failure = await createDiagnose(pool.pool)(spec.run, null, context);
    expect(failure).toMatchObject({
      kind: "launch",
      message: expect.stringContaining("supervisor.py") as string,
    });
  });

  test("a supervisor that comes after its run was given up starts nothing", async () => {
    const spec = await pool.launch(WAIT);
    await untilUp(spec);
    const folder = pool.folder(spec);
    // As if it had not come yet, with a server that was killed long ago.
    const { supervisor } = await pool.until(spec, "running");
    process.kill(supervisor.pid, "SIGSTOP");
    process.kill(supervisor.script?.pid ?? 0, "SIGKILL");
    rmSync(path.join(folder, "supervisor.json"));
    utimesSync(path.join(folder, "spec.json"), 1, 1);
    pool.restart();
    await pool.until(spec, "lost");
    expect(isAlive(supervisor)).toBe(false);
  });

  test("an end is seen also on a file system that does not date its folders", async () => {
    const ended = await pool.launch({ "train.py": "pass" });
    await pool.exit(ended);
    const spec = await pool.launch(WAIT);
    await untilUp(spec);
    // Nobody's child, and nothing is written any more.
    const { supervisor } = await pool.until(spec, "running");
    process.kill(supervisor.pid, "SIGSTOP");
    pool.restart();
    const undated = () => utimesSync(pool.folder(spec), 1_700_000_000.5, 1_700_000_000.5);
    undated();
    for (let round = 0; round < 10; round++) {
      await pool.until(spec, "running");
      await sleep(50);
    }
    writeFileSync(path.join(pool.folder(spec), "exit.json"), pool.read(ended, "exit.json"));
    undated();
    expect(await pool.exit(spec)).toMatchObject({ code: 0 });
    process.kill(supervisor.pid, "SIGCONT");
  });

  test("files that are garbage hurt only their own run", async () => {
    const good = await pool.launch(WAIT);
    const bad = await pool.launch(WAIT);
    await untilUp(good);
    await untilUp(bad);
    for (const file of ["supervisor.json", "exit.json"])
      writeFileSync(path.join(pool.folder(bad), file), '{"version": 7');
    pool.restart();
    const seen = await pool.executor.poll([bad.run, good.run]);
    expect(seen.map((each) => each.phase)).toEqual(["starting", "running"]);
  });
});

describe("signals", () => {
  test("stop reaches a script through control.json, and escalates to SIGTERM", async () => {
    const spec = await pool.launch(WAIT, { stopAcknowledgeS: 0.2 });
    await untilUp(spec);
    await pool.control(spec, "stop");
    expect(await pool.exit(spec)).toMatchObject({ asked: "stop", escalated: "SIGTERM", signal: "SIGTERM" });
  });

  test("cancel ends the tree at once, also what left its session and ignores SIGTERM", async () => {
    const spec = await pool.launch({
      "train.py": [
        "import signal, subprocess, sys, time",
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)",
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'], start_new_session=True)",
        "print('up', flush=True)",
        "time.sleep(60)",
      ].join("\n"),
    });
    await untilUp(spec);
    expect(findMarked(spec.key).length).toBeGreaterThanOrEqual(2);
    await pool.executor.cancel(spec.run);
    expect((await pool.exit(spec)).signal).toBe("SIGKILL");
    expect(findMarked(spec.key)).toEqual([]);
    await pool.executor.cancel(spec.run);
  });

  test("cancel ends the tree when the supervisor is gone", async () => {
    const spec = await pool.launch(WAIT);
    await untilUp(spec);
    const { supervisor } = await pool.until(spec, "running");
    process.kill(supervisor.pid, "SIGKILL");
    while (isAlive(supervisor)) await sleep(10);
    await pool.executor.cancel(spec.run);
    expect(findMarked(spec.key)).toEqual([]);
    expect((await pool.exit(spec)).asked).toBe("kill");
  });

  test("a supervisor that hangs is said to be silent, is not replaced, and a cancel ends the tree all the same", async () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    try {
      const spec = await pool.launch(WAIT);
      await untilUp(spec);
      const { supervisor } = await pool.until(spec, "running");
      process.kill(supervisor.pid, "SIGSTOP");
      expect(await pool.until(spec, "running")).toMatchObject({ silentSince: null });
      vi.advanceTimersByTime(61_000);
      const hangs = await pool.until(spec, "running");
      expect(hangs.supervisor.pid).toBe(supervisor.pid);
      expect(hangs.silentSince).toBe(hangs.supervisor.heartbeatAt * 1000);
      await pool.executor.cancel(spec.run);
      expect((await pool.exit(spec)).asked).toBe("kill");
      expect(findMarked(spec.key)).toEqual([]);
    } finally {
      vi.useRealTimers();
    }
  });

  test("after a start of the machine a run of before is lost at once, and nobody is taken for its supervisor", async () => {
    const spec = await pool.launch(WAIT);
    await untilUp(spec);
    const { supervisor } = await pool.until(spec, "running");
    for (const each of [supervisor, supervisor.script ?? supervisor]) process.kill(each.pid, "SIGKILL");
    while (isAlive(supervisor)) await sleep(10);
    // As it stays on disk, and by chance its pids are others' now.
    const other = spawn("sleep", ["60"]);
    const { pid, startTicks } = readProcess(other.pid ?? 0) ?? { pid: 0, startTicks: 0 };
    writeFileSync(
      path.join(pool.folder(spec), "supervisor.json"),
      JSON.stringify({ ...supervisor, pid, startTicks, script: { pid, startTicks }, bootId: "before" }),
    );
    pool.restart();
    await pool.until(spec, "lost");
    await pool.executor.cancel(spec.run);
    expect(isAlive({ pid, startTicks })).toBe(true);
    other.kill("SIGKILL");
  });

  test("cancel of a run that was never launched does nothing", async () => {
    await pool.executor.cancel("9.9.9");
    const control = { version: 1, control: 1, action: "stop", reason: "", at: 1 } as const;
    await expect(pool.executor.signal("9.9.9", control)).rejects.toMatchObject({ reason: "notFound" });
    await expect(pool.executor.cancel("../../etc")).rejects.toThrow("not a run id");
  });
});

test("a process is named by its pid and start time, whatever its name holds; a zombie is dead", async () => {
  const child = spawn("/usr/bin/python3", [
    "-c",
    "open('/proc/self/comm','w').write('a) Z 1 (b'); print(1, flush=True); import time; time.sleep(60)",
  ]);
  try {
    await new Promise((resolve) => child.stdout.once("data", resolve));
    const found = readProcess(child.pid ?? 0);
    expect(found).toMatchObject({ pid: child.pid, parent: process.pid });
    expect(isAlive({ pid: child.pid ?? 0, startTicks: (found?.startTicks ?? 0) + 1 })).toBe(false);
  } finally {
    child.kill("SIGKILL");
  }
  const shell = spawn("/usr/bin/python3", [
    "-c",
    "import os, time\np = os.fork()\nif p == 0: os._exit(0)\ntime.sleep(0.1); print(p, flush=True); time.sleep(60)",
  ]);
  try {
    const pid = Number(await new Promise<Buffer>((resolve) => shell.stdout.once("data", resolve)));
    expect(readProcess(pid)).toBeNull();
  } finally {
    shell.kill("SIGKILL");
  }
});
