/** Two login nodes, each with a name of its own (a UTS namespace), on one home: one server, wherever one comes from. */
import fs from "node:fs";
import path from "node:path";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { PoolConnection } from "../../../../src/cluster/client/connection.ts";
import { purgePool } from "../../../../src/cluster/client/pools/purgePool.ts";
import { MARK } from "../../../../src/cluster/client/ssh/hostScripts.ts";
import { connectSshPool, type SshPoolOptions } from "../../../../src/cluster/client/ssh/sshPool.ts";
import { PoolLockFile } from "../../../../src/cluster/protocol/poolLock.ts";
import { temporaryFolder } from "../support.ts";
import { isRoot, NEEDS_ROOT } from "./accounts.ts";
import { makeAuthority } from "./certificate.ts";
import { startSshd, type TestHost } from "./host.ts";
import { buildBundles, DIST, trainAndRestore } from "./poolRig.ts";

beforeAll(buildBundles, 120_000);

interface LoginNodes {
  /** Its keys let in everywhere. */
  login1: TestHost;
  login2: TestHost;
  /** The pool folder in the home of both. */
  home: string;
  stateFolder: string;
  options: (node: string) => SshPoolOptions;
  connect: (node: string) => Promise<PoolConnection>;
  lock: () => PoolLockFile;
  /** What serves the folder. */
  servers: () => number[];
}

/** @param settings of login2, which is the one that is come to */
async function loginNodes(settings: readonly string[] = []): Promise<LoginNodes> {
  const shared = temporaryFolder("home");
  fs.chmodSync(shared, 0o700);
  const environment = { HOME: shared };
  const [login1, login2] = [
    await startSshd([], { hostName: "login1", environment }),
    await startSshd(settings, { hostName: "login2", environment }),
  ];
  // One account, one authorized_keys.
  fs.appendFileSync(path.join(login1.folder, "authorized_keys"), fs.readFileSync(`${login2.identity}.pub`));
  const known = path.join(login2.folder, "both");
  fs.writeFileSync(known, [login1, login2].map((node) => fs.readFileSync(node.knownHosts, "utf8")).join(""));
  const config = path.join(login2.folder, "ssh_config");
  const host = (name: string, { port }: TestHost, more = ""): string =>
    `Host ${name}\n  HostName 127.0.0.1\n  Port ${port}\n${more}`;
  fs.writeFileSync(
    config,
    [
      host("login1", login1),
      host("login2", login2, `  IdentityFile ${login2.identity}\n  IdentitiesOnly yes\n`),
      host("direct", login1, `  IdentityFile ${login1.identity}\n  IdentitiesOnly yes\n`),
      `Host *\n  IdentityAgent none\n  UserKnownHostsFile ${known}\n  GlobalKnownHostsFile /dev/null\n`,
    ].join(""),
  );
  const home = path.join(shared, ".trainyard");
  const stateFolder = temporaryFolder("state");
  const options = (node: string): SshPoolOptions => ({
    entry: {
      kind: "ssh",
      name: "cluster",
      destination: node,
      sshConfig: config,
      home: null,
      runtimePath: process.execPath,
      fingerprint: null,
    },
    stateFolder,
    dist: DIST,
    client: { name: "test", version: "0.0.0" },
    questions: { trustHostKey: () => Promise.resolve(false), secret: () => Promise.resolve(null) },
    memory: new Map(),
  });
  return {
    login1,
    login2,
    home,
    stateFolder,
    options,
    connect: async (node) => {
      const connection = await connectSshPool(options(node));
      onTestFinished(() => connection.close());
      return connection;
    },
    lock: () => PoolLockFile.parse(JSON.parse(fs.readFileSync(path.join(home, "state", "lock"), "utf8"))),
    servers: () =>
      fs
        .readdirSync("/proc")
        .filter((name) => /^\d+$/.test(name))
        .filter(
          (pid) => /server\.js\0.*--home\0/.test(commandOf(pid)) && commandOf(pid).includes(`\0${home}\0`),
        )
        .map(Number),
  };
}

function commandOf(pid: string): string {
  try {
    return fs.readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return ""; // gone meanwhile
  }
}

