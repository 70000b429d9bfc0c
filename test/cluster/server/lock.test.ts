import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { PoolLockFile } from "../../../src/cluster/protocol/poolLock.ts";
import { self } from "../../../src/cluster/server/identity.ts";
import { type PoolLock, takePoolLock, waitForPoolLock } from "../../../src/cluster/server/lock.ts";

let state: string;
let file: string;
const held: PoolLock[] = [];
const children: ChildProcess[] = [];

beforeEach(() => {
  state = path.join(fs.mkdtempSync(path.join(os.tmpdir(), "trainyard-lock-")), "state");
  file = path.join(state, "lock");
});
afterEach(async () => {
  for (const lock of held.splice(0)) lock.release();
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill("SIGKILL");
    await once(child, "exit");
  }
  fs.rmSync(path.dirname(state), { recursive: true, force: true });
});

function take(onLost: () => void = () => undefined, heartbeatMs = 20): PoolLock {
  const lock = takePoolLock(state, { onLost, heartbeatMs });
  held.push(lock);
  return lock;
}
const owner = () => JSON.parse(fs.readFileSync(file, "utf8")) as { pid: number; heartbeatAtMs: number };
/** A lock, as a server left it that wrote it by a clock like ours, or at another time. */
function leave(changes: Partial<PoolLockFile>, writtenAtMs?: number): void {
  fs.mkdirSync(state, { recursive: true });
  const lock = { ...self(), heartbeatAtMs: Date.now(), ...changes };
  fs.writeFileSync(file, JSON.stringify(lock));
  const writtenAtS = (writtenAtMs ?? lock.heartbeatAtMs) / 1000;
  fs.utimesSync(file, writtenAtS, writtenAtS);
}

/** Another process that tries to take the lock. @returns what it said: `taken`, or why not */
function rival(): { child: ChildProcess; said: Promise<string> } {
  const lock = path.resolve(import.meta.dirname, "../../../src/cluster/server/lock.ts");
  const script = `
    const { takePoolLock } = await import(${JSON.stringify(lock)});
    try {
      takePoolLock(${JSON.stringify(state)}, { onLost: () => process.exit(3) });
      console.log("taken");
      setInterval(() => undefined, 1000);
    } catch (error) {
      console.log(error.message);
    }`;
  const child = spawn(process.execPath, ["--no-warnings", "--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  const said = once(child.stdout, "data").then(([data]) => String(data).trim());
  return { child, said };
}

describe("the lock of a pool folder", () => {
  it("shows other hosts that its owner lives, also while there is no room for a heartbeat", async () => {
    take();
    const { host, pid } = self();
    fs.mkdirSync(`${file}.${host}.${pid}.tmp`); // nothing can be written there
    fs.utimesSync(file, 1, 1);
    const said = owner().heartbeatAtMs;
    while (fs.statSync(file).mtimeMs < 2000) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(owner().heartbeatAtMs).toBe(said);
  });

  it("is one process's at a time, is given back, and leaves nothing", () => {
    const lock = take();
    expect(() => take()).toThrow(/owned by a server on .* \(pid \d+\)/);
    lock.release();
    expect(fs.readdirSync(state)).toEqual([]);
    take();
  });

  it("is one process's of many that start at once", async () => {
    const rivals = Array.from({ length: 5 }, rival);
    const said = await Promise.all(rivals.map((one) => one.said));
    expect(said.filter((words) => words === "taken")).toHaveLength(1);
    expect(said.filter((words) => words.includes("is owned by"))).toHaveLength(4);
  });

  it("is taken over from a killed owner, by one of many", async () => {
    const first = rival();
    expect(await first.said).toBe("taken");
    expect(() => take()).toThrow(`pid ${first.child.pid}`);
    first.child.kill("SIGKILL");
    await once(first.child, "exit");
    const said = await Promise.all(Array.from({ length: 4 }, rival).map((one) => one.said));
    expect(said.filter((words) => words === "taken")).toHaveLength(1);
  });

  it.each([
    ["a pid that is another process's now", { startTicks: 1 }, null],
    ["a pid that is nobody's", { pid: 2 ** 22 - 1 }, null],
    ["a boot long ago", { bootId: "before", heartbeatAtMs: Date.now() - 60_000 }, null],
    ["a machine of the same name, now", { bootId: "other" }, "is owned by"],
    ["another host, now", { host: "elsewhere" }, "on elsewhere"],
    [
      "another host whose clock is ahead",
      { host: "elsewhere", heartbeatAtMs: Date.now() + 60_000 },
      "Use it there",
    ],
    ["another host, silent for long", { host: "elsewhere", heartbeatAtMs: Date.now() - 3_600_000 }, null],
    ["another container, now", { pidNamespace: "pid:[1]" }, "Use it there"],
  ])("of %s", (_, changes, refusal) => {
    leave(changes);
    if (refusal !== null) return expect(() => take()).toThrow(refusal);
    take();
    expect(owner().pid).toBe(process.pid);
  });

  it.each([
    ["behind", -3_600_000],
    ["ahead", 3_600_000],
  ])("of another host whose clock is an hour %s is not taken while it is written", (_, awayMs) => {
    leave({ host: "elsewhere", heartbeatAtMs: Date.now() + awayMs }, Date.now());
    expect(() => take()).toThrow("on elsewhere");
    expect(fs.readdirSync(state)).toEqual(["lock"]);
    leave({ host: "elsewhere", heartbeatAtMs: Date.now() + awayMs }, Date.now() - 3_600_000);
    take();
    expect(owner().pid).toBe(process.pid);
  });

  it.each(["", "{", "[]", '{"host":1}', "\u0000".repeat(100)])(
    "with nonsense in it is taken: %j",
    (content) => {
      fs.mkdirSync(state);
      fs.writeFileSync(file, content);
      take();
      expect(owner().pid).toBe(process.pid);
    },
  );

  it("shows that its owner lives", async () => {
    take();
    const { heartbeatAtMs } = owner();
    await expect.poll(() => owner().heartbeatAtMs).toBeGreaterThan(heartbeatAtMs);
  });

  it.each([
    ["its folder is deleted", () => fs.rmSync(state, { recursive: true })],
    ["another took it over", () => leave({ host: "elsewhere" })],
  ])("tells its owner when %s", async (_, happens) => {
    let lost = 0;
    take(() => lost++);
    happens();
    await expect.poll(() => lost).toBe(1);
    for (const lock of held.splice(0)) lock.release();
    // What is another's is not removed.
    expect(fs.existsSync(file)).toBe(fs.existsSync(state));
  });

  it("is waited for while its owner ends, not while it serves", async () => {
    const lock = take();
    const options = { onLost: () => undefined, patienceMs: 10_000 };
    await expect(
      waitForPoolLock(state, { ...options, isServed: () => Promise.resolve(true) }),
    ).rejects.toThrow("is owned by");
    let asked = 0;
    const waiting = waitForPoolLock(state, {
      ...options,
      isServed: () => {
        if (++asked === 3) lock.release();
        return Promise.resolve(false);
      },
    });
    held.push(await waiting);
    expect(asked).toBe(3);
    await expect(
      waitForPoolLock(state, { ...options, patienceMs: -1, isServed: () => Promise.resolve(false) }),
    ).rejects.toThrow("is owned by");
  });
});
