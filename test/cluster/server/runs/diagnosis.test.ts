import { spawnSync } from "node:child_process";
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Failure, type LeftOutPath, type LinkedPath } from "../../../../src/cluster/protocol/entities.ts";
import type { ExitFile } from "../../../../src/cluster/protocol/runDirectory.ts";
import { createDiagnose } from "../../../../src/cluster/server/runs/diagnosis.ts";
import { writeWorkFile } from "../../../../src/cluster/server/trees/workFile.ts";

let pool: string;
let work: string;
beforeEach(() => {
  pool = mkdtempSync(path.join(tmpdir(), "trainyard-pool-"));
  work = path.join(pool, "runs", "1.1.1", "work");
  mkdirSync(work, { recursive: true });
});
afterEach(() => rmSync(pool, { recursive: true, force: true }));

const PYTHON = "/usr/bin/python3";
/** Where the snapshot was taken, and what stayed behind there. */
const ROOT = "/home/ada/project";
let leftOut: LeftOutPath[];
let linked: LinkedPath[];
beforeEach(() => {
  [leftOut, linked] = [[], []];
});

function write(name: string, ...lines: string[]): void {
  mkdirSync(path.dirname(path.join(work, name)), { recursive: true });
  writeFileSync(path.join(work, name), `${lines.join("\n")}\n`);
}

/** Runs train.py with the real Python, its errors into stderr.log, and asks why it ended. */
function run(
  options: { args?: string[]; directory?: string; exit?: Partial<ExitFile> } = {},
): Promise<Failure | null> {
  const { args = [], directory = ".", exit = {} } = options;
  const stderr = openSync(path.join(work, "../stderr.log"), "a");
  const { status, signal } = spawnSync(PYTHON, [...args, "train.py"], {
    cwd: path.join(work, directory),
    stdio: ["ignore", "ignore", stderr],
  });
  closeSync(stderr);
  return diagnose({ code: status, signal, ...exit }, directory);
}

function diagnose(exit: Partial<ExitFile>, directory = "."): Promise<Failure | null> {
  const whole: ExitFile = {
    version: 1,
    code: null,
    signal: null,
    startedAt: 1,
    endedAt: 2,
    acknowledged: null,
    asked: null,
    escalated: null,
    peakMemoryBytes: null,
    memoryLimitBytes: null,
    outOfMemory: false,
    killedChildren: 0,
    launchError: null,
    ...exit,
  };
  const snapshot = { root: ROOT, linked, leftOut };
  return createDiagnose(pool)("1.1.1", whole, {
    script: "train.py",
    directory,
    interpreter: PYTHON,
    snapshot,
  });
}