describe.skipIf(!isRoot)(`two login nodes on one home ${NEEDS_ROOT}`, () => {
  it("whoever comes to the other one is led to the server, and trains and restores there", async () => {
    const at = await loginNodes();
    const first = await at.connect("direct");
    expect(first.pool.host).toBe("login1");
    const second = await at.connect("login2");
    expect(second.pool).toEqual(first.pool);
    expect(at.servers()).toEqual([first.pool.serverPid]);
    expect(at.lock()).toMatchObject({ host: "login1", pid: first.pool.serverPid });
    await trainAndRestore(at, second);
    const ended = new Promise((resolve) => second.onClosed(resolve));
    at.login1.cut();
    await ended;
  }, 90_000);

  it("also through the system's ssh", async () => {
    const authority = makeAuthority();
    const at = await loginNodes(authority.settings);
    authority.sign(at.login2.identity);
    // The certificate is login2's alone.
    const first = await at.connect("direct");
    const second = await at.connect("login2");
    expect(at.login2.log()).toMatch(/Accepted publickey.*CERT/);
    expect(second.pool).toEqual(first.pool);
  }, 90_000);

  it("where it is not forwarded there: one sentence that names the owner, and no second server", async () => {
    const at = await loginNodes(["AllowTcpForwarding no"]);
    const { pool } = await at.connect("direct");
    await expect(at.connect("login2")).rejects.toMatchObject({
      message: expect.stringMatching(
        /^The pool cluster belongs to a server on login1, which cannot be reached from there: login2 cannot reach 127/,
      ) as string,
      remedy: expect.stringMatching(/AllowTcpForwarding\)\. Or add login1 itself as the pool/) as string,
    });
    expect(at.servers()).toEqual([pool.serverPid]);
  }, 60_000);

  it("whose key nobody knows: it is asked about, and refused without an answer", async () => {
    const at = await loginNodes();
    await at.connect("direct");
    fs.copyFileSync(at.login2.knownHosts, path.join(at.login2.folder, "both"));
    await expect(at.connect("login2")).rejects.toMatchObject({
      name: "PersonNeededError",
      message: expect.stringMatching(
        /belongs to a server on login1[^]*key of \[127\.0\.0\.1\]:\d+/,
      ) as string,
    });
  }, 60_000);

  it("a server that was killed is started where it was, not beside it", async () => {
    const at = await loginNodes();
    const { pool } = await at.connect("direct");
    process.kill(pool.serverPid, "SIGKILL");
    const again = await at.connect("login2");
    expect(again.pool).toMatchObject({ id: pool.id, host: "login1" });
    expect(again.pool.serverPid).not.toBe(pool.serverPid);
    expect(at.servers()).toEqual([again.pool.serverPid]);
  }, 60_000);

  it("from a host that is gone, and was not seen for long, the pool is taken over", async () => {
    const at = await loginNodes();
    const { pool } = await at.connect("direct");
    process.kill(pool.serverPid, "SIGKILL");
    at.login1.stop();
    await expect(at.connect("login2")).rejects.toThrow(/belongs to a server on login1/);
    const file = path.join(at.home, "state", "lock");
    const longAgoMs = Date.now() - 3_600_000;
    fs.writeFileSync(file, JSON.stringify({ ...at.lock(), heartbeatAtMs: longAgoMs }));
    fs.utimesSync(file, longAgoMs / 1000, longAgoMs / 1000);
    const taken = await at.connect("login2");
    expect(taken.pool).toMatchObject({ id: pool.id, host: "login2" });
    expect(at.servers()).toEqual([taken.pool.serverPid]);
  }, 60_000);

  it("is removed from both, whichever one comes to", async () => {
    const at = await loginNodes();
    await at.connect("direct");
    const { entry, ...ssh } = at.options("login2");
    const local = {
      home: null,
      serverScript: "",
      pythonFolder: "",
      runtimePath: null,
      environment: {},
      client: ssh.client,
    };
    const purged = await purgePool(entry, { local, ssh }, () => Promise.resolve(true));
    expect(purged).toMatchObject({ contents: { folder: at.home }, left: null });
    expect(fs.existsSync(at.home)).toBe(false);
    await expect.poll(at.servers, { timeout: 20_000 }).toEqual([]);
  }, 60_000);
});

describe.skipIf(!isRoot)(`a host that names another as the owner ${NEEDS_ROOT}`, () => {
  const claim = (change: object): string[] => {
    const owner = { host: "login1", bootId: "b", pidNamespace: "p", pid: 1, startTicks: 1, heartbeatAtMs: 1 };
    const file = path.join(temporaryFolder("answer"), "answer");
    fs.writeFileSync(
      file,
      ["", MARK, `elsewhere=${JSON.stringify({ ...owner, ...change })}`, "end=yes", ""].join("\n"),
    );
    return [`ForceCommand cat ${file}`];
  };

  it("gets nothing done there when they have no folder in common", async () => {
    const at = await loginNodes(claim({}));
    await expect(at.connect("login2")).rejects.toThrow(/it has another pool folder/);
    expect(at.login1.log()).toMatch(/Accepted publickey/);
    expect(fs.existsSync(at.home)).toBe(false);
  }, 60_000);

  it.each(["-oProxyCommand=evil", "login1;evil", "../x", "a b", ""])("%j is no host", async (host) => {
    const at = await loginNodes(claim({ host }));
    await expect(at.connect("login2")).rejects.toThrow("not of the protocol");
    expect(at.login1.log()).not.toMatch(/Accepted|publickey/);
  });
});
