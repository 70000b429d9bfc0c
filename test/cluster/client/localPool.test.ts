import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { PoolConnection } from "../../../src/cluster/client/connection.ts";
import { PoolLink } from "../../../src/cluster/client/link.ts";
import { localPaths } from "../../../src/cluster/client/localPaths.ts";
import { connectLocalPool } from "../../../src/cluster/client/localPool.ts";

const ROOT = path.resolve(import.meta.dirname, "../../..");
let home: string;
const links: PoolLink[] = [];
const openings: Promise<unknown>[] = [];

beforeEach(() => {
  home = fs.mkdtempSync(path.join(os.tmpdir(), "trainyard-local-"));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const link of links.splice(0)) link.close();
  // A link that comes back by itself may be starting one, which no test has heard of.
  await Promise.allSettled(openings.splice(0));
  for (const pid of serversOf(home)) process.kill(pid, "SIGTERM");
  await expect.poll(() => serversOf(home), { timeout: 20_000 }).toEqual([]);
  // Servers that lost the race for the lock may still be writing their last words.
  fs.rmSync(home, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
});

function open(version = "0.0.0"): Promise<PoolConnection> {
  const opening = connectLocalPool({
    home,
    serverScript: path.join(ROOT, "src/cluster/server/main.ts"),
    pythonFolder: path.join(ROOT, "src/cluster/python"),
    runtimePath: null,
    environment: { TRAINYARD_LEASES: path.join(home, "leases") },
    client: { name: "test", version },
  });
  openings.push(opening);
  return opening;
}
function link(): PoolLink {
  const made = new PoolLink(() => open());
  links.push(made);
  return made;
}