describe("exceptions", () => {
  test("the last frame in the person's own code, not that of a library", async () => {
    write("lib/data.py", "import json", "def load(text):", "    return json.loads(text)");
    write("train.py", "from lib.data import load", "def main():", "    load('{')", "main()");
    expect(await run()).toMatchObject({
      kind: "exception",
      exception: { type: "json.decoder.JSONDecodeError" },
      frame: { file: "lib/data.py", line: 3, function: "load" },
      message: expect.stringMatching(
        /^JSONDecodeError: Expecting property .* \(lib\/data\.py, line 3\)$/,
      ) as string,
    });
  });

  test("all frames in the person's own code, the outermost first", async () => {
    write("lib/data.py", "import json", "def load(text):", "    return json.loads(text)");
    write("train.py", "from lib.data import load", "def main():", "    load('{')", "main()");
    expect((await run())?.frames).toEqual([
      { file: "train.py", line: 4, function: null },
      { file: "train.py", line: 3, function: "main" },
      { file: "lib/data.py", line: 3, function: "load" },
    ]);
  });

  test("relative to the snapshot's root when it starts in a folder of it", async () => {
    write("sub/train.py", "1 / 0");
    expect(await run({ directory: "sub" })).toMatchObject({
      frame: { file: "sub/train.py", line: 1, function: null },
      message: "ZeroDivisionError: division by zero (sub/train.py, line 1)",
    });
  });

  test("of chained ones the last", async () => {
    write(
      "train.py",
      "try:",
      "    {}['a']",
      "except KeyError as e:",
      "    raise ValueError('second') from e",
    );
    expect(await run()).toMatchObject({
      exception: { type: "ValueError", message: "second" },
      frame: { line: 4 },
      frames: [{ line: 4 }],
    });
  });

  test("a syntax error in the script itself", async () => {
    write("train.py", "x = 1", "def f(:", "    pass");
    expect(await run()).toMatchObject({
      kind: "exception",
      exception: { type: "SyntaxError" },
      frame: { file: "train.py", line: 2, function: null },
    });
  });

  test("a syntax error in a module of the person's", async () => {
    write("model.py", "  x = 1");
    write("train.py", "import model");
    expect(await run()).toMatchObject({
      exception: { type: "IndentationError" },
      frame: { file: "model.py", line: 1 },
    });
  });

  test("an exception group", async () => {
    write(
      "train.py",
      "def go():",
      "    raise ExceptionGroup('many', [ValueError('a'), KeyError('b')])",
      "go()",
    );
    expect(await run()).toMatchObject({
      exception: { type: "ExceptionGroup", message: "many (2 sub-exceptions)" },
      frame: { line: 2, function: "go" },
    });
  });

  test("with other lines after it, and a message of several lines", async () => {
    write(
      "train.py",
      "import atexit, sys",
      "atexit.register(lambda: print('wandb: Synced 5 files\\nbye (really)', file=sys.stderr))",
      "raise RuntimeError('Error(s) in loading:\\n\\tMissing key(s): \"a\"')",
    );
    expect(await run()).toMatchObject({
      exception: { type: "RuntimeError", message: 'Error(s) in loading: Missing key(s): "a"' },
      frame: { line: 3 },
    });
  });

  test("deep recursion, whose repeated lines Python leaves out", async () => {
    write("train.py", "def f(): f()", "f()");
    expect(await run()).toMatchObject({
      exception: { type: "RecursionError" },
      frame: { line: 1, function: "f" },
    });
  });

  test("of very deep ones the innermost frames, as many as the protocol allows", async () => {
    write("train.py", ...Array.from({ length: 60 }, (_, at) => `def f${at}(): f${at + 1}()`), "f0()");
    const failure = await run();
    expect(failure?.frames).toHaveLength(50);
    expect(failure?.frames?.at(-1)).toEqual(failure?.frame);
    expect(Failure.safeParse(failure).success).toBe(true);
  });

  test("a class of the person's own, and a working tree that is seen through a link", async () => {
    write(
      "train.py",
      "class Bad(Exception): pass",
      "def f():",
      "    class Inner(Exception): pass",
      "    raise Inner",
      "f()",
    );
    rmSync(path.join(pool, "link"), { force: true });
    symlinkSync(path.join(pool, "runs"), path.join(pool, "link"));
    const stderr = openSync(path.join(work, "../stderr.log"), "a");
    spawnSync(PYTHON, [path.join(work, "train.py")], { stdio: ["ignore", "ignore", stderr] });
    closeSync(stderr);
    expect(await diagnose({ code: 1 })).toMatchObject({
      exception: { type: "f.<locals>.Inner", message: "" },
      frame: { file: "train.py", line: 4 },
    });
  });

  test("a launcher's own traceback after it does not hide it", async () => {
    writeFileSync(
      path.join(work, "../stderr.log"),
      [
        "[rank0]: Traceback (most recent call last):",
        `[rank0]:   File "${work}/train.py", line 7, in main`,
        "[rank0]:     step()",
        "[rank0]: ValueError: bad batch",
        "Traceback (most recent call last):",
        '  File "/usr/bin/torchrun", line 8, in <module>',
        "    sys.exit(main())",
        '  File "/usr/lib/python3/dist-packages/torch/run.py", line 1, in main',
        "torch.distributed.elastic.multiprocessing.errors.ChildFailedError: ",
        "============================================================",
      ].join("\n"),
    );
    expect(await diagnose({ code: 1 })).toMatchObject({
      exception: { type: "ValueError", message: "bad batch" },
      frame: { file: "train.py", line: 7, function: "main" },
    });
  });

  test("after 100 MB of other output, without a newline", async () => {
    write(
      "train.py",
      "import sys",
      "for _ in range(100): sys.stderr.write('x' * 1_000_000)",
      "raise OSError('full')",
    );
    expect(await run()).toMatchObject({
      exception: { type: "OSError", message: "full" },
      frame: { line: 3 },
    });
  });

  test("on the line of a progress bar", async () => {
    write(
      "train.py",
      "import sys",
      "sys.stderr.write('\\r  7%|7         | 7/100 [00:01<00:13]')",
      "raise ValueError('x')",
    );
    expect(await run()).toMatchObject({ exception: { type: "ValueError" }, frame: { line: 3 } });
  });

  test("with a message that is longer than the part that is read first", async () => {
    write("train.py", "raise ValueError('\\n'.join('[0.1, 0.2]' for _ in range(60_000)))");
    expect(await run()).toMatchObject({
      exception: { type: "ValueError", message: "[0.1, 0.2]" },
      frame: { line: 1 },
    });
  });

  test("a read-only file of a linked working tree says how to get a copy", async () => {
    write("train.py", "raise PermissionError(13, 'Permission denied', 'config.json')");
    await writeWorkFile(work, {
      version: 1,
      tree: "0".repeat(40),
      method: "hardlink",
      links: [],
      pruned: false,
    });
    expect((await run())?.message).toContain("copy it and rename the copy over it");
  });
});

