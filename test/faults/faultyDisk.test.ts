/** The disk that fails takes effect in what we write with: Python, Node, and the SQLite inside it. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createFaultyDisk, type FaultyDisk, noFaultyDisk } from "./faultyDisk.ts";

const ERRNO = { ENOSPC: 28, EIO: 5, EROFS: 30, EDQUOT: 122, ESTALE: 116 } as const;
let disk: FaultyDisk;
let folder: string;

function run(program: string, ...args: string[]): { out: string; ms: number } {
  const began = Date.now();
  const ended = spawnSync(program, args, {
    cwd: folder,
    env: { ...process.env, ...disk.env },
    encoding: "utf8",
  });
  if (ended.status !== 0) throw new Error(ended.stderr);
  return { out: ended.stdout.trim(), ms: Date.now() - began };
}
const python = (code: string) => run("/usr/bin/python3", "-S", "-E", "-c", `import os, errno\n${code}`).out;
const node = (code: string) =>
  run(process.execPath, "--no-warnings", "-e", `const fs = require("node:fs");\n${code}`).out;

describe.skipIf(noFaultyDisk !== null)("a disk that fails", () => {
  beforeEach(() => {
    disk = createFaultyDisk();
    folder = mkdtempSync(path.join(tmpdir(), "trainyard-faulty-"));
  });
  afterEach(() => {
    disk.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  test.each(Object.entries(ERRNO))(
    "every call of Python's fails with %s, and works again",
    (error, number) => {
      const script = `
def attempt(name, work):
    try:
        work()
        print(name, 0)
    except OSError as error:
        print(name, error.errno)
def all_of_them():
    fd = os.open("there", os.O_RDONLY)
    for name, work in [
        ("open", lambda: os.open("new", os.O_WRONLY | os.O_CREAT)), ("builtin", lambda: open("new", "w").close()),
        ("mkdir", lambda: os.mkdir("d")), ("link", lambda: os.link("there", "linked")),
        ("rename", lambda: os.replace("other", "moved")), ("fsync", lambda: os.fsync(fd)),
        ("write", lambda: os.write(out, b"x")), ("truncate", lambda: os.ftruncate(out, 0)),
    ]: attempt(name, work)
open("there", "w").close(); open("other", "w").close()
os.rename(os.environ["FAULTY_DISK"] + ".off", os.environ["FAULTY_DISK"] + ".later")
out = os.open("out", os.O_WRONLY | os.O_CREAT)
os.rename(os.environ["FAULTY_DISK"] + ".later", os.environ["FAULTY_DISK"])
all_of_them()
os.unlink(os.environ["FAULTY_DISK"])
print("healed")
all_of_them()`;
      disk.fail({ error: error as keyof typeof ERRNO, prefix: folder });
      const control = disk.env.FAULTY_DISK ?? "";
      run("mv", control, `${control}.off`);
      const [before, after] = python(script).split("healed") as [string, string];
      expect(
        before
          .trim()
          .split("\n")
          .map((line) => line.split(" ")[1]),
      ).toEqual(Array(8).fill(String(number)));
      expect(
        after
          .trim()
          .split("\n")
          .map((line) => line.split(" ")[1]),
      ).toEqual(Array(8).fill("0"));
    },
  );

  test("every call of Node's fails, in its own thread and in libuv's", () => {
    disk.fail({
      calls: "open,write,rename,mkdir,link,sync",
      error: "ENOSPC",
      prefix: path.join(folder, "bad"),
    });
    const out = node(`
      fs.mkdirSync("good"); fs.writeFileSync("good/a", "x");
      const of = (work) => { try { work(); return "fine"; } catch (error) { return error.code; } };
      console.log([
        of(() => fs.writeFileSync("bad", "x")), of(() => fs.mkdirSync("bad.d")), of(() => fs.renameSync("good/a", "bad.r")),
        of(() => fs.linkSync("good/a", "bad.l")), of(() => fs.copyFileSync("good/a", "bad.c")), of(() => fs.writeFileSync("good/b", "x")),
      ].join(" "));
      fs.promises.writeFile("bad", "x").catch((error) => console.log(error.code));`);
    expect(out).toBe("ENOSPC ENOSPC ENOSPC ENOSPC ENOSPC fine\nENOSPC");
  });

  test("a transaction of SQLite's fails whole, and the next one succeeds when there is room", () => {
    disk.fail({ calls: "write", error: "ENOSPC", prefix: path.join(folder, "t.sqlite") });
    const control = disk.env.FAULTY_DISK ?? "";
    run("mv", control, `${control}.off`);
    const out = node(`
      const { DatabaseSync } = require("node:sqlite");
      const db = new DatabaseSync(${JSON.stringify(path.join(folder, "t.sqlite"))});
      db.exec("PRAGMA journal_mode = WAL; CREATE TABLE t (a TEXT)");
      const insert = () => { try { db.exec("BEGIN IMMEDIATE; INSERT INTO t VALUES ('" + "x".repeat(20000) + "'); COMMIT"); return "fine"; }
        catch (error) { try { db.exec("ROLLBACK"); } catch {} return error.message; } };
      fs.renameSync(process.env.FAULTY_DISK + ".off", process.env.FAULTY_DISK);
      const full = insert();
      fs.unlinkSync(process.env.FAULTY_DISK);
      console.log(full, "|", insert(), "|", db.prepare("SELECT count(*) AS n FROM t").get().n);`);
    expect(out).toBe("database or disk is full | fine | 1");
  });

  test("from the Nth call on, half a write, and a folder that hangs until it is healed", () => {
    disk.fail(
      { calls: "write", error: "EIO", from: 3, prefix: path.join(folder, "nth") },
      { calls: "write", error: "short", prefix: path.join(folder, "short") },
      { calls: "look", error: "hang:400", prefix: path.join(folder, "slow") },
    );
    expect(
      python(`
fd = os.open("nth", os.O_WRONLY | os.O_CREAT)
for i in range(4):
    try: print(os.write(fd, b"x"), end=" ")
    except OSError as error: print(error.errno, end=" ")
print(os.write(os.open("short", os.O_WRONLY | os.O_CREAT), b"12345678"))`),
    ).toBe("1 1 5 5 4");
    expect(readFileSync(path.join(folder, "nth"), "utf8")).toBe("xx");
    const slow = run(
      process.execPath,
      "-e",
      `require("node:fs").promises.stat("slow").catch(() => console.log("late"))`,
    );
    expect(slow.out).toBe("late");
    expect(slow.ms).toBeGreaterThanOrEqual(400);
    expect(existsSync(path.join(folder, "slow"))).toBe(false);
  });
});