describe("the pool of this machine", () => {
  it("is started when nobody answers, and found again", async () => {
    const first = await open();
    const second = await open();
    expect(second.pool).toEqual(first.pool);
    first.close();
    second.close();
  });

  it("is one, however many windows open at once", async () => {
    const connections = await Promise.all([open(), open(), open(), open()]);
    expect(new Set(connections.map(({ pool }) => pool.serverPid)).size).toBe(1);
    for (const connection of connections) connection.close();
  });

  it("is the same under two names of its folder", () => {
    const other = `${home}-link`;
    fs.symlinkSync(home, other);
    expect(localPaths(other).socket).toBe(localPaths(home).socket);
    fs.rmSync(other);
  });

  it("comes back by itself after kill -9, with its id and its numbers", async () => {
    const here = link();
    const before = await here.connection();
    const seq = here.mirror.seq;
    const states: string[] = [];
    here.onDidChangeState(({ state }) => void states.push(state));
    process.kill(before.pool.serverPid, "SIGKILL");
    await expect.poll(() => states.at(-1), { timeout: 15_000 }).toBe("connected");
    const after = await here.connection();
    expect(after.pool.id).toBe(before.pool.id);
    expect(after.pool.serverPid).not.toBe(before.pool.serverPid);
    expect(here.mirror.seq).toBeGreaterThanOrEqual(seq ?? 0);
    expect(states).toContain("waiting");
  });

  it("makes room for a newer client, and not for an older one", async () => {
    const old = await open("0.0.0");
    const newer = await open("0.1.0");
    expect(newer.pool.serverPid).not.toBe(old.pool.serverPid);
    expect(newer.pool.id).toBe(old.pool.id);
    newer.close();
    old.close();
  });

  it("says what is wrong with a folder that cannot be used", async () => {
    const file = path.join(home, "file");
    fs.writeFileSync(file, "");
    home = path.join(file, "pool");
    await expect(open()).rejects.toMatchObject({
      message: expect.stringContaining("cannot be used") as string,
      remedy: expect.stringContaining("TRAINYARD_HOME") as string,
    });
    home = path.dirname(file);
  });

  it("that a server on another host has is not served twice, and it is said which", async () => {
    const owner = { host: "login1", bootId: "b", pidNamespace: "p", pid: 1, startTicks: 1 };
    const lock = path.join(home, "state", "lock");
    fs.mkdirSync(path.dirname(lock));
    fs.writeFileSync(lock, JSON.stringify({ ...owner, heartbeatAtMs: Date.now() }));
    await expect(open()).rejects.toMatchObject({
      message: expect.stringMatching(/belongs to a server on login1, seen \d+ s ago/) as string,
      remedy: expect.stringContaining("10 minutes") as string,
    });
    expect(serversOf(home)).toEqual([]);
    expect(fs.readdirSync(path.dirname(lock))).toEqual(["lock"]);
  });

  it("does not try without end where folders cannot be made", () => {
    expect(() => localPaths("/proc/no-such-folder")).toThrow("cannot be used");
  });

  it("says that it cannot write its log", async () => {
    fs.mkdirSync(path.join(home, "state", "server.log"), { recursive: true });
    await expect(open()).rejects.toMatchObject({
      message: expect.stringContaining("log cannot be written") as string,
      remedy: expect.stringContaining("writable") as string,
    });
  });

  it("is found by who has another idea of where sockets are", async () => {
    const runtime = path.join(home, "runtime");
    fs.mkdirSync(runtime, { mode: 0o700 });
    vi.stubEnv("XDG_RUNTIME_DIR", undefined);
    const first = await open();
    vi.stubEnv("XDG_RUNTIME_DIR", runtime);
    const second = await open();
    expect(second.pool.serverPid).toBe(first.pool.serverPid);
    expect(fs.readdirSync(runtime)).toEqual([]);
    for (const connection of [first, second]) connection.close();
  });

  it("ends when its folder is deleted, and is made anew", async () => {
    const here = link();
    const before = await here.connection();
    fs.rmSync(home, { recursive: true, maxRetries: 20, retryDelay: 100 });
    await expect
      .poll(async () => (await here.connection().catch(() => before)).pool.id, { timeout: 25_000 })
      .not.toBe(before.pool.id);
    expect(here.mirror.seq).not.toBeNull();
  });

  it("keeps its log from growing without end", async () => {
    const log = path.join(home, "state", "server.log");
    fs.mkdirSync(path.dirname(log));
    fs.writeFileSync(log, Buffer.alloc(11 * 1024 * 1024, "x"));
    (await open()).close();
    expect(fs.statSync(log).size).toBeLessThan(1024 * 1024);
    expect(fs.statSync(`${log}.1`).size).toBe(11 * 1024 * 1024);
  });

  it("gives a server nothing of the editor's own environment", async () => {
    vi.stubEnv("VSCODE_PID", "1");
    vi.stubEnv("ELECTRON_RUN_AS_NODE", "1");
    vi.stubEnv("NODE_OPTIONS", "--no-warnings");
    const { pool } = await open();
    const environment = fs.readFileSync(`/proc/${pool.serverPid}/environ`, "utf8").split("\0");
    expect(environment).toContain(`TRAINYARD_HOME=${fs.realpathSync(home)}`);
    expect(environment.filter((line) => /^(VSCODE_|ELECTRON_|NODE_OPTIONS)/.test(line))).toEqual([]);
  });

  it("shows the server's last words when it does not start", async () => {
    fs.mkdirSync(path.join(home, "state", "pool.sqlite"), { recursive: true });
    await expect(open()).rejects.toMatchObject({
      message: expect.stringContaining("did not start: The pool's database cannot be opened") as string,
      remedy: expect.stringContaining("a file of yours") as string,
    });
  });
});

/** Living ones for a pool folder, whoever started them. */
function serversOf(folder: string): number[] {
  return fs
    .readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => readOr(`/proc/${pid}/cmdline`).split("\0").includes(folder))
    .map(Number);
}

/** A process that has ended has no command line any more, also while nobody has taken note of it. */
function readOr(file: string): string {
  try {
    return fs.readFileSync(file, "utf8");
  } catch {
    return ""; // gone meanwhile
  }
}