describe("named kinds", () => {
  test("a missing import names the module and the interpreter, and offers another", async () => {
    write("train.py", "import torchhh.nn");
    expect(await run()).toMatchObject({
      kind: "missing_import",
      missingModule: "torchhh",
      interpreter: PYTHON,
      frame: { file: "train.py", line: 1 },
      message: `The module "torchhh" is not installed for ${PYTHON} (train.py, line 1). Choose another interpreter, or install it there.`,
    });
  });

  test("out of memory on the GPU", async () => {
    write(
      "train.py",
      "class OutOfMemoryError(RuntimeError): pass",
      "OutOfMemoryError.__module__ = 'torch'",
      "raise OutOfMemoryError('CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has 1 GiB free.')",
    );
    expect(await run()).toMatchObject({
      kind: "out_of_memory",
      exception: { type: "torch.OutOfMemoryError" },
      message:
        "Out of memory on the GPU: Tried to allocate 2.00 GiB. GPU 0 has 1 GiB free. (train.py, line 3)",
    });
  });

  test("a real MemoryError", async () => {
    write("train.py", "bytearray(1 << 62)");
    expect(await run()).toMatchObject({
      kind: "out_of_memory",
      message: "Out of memory (MemoryError) (train.py, line 1)",
    });
    expect(await run({ exit: { peakMemoryBytes: 2 ** 30, memoryLimitBytes: 2 ** 31 } })).toMatchObject({
      message:
        "Out of memory (MemoryError) (at its peak it used 1.0 GiB of 2.0 GiB allowed) (train.py, line 1)",
    });
  });

  test.each([
    [
      "a DataLoader's worker",
      "raise RuntimeError('DataLoader worker (pid 7) is killed by signal: Killed. ')",
      1,
    ],
    [
      "one of a process pool",
      "from concurrent.futures.process import BrokenProcessPool\nraise BrokenProcessPool('A process in the process pool was terminated abruptly while the future was running or pending.')",
      1,
    ],
    ["the child of a shell", "import sys; sys.exit(137)", null],
  ])("%s that the kernel killed", async (_name, script, line) => {
    write("train.py", script);
    const failure = await run({ exit: { outOfMemory: true, peakMemoryBytes: 2 ** 30 } });
    expect(failure).toMatchObject({
      kind: "out_of_memory",
      message: "Out of memory: the kernel ended a process of the script (at its peak it used 1.0 GiB).",
    });
    expect(failure?.frame === null).toBe(line === null);
  });

  test("an exception of the script's own is told although something was killed meanwhile", async () => {
    write("train.py", "raise ValueError('x')");
    expect(await run({ exit: { outOfMemory: true } })).toMatchObject({ kind: "exception" });
  });

  test("killed by the kernel: peak and limit", async () => {
    const exit = {
      signal: "SIGKILL",
      outOfMemory: true,
      peakMemoryBytes: 3 * 2 ** 30,
      memoryLimitBytes: 2 ** 32,
    };
    expect(await diagnose(exit)).toMatchObject({
      kind: "out_of_memory",
      peakMemoryBytes: 3 * 2 ** 30,
      message: "Out of memory: the kernel ended the script (at its peak it used 3.0 GiB of 4.0 GiB allowed).",
    });
  });

  test("an ending that nobody saw has no exit code", async () => {
    expect(await diagnose({ code: null, signal: null })).toMatchObject({
      kind: "lost",
      message: expect.stringMatching(/^The run was lost: .* nobody saw how the script ended\.$/) as string,
    });
  });

  test("a refused set of hyperparameters", async () => {
    write("train.py", "class InvalidHP(Exception): pass", "raise InvalidHP('layers must be odd')");
    expect(await run()).toMatchObject({
      kind: "invalid_hp",
      message: "The script refused its hyperparameters: layers must be odd (train.py, line 2)",
    });
  });

  test("a signal by name, with the frame that faulthandler printed", async () => {
    write("train.py", "import os, signal", "def die(): os.kill(os.getpid(), signal.SIGSEGV)", "die()");
    expect(await run({ args: ["-X", "faulthandler"] })).toMatchObject({
      kind: "signal",
      frame: { file: "train.py", line: 2, function: "die" },
      message: expect.stringMatching(/^The script was ended by SIGSEGV \(train\.py, line 2\): /) as string,
    });
  });

  test("an exit code with the last line of the errors, as a terminal would show it", async () => {
    write("train.py", "import sys", "sys.stderr.write('10%\\r100%\\r\\nno data found\\n\\n')", "sys.exit(3)");
    expect(await run()).toMatchObject({
      kind: "exit_code",
      message: "The script ended with exit code 3: no data found",
    });
  });

  test("an exit code of a script that says nothing, and of a shell whose child was killed", async () => {
    write("train.py", "import sys; sys.exit(1)");
    expect((await run())?.message).toBe(
      "The script ended with exit code 1; it wrote nothing to its error output",
    );
    expect((await diagnose({ code: 137 }))?.message).toContain("which a shell gives for signal 9");
  });

  test("output that is no text at all", async () => {
    write("train.py", "import os, sys", "os.write(2, bytes(range(256)) * 4000)", "sys.exit(2)");
    expect((await run())?.kind).toBe("exit_code");
  });

  test("what could not be started", async () => {
    const launchError = { kind: "interpreter", message: "the interpreter /x does not exist" } as const;
    expect(await diagnose({ launchError })).toMatchObject({ kind: "launch", message: launchError.message });
  });
});

