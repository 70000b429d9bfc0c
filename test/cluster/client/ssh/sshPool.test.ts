/** Pools at the other end of real sshds: what the host lacks is sent, and everything that works here works there. */
import fs from "node:fs";
import path from "node:path";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { PoolLink } from "../../../../src/cluster/client/link.ts";
import { connectSshPool } from "../../../../src/cluster/client/ssh/sshPool.ts";
import { PersonNeededError } from "../../../../src/cluster/client/userError.ts";
import { startSshd } from "./host.ts";
import { buildBundles, rig, trainAndRestore } from "./poolRig.ts";
import { makeAuthority } from "./certificate.ts";

beforeAll(buildBundles, 120_000);

describe("a host of one's own", () => {
  it("gets what it lacks, a Node among it, trains there, and gives the checkpoint back", async () => {
    const at = await rig();
    const connection = await at.connect({ runtimePath: null });
    expect(connection.pool.folder).toBe(path.join(at.host.folder, "pool"));
    expect(fs.statSync(connection.pool.folder).mode & 0o077).toBe(0);
    await trainAndRestore(at, connection);
  }, 90_000);

  it("works where forwarding is forbidden, through the host program", async () => {
    const at = await rig(["AllowStreamLocalForwarding no", "AllowTcpForwarding no"]);
    await trainAndRestore(at, await at.connect());
  }, 60_000);

  it("serves two clients at once, and the second finds everything there", async () => {
    const at = await rig();
    const first = await at.connect();
    const second = await at.connect();
    expect(second.pool).toEqual(first.pool);
    expect(fs.readdirSync(path.join(first.pool.folder, "server"))).toHaveLength(1);
  }, 60_000);

  it("comes back by itself after the connection was cut, with what was missed", async () => {
    const at = await rig();
    const link = new PoolLink(() => connectSshPool(at.options()));
    onTestFinished(() => link.close());
    const states: string[] = [];
    link.onDidChangeState(({ state }) => states.push(state));
    const before = await link.connection();
    at.host.cut();
    await expect.poll(() => link.state.state, { timeout: 30_000 }).not.toBe("connected");
    await expect.poll(() => link.state.state, { timeout: 30_000 }).toBe("connected");
    const after = await link.connection();
    expect(after).not.toBe(before);
    expect(after.pool.serverPid).toBe(before.pool.serverPid);
    expect(states).not.toContain("failed");
  }, 90_000);
});

describe("the host's key", () => {
  it("is asked about once, and remembered", async () => {
    const at = await rig();
    await at.connect();
    expect(at.asked).toMatchObject([{ name: `[127.0.0.1]:${at.host.port}`, type: "ssh-ed25519" }]);
    expect(at.asked[0]?.fingerprint).toMatch(/^SHA256:[A-Za-z0-9+/]{43}$/);
    await at.connect();
    expect(at.asked).toHaveLength(1);
  }, 60_000);

  it("is refused when nobody says yes, and nothing was sent", async () => {
    const at = await rig([], false);
    await expect(at.connect()).rejects.toThrow(PersonNeededError);
    expect(at.host.log()).not.toMatch(/Accepted|publickey/);
  });

  it("is refused when it has changed, and when it is not the one that was pinned", async () => {
    const at = await rig();
    const other = await startSshd();
    fs.writeFileSync(path.join(at.host.folder, "none"), `[127.0.0.1]:${at.host.port} ${other.hostKey}\n`);
    await expect(at.connect()).rejects.toThrow(/has changed[^]*Nothing was sent/);
    await expect(at.connect({ fingerprint: `SHA256:${"A".repeat(43)}` })).rejects.toThrow(/has changed/);
    expect(at.asked).toEqual([]);
  });
});

describe("a host that cannot be a pool", () => {
  it.each([
    ["a restricted account", ["ForceCommand echo no"], {}, /does not run what is sent/],
    ["a folder that cannot be made", [], { home: "/proc/pool" }, /cannot be written/],
    ["a Node that is none", [], { runtimePath: "/bin/true" }, /is not Node 22\.13/],
  ] as const)("%s", async (_name, settings, change, words) => {
    const at = await rig(settings);
    const failed = at.connect(change);
    await expect(failed).rejects.toThrow(words);
  });

  it("prints a lot before anything else, and is a pool all the same", async () => {
    const at = await rig([
      `ForceCommand head -c 200000 /dev/zero | tr '\\0' x; eval "$SSH_ORIGINAL_COMMAND"`,
    ]);
    const connection = await at.connect();
    expect(connection.pool.serverPid).toBeGreaterThan(0);
  }, 60_000);
});

describe("what only OpenSSH can do", () => {
  it("a host that takes nothing but certificates, and forbids forwarding: trains and gives the checkpoint back", async () => {
    const authority = makeAuthority();
    const at = await rig([...authority.settings, "AllowStreamLocalForwarding no", "AllowTcpForwarding no"]);
    authority.sign(at.host.identity);
    await trainAndRestore(at, await at.connect());
    expect(at.host.log()).toMatch(/Accepted publickey.*CERT/);
    expect(at.asked).toHaveLength(1);
    await at.connect();
    expect(at.asked).toHaveLength(1);
  }, 60_000);

  it("comes back by itself after that connection was cut", async () => {
    const authority = makeAuthority();
    const at = await rig(authority.settings);
    authority.sign(at.host.identity);
    const link = new PoolLink(() => connectSshPool(at.options()));
    onTestFinished(() => link.close());
    const before = await link.connection();
    at.host.cut();
    await expect.poll(() => link.state.state, { timeout: 30_000 }).not.toBe("connected");
    await expect.poll(() => link.state.state, { timeout: 30_000 }).toBe("connected");
    expect((await link.connection()).pool.serverPid).toBe(before.pool.serverPid);
  }, 90_000);

  it("a host that shares no algorithm with ssh2, and the key is asked about once", async () => {
    const at = await rig(["KexAlgorithms sntrup761x25519-sha512@openssh.com"]);
    expect((await at.connect()).pool.serverPid).toBeGreaterThan(0);
    expect(at.asked).toHaveLength(1);
  }, 60_000);
});