test.each<[string, Partial<ExitFile>]>([
  ["ended well", { code: 0 }],
  ["acknowledged a pause, whatever its code", { code: 1, acknowledged: { control: 1, action: "pause" } }],
  ["was killed on request", { signal: "SIGKILL", asked: "kill" }],
  ["was stopped with SIGTERM", { signal: "SIGTERM", asked: "stop", escalated: "SIGTERM" }],
])("a run that %s did not fail", async (_name, exit) => {
  expect(await diagnose(exit)).toBeNull();
});

test("a run that somebody else killed while it was asked to stop failed", async () => {
  expect(await diagnose({ signal: "SIGKILL", asked: "stop" })).toMatchObject({ kind: "signal" });
});

test("a run that left nothing is lost, or was never started", async () => {
  const snapshot = { root: ROOT, linked, leftOut };
  const context = { script: "train.py", directory: ".", interpreter: PYTHON, snapshot };
  const supervisor = { version: 1, host: "h", bootId: "other", pid: 1, startTicks: 1, script: null };
  writeFileSync(
    path.join(work, "../supervisor.json"),
    JSON.stringify({ ...supervisor, startedAt: 1, heartbeatAt: 1, adopted: false }),
  );
  expect(await createDiagnose(pool)("1.1.1", null, context)).toMatchObject({
    kind: "lost",
    message: "The run was lost: the machine was restarted or lost power.",
  });
  expect(await createDiagnose(pool)("2.1.1", null, context)).toMatchObject({ kind: "launch" });
});

describe("a path that was not sent", () => {
  const ignored = (name: string, pattern: string): LeftOutPath => ({
    path: name,
    reason: `ignored by .gitignore:1 (${pattern})`,
    bytes: null,
    linkable: false,
    sendable: true,
  });
  const DATA =
    "data/train.csv is ignored by git and was not sent (.gitignore:1, data/). Send it, or use a path on the pool.";
  const notSent = { path: "data/train.csv", leftOut: "data" };

  test("is said first, with the rule; what Python said comes after it", async () => {
    leftOut = [ignored("out", "out/"), ignored("data", "data/")];
    write("train.py", "open('data/train.csv')");
    expect(await run()).toMatchObject({
      kind: "exception",
      notSent,
      exception: { type: "FileNotFoundError" },
      frame: { file: "train.py", line: 1 },
      message: `${DATA} FileNotFoundError: [Errno 2] No such file or directory: 'data/train.csv' (train.py, line 1)`,
    });
  });

  test("by whatever path it was asked for", async () => {
    leftOut = [ignored("data", "data/")];
    write("sub/train.py", "import os, sys", "os.chdir(sys.argv[1])", "open(sys.argv[2])");
    const forms: [cwd: string, file: string][] = [
      [".", "../data/train.csv"],
      [".", "../data//./train.csv"],
      ["..", "data/train.csv"],
      [".", path.join(work, "data/train.csv")],
      [".", `${ROOT}/data/train.csv`],
    ];
    for (const [cwd, file] of forms) {
      writeFileSync(
        path.join(work, "sub/train.py"),
        `import os\nos.chdir(${JSON.stringify(cwd)})\nopen(${JSON.stringify(file)})\n`,
      );
      writeFileSync(path.join(work, "../stderr.log"), "");
      expect(await run({ directory: "sub" }), file).toMatchObject({ notSent });
    }
  });

  test.each([
    [
      "h5py",
      "FileNotFoundError: [Errno 2] Unable to synchronously open file (unable to open file: name = 'data/train.csv', errno = 2, error message = 'No such file or directory', flags = 0, o_flags = 0)",
    ],
    [
      "h5py before",
      "OSError: Unable to open file (unable to open file: name = 'data/train.csv', errno = 2, error message = 'No such file or directory')",
    ],
    ["numpy", "FileNotFoundError: data/train.csv not found."],
    [
      "pyarrow",
      "FileNotFoundError: [Errno 2] Failed to open local file '/home/ada/project/data/train.csv'. Detail: [errno 2] No such file or directory",
    ],
    ["safetensors", 'FileNotFoundError: No such file or directory: "data/train.csv"'],
    [
      "tensorflow",
      "tensorflow.python.framework.errors_impl.NotFoundError: data/train.csv; No such file or directory",
    ],
    ["datasets", "FileNotFoundError: Couldn't find any data file at /home/ada/project/data/train.csv."],
    ["torch.jit", "ValueError: The provided filename data/train.csv does not exist"],
  ])("in the words of %s", async (_, said) => {
    leftOut = [ignored("data", "data/")];
    writeFileSync(
      path.join(work, "../stderr.log"),
      `Traceback (most recent call last):\n  File "${work}/train.py", line 1, in <module>\n${said}\n`,
    );
    const failure = await diagnose({ code: 1 });
    expect(failure?.notSent).toEqual(notSent);
    expect(failure?.message.startsWith(DATA)).toBe(true);
  });

  test("by a program that only prints", async () => {
    leftOut = [ignored("data", "data/")];
    writeFileSync(path.join(work, "../stderr.log"), "cat: data/train.csv: No such file or directory\n");
    expect(await diagnose({ code: 1 })).toMatchObject({ kind: "exit_code", notSent });
  });

  test("says why where it is not git", async () => {
    leftOut = [{ path: "data", reason: "left out by you", bytes: null, linkable: false }];
    write("train.py", "open('data/train.csv')");
    expect((await run())?.message).toMatch(
      /^data\/train\.csv was not sent \(left out by you\)\. Send it, or use a path on the pool\. /,
    );
    leftOut = [{ path: "data", reason: "restored from a pool", bytes: null, sendable: false }];
    writeFileSync(path.join(work, "../stderr.log"), "");
    expect((await run())?.message).toMatch(
      /^data\/train\.csv was not sent \(restored from a pool\)\. Use a path on the pool\. /,
    );
  });

  test("is a folder of which all was left out", async () => {
    leftOut = [ignored("data/train", "data/*"), ignored("data/test", "data/*")];
    write("train.py", "import os; os.listdir('data')");
    expect((await run())?.notSent).toEqual({ path: "data", leftOut: "data" });
  });

  test("may be one of those that are not listed, when the list is not whole: said after the exception", async () => {
    leftOut = [ignored("out", "out/"), { path: "...", reason: "and 9 more", bytes: null }];
    write("train.py", "open('deep/x.csv')");
    expect(await run()).toMatchObject({
      notSent: { path: "deep/x.csv", leftOut: "deep/x.csv" },
      message:
        "FileNotFoundError: [Errno 2] No such file or directory: 'deep/x.csv' (train.py, line 1). " +
        "deep/x.csv may be one of the many paths that git ignores and that were not sent.",
    });
  });

  test.each([
    ["another path", "open('database/train.csv')"],
    ["a path elsewhere", "open('/elsewhere/data/train.csv')"],
    ["a path that leads out", "open('../../data/train.csv')"],
    ["another exception", "raise ValueError('data/train.csv is odd')"],
    ["a name that is no path", "raise KeyError(\"column 'data' not found\")"],
    ["a word of the message", "raise FileNotFoundError('no data here')"],
  ])("is not: %s", async (_, code) => {
    leftOut = [ignored("data", "data/")];
    write("train.py", code);
    const failure = await run();
    expect(failure?.kind).toBe("exception");
    expect(failure?.notSent).toBeUndefined();
  });

  test("is not what is missing behind a link", async () => {
    leftOut = [ignored("data", "data/")];
    linked = [{ path: "data/imagenet", target: "/scratch/imagenet", reason: "mapped on gpu1 by you" }];
    write("train.py", "open('data/imagenet/x')");
    expect((await run())?.notSent).toBeUndefined();
  });

  test("is not what is missing on the person's own machine, where runs see its files", async () => {
    leftOut = [{ ...ignored("out", "out/"), linkable: true }];
    write("train.py", `open('${ROOT}/out/x.csv')`);
    expect((await run())?.notSent).toBeUndefined();
    writeFileSync(path.join(work, "../stderr.log"), "");
    write("train.py", "open('out/x.csv')");
    expect((await run())?.message).toMatch(
      /^out\/x\.csv is ignored by git and was not sent \(\.gitignore:1, out\/\)\. Link it, or send it\. /,
    );
  });
});
