/** Sessions by the system's `ssh`, over real sshds. */
import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import fs from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it, onTestFinished } from "vitest";
import { parseDestination } from "../../../../src/cluster/client/ssh/destination.ts";
import { shownKey } from "../../../../src/cluster/client/ssh/fingerprint.ts";
import type { SecretQuestion, ShownHostKey } from "../../../../src/cluster/client/ssh/host.ts";
import { resolveHost } from "../../../../src/cluster/client/ssh/resolve.ts";
import { ChannelRefused, type HostSession } from "../../../../src/cluster/client/ssh/session.ts";
import {
  openSystemSession,
  type SystemConnecting,
} from "../../../../src/cluster/client/ssh/systemSession.ts";
import { openTrustStore } from "../../../../src/cluster/client/ssh/trustStore.ts";
import { PersonNeededError } from "../../../../src/cluster/client/userError.ts";
import { temporaryFolder } from "../support.ts";
import { makeAuthority } from "./certificate.ts";
import { makeKey, startSshd, type TestHost } from "./host.ts";

interface Rig {
  sshd: TestHost;
  stateFolder: string;
  keysAsked: ShownHostKey[];
  secretsAsked: SecretQuestion[];
  /** Given one by one; then none. */
  answers: string[];
  trusts: boolean;
  memory: Map<string, string>;
  config: string;
  /** @param lines for the host, which come first, and so win */
  open: (lines?: readonly string[], change?: Partial<SystemConnecting>) => Promise<HostSession>;
}

async function rig(settings: readonly string[] = []): Promise<Rig> {
  const sshd = await startSshd(settings);
  const config = path.join(sshd.folder, "ssh_config");
  const at: Rig = {
    sshd,
    stateFolder: temporaryFolder("state"),
    keysAsked: [],
    secretsAsked: [],
    answers: [],
    trusts: true,
    memory: new Map(),
    config,
    open: async (lines = [], change = {}) => {
      writeConfig(at, lines);
      const resolve = (destination: string): ReturnType<typeof resolveHost> =>
        resolveHost(parseDestination(destination), { configFile: config });
      const session = await openSystemSession(parseDestination("testhost"), await resolve("testhost"), {
        questions: {
          trustHostKey: (key) => {
            at.keysAsked.push(key);
            return Promise.resolve(at.trusts);
          },
          secret: (question) => {
            at.secretsAsked.push(question);
            return Promise.resolve(at.answers.shift() ?? null);
          },
        },
        memory: at.memory,
        stateFolder: at.stateFolder,
        fingerprint: null,
        configFile: config,
        resolve,
        ...change,
      });
      onTestFinished(() => session.close());
      return session;
    },
  };
  return at;
}

function writeConfig({ sshd, config }: Rig, lines: readonly string[]): void {
  fs.writeFileSync(
    config,
    [
      "Host testhost",
      ...lines.map((line) => `  ${line}`),
      "  HostName 127.0.0.1",
      `  Port ${sshd.port}`,
      `  IdentityFile ${sshd.identity}`,
      "  IdentitiesOnly yes",
      `  UserKnownHostsFile ${sshd.knownHosts}`,
      "  GlobalKnownHostsFile /dev/null\n",
    ].join("\n"),
  );
}

/** Knows nobody. */
const strangers = (at: Rig): string => `UserKnownHostsFile ${path.join(at.sshd.folder, "nobody")}`;

/** What we started carries the configuration's name in its arguments. */
function processesOf({ config }: Rig): string[] {
  return fs
    .readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const words = fs.readFileSync(`/proc/${pid}/cmdline`, "latin1").replaceAll("\0", " ");
        return words.includes(config) ? [`${pid} ${words}`] : [];
      } catch {
        return [];
      }
    });
}

/** Sessions of this file put their folders here. */
const temporary = fs.mkdtempSync(path.join(os.tmpdir(), "ty-"));
process.env.TMPDIR = temporary;
afterAll(() => fs.rmSync(temporary, { recursive: true, force: true }));

async function expectNothingLeft(at: Rig): Promise<void> {
  await expect.poll(() => processesOf(at), { timeout: 10_000 }).toEqual([]);
  const left = (): string[] => fs.readdirSync(temporary).filter((name) => name.startsWith("trainyard-ssh-"));
  await expect.poll(left, { timeout: 10_000 }).toEqual([]);
}

describe("a session", () => {
  it("runs commands with what they read, says how they ended, and leaves nothing behind", async () => {
    const at = await rig();
    const session = await at.open();
    const input = randomBytes(3_000_000);
    const ran = await session.run("sha256sum; echo problem >&2; exit 7", { input });
    expect(ran.code).toBe(7);
    expect(ran.stdout).toContain(createHash("sha256").update(input).digest("hex"));
    expect(ran.stderr).toContain("problem");
    expect((await session.run("exit 255")).code).toBe(255);
    expect(processesOf(at)).not.toEqual([]);
    session.close();
    await expectNothingLeft(at);
  });

  it("has one connection for all of its commands, side by side", async () => {
    const at = await rig();
    const session = await at.open();
    const streams = await Promise.all(Array.from({ length: 6 }, () => session.openCommand("cat")));
    for (const [index, stream] of streams.entries()) {
      stream.write(`hello ${index}`);
      expect(String((await once(stream, "data"))[0])).toBe(`hello ${index}`);
      stream.end();
    }
    await session.run("true");
    expect(at.sshd.log().match(/Accepted publickey/g)).toHaveLength(1);
    await expect(session.openStream("/tmp/x.sock")).rejects.toThrow(ChannelRefused);
  });

  it("goes on where the host takes one command at a time", async () => {
    const at = await rig(["MaxSessions 1"]);
    const session = await at.open();
    const stream = await session.openCommand("cat");
    stream.write("first");
    expect(String((await once(stream, "data"))[0])).toBe("first");
    expect((await session.run("echo second")).stdout).toBe("second\n");
  });

  it("is not misled by what the configuration wants of a terminal", async () => {
    const at = await rig();
    const lines = ["RemoteCommand top", "RequestTTY yes", "SessionType none", "LocalForward 1 localhost:1"];
    const session = await at.open([...lines, "ForwardAgent yes", "LogLevel QUIET", "StdinNull yes"]);
    const ran = await session.run("cat; echo ${SSH_AUTH_SOCK:-none}", { input: Buffer.from("read ") });
    expect(ran).toMatchObject({ code: 0, stdout: "read none\n" });
  });

  it("ends a command that is given up, and goes on", async () => {
    const at = await rig();
    const session = await at.open();
    const given = new AbortController();
    const running = session.run("sleep 60", { signal: given.signal });
    given.abort(new Error("given up"));
    await expect(running).rejects.toThrow("given up");
    expect((await session.run("echo still")).stdout).toBe("still\n");
  });

  it("ends when the host does not answer in time", async () => {
    const session = await (await rig()).open();
    await expect(session.run("sleep 60", { timeoutMs: 200 })).rejects.toThrow(/did not answer in time/);
    await expect(session.run("true")).rejects.toThrow(/gone/);
  });

  it("tells its end once, also to who asks later, and refuses calls then", async () => {
    const at = await rig();
    const session = await at.open();
    const stream = await session.openCommand("cat");
    const streamEnded = once(stream, "close").catch(() => undefined);
    const reason = new Promise<string>((resolve) => session.onClosed(resolve));
    at.sshd.cut();
    expect(await reason).not.toBe("");
    await streamEnded;
    await expect(session.run("true")).rejects.toThrow(/gone/);
    await new Promise<string>((resolve) => session.onClosed(resolve));
    await expectNothingLeft(at);
  });

  it("ends with the process that opened it, however that ends", async () => {
    const at = await rig();
    await at.open();
    const controlled = path.join(temporary, "guarded");
    fs.mkdirSync(controlled);
    const script = `
      import { startMaster } from ${JSON.stringify(path.resolve("src/cluster/client/ssh/sshMaster.ts"))};
      const args = ["-M", "-N", "-T", "-F", ${JSON.stringify(at.config)}, "-S", ${JSON.stringify(`${controlled}/m`)}, "testhost"];
      const master = startMaster({ folder: ${JSON.stringify(controlled)}, controlPath: ${JSON.stringify(`${controlled}/m`)}, environment: process.env, args });
      await master.ready;
      process.stdout.write("ready");
      setInterval(() => undefined, 1000);`;
    const owner = spawn(
      process.execPath,
      ["--no-warnings", "--input-type=module", "--experimental-strip-types", "-e", script],
      {
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
    expect(String((await once(owner.stdout, "data"))[0])).toBe("ready");
    owner.kill("SIGKILL");
    await expect.poll(() => processesOf(at).filter((line) => line.includes(controlled))).toEqual([]);
    await expect.poll(() => fs.existsSync(controlled)).toBe(false);
  });
});

describe("being let in", () => {
  it("shows a certificate where nothing else is taken", async () => {
    const authority = makeAuthority();
    const at = await rig(authority.settings);
    await expect(at.open()).rejects.toThrow(/did not let us in\. ssh: .*Permission denied \(publickey\)/);
    authority.sign(at.sshd.identity);
    const session = await at.open();
    expect((await session.run("echo there")).stdout).toBe("there\n");
    expect(at.sshd.log()).toMatch(/Accepted publickey.*CERT/);
  });

  it("uses the person's own ControlMaster, tells its end, and leaves it alone", async () => {
    const at = await rig();
    const socket = path.join(at.sshd.folder, "own");
    const own = ["-F", "/dev/null", "-p", String(at.sshd.port), "-i", at.sshd.identity];
    const known = ["-o", `UserKnownHostsFile=${at.sshd.knownHosts}`];
    const theirs = spawn("ssh", [...own, ...known, "-M", "-N", "-T", "-S", socket, "127.0.0.1"]);
    onTestFinished(() => void theirs.kill());
    await expect.poll(() => fs.existsSync(socket), { timeout: 10_000 }).toBe(true);
    // Without it nobody would be let in.
    fs.writeFileSync(path.join(at.sshd.folder, "authorized_keys"), "");
    const session = await at.open([`ControlPath ${socket}`]);
    expect((await session.run("echo there")).stdout).toBe("there\n");
    session.close();
    await expectNothingLeft(at);
    expect(theirs.exitCode).toBe(null);
    const again = await at.open([`ControlPath ${socket}`]);
    const reason = new Promise<string>((resolve) => again.onClosed(resolve));
    theirs.kill();
    expect(await reason).toMatch(/ControlMaster/);
    await expectNothingLeft(at);
  });

  it("asks for a passphrase, again when it was wrong, and not when it comes back", async () => {
    const at = await rig();
    const locked = path.join(at.sshd.folder, "locked key");
    makeKey(locked, "ed25519", "open sesame");
    fs.copyFileSync(`${locked}.pub`, path.join(at.sshd.folder, "authorized_keys"));
    at.answers = ["wrong", "open sesame"];
    await at.open([`IdentityFile "${locked}"`]);
    expect(at.secretsAsked).toMatchObject([
      { kind: "passphrase", of: locked },
      { kind: "passphrase", of: locked },
    ]);
    await at.open([`IdentityFile "${locked}"`]);
    expect(at.secretsAsked).toHaveLength(2);
  });

  it("passes over a key whose passphrase nobody gives", async () => {
    const at = await rig();
    const locked = path.join(at.sshd.folder, "locked");
    makeKey(locked, "ed25519", "open sesame");
    await at.open([`IdentityFile ${locked}`]);
    expect(at.sshd.log()).toMatch(/Accepted/);
  });

  it("asks for a password, and sends none when nobody gives one", async () => {
    const at = await rig(["PasswordAuthentication yes", "AuthorizedKeysFile none"]);
    await expect(at.open()).rejects.toThrow(/asks for a password/);
    expect(at.secretsAsked).toMatchObject([{ kind: "password", of: `${os.userInfo().username}@127.0.0.1` }]);
    expect(at.sshd.log()).not.toMatch(/Failed password/);
    at.answers = ["wrong", "wrong too", "wrong again"];
    await expect(at.open()).rejects.toThrow(/did not let us in/);
    expect(at.memory.size).toBe(0);
    await expectNothingLeft(at);
  });
});

describe("the host's key", () => {
  it("is asked about once, kept by us, and written nowhere else", async () => {
    const at = await rig();
    await at.open([strangers(at)]);
    const name = `[127.0.0.1]:${at.sshd.port}`;
    expect(at.keysAsked).toMatchObject([{ name, type: "ssh-ed25519" }]);
    expect(at.keysAsked[0]?.fingerprint).toMatch(/^SHA256:[A-Za-z0-9+/]{43}$/);
    expect((await openTrustStore(at.stateFolder).keys()).map((key) => key.matches(name))).toEqual([true]);
    expect(fs.existsSync(path.join(at.sshd.folder, "nobody"))).toBe(false);
    await at.open([strangers(at)]);
    expect(at.keysAsked).toHaveLength(1);
  });

  it.each(["no", "accept-new", "ask"])("is never taken silently (StrictHostKeyChecking %s)", async (how) => {
    const at = await rig();
    at.trusts = false;
    const refused = at.open([strangers(at), `StrictHostKeyChecking ${how}`]);
    await expect(refused).rejects.toThrow(/is not known here: ssh-ed25519 SHA256:/);
    await expect(refused).rejects.toThrow(PersonNeededError);
    expect(at.sshd.log()).not.toMatch(/Accepted|publickey/);
    await expectNothingLeft(at);
  });

  it("is not asked about where the configuration forbids it", async () => {
    const at = await rig();
    const refused = at.open([strangers(at), "StrictHostKeyChecking yes"]);
    await expect(refused).rejects.toThrow(/is not known here/);
    expect(at.keysAsked).toEqual([]);
  });

  it("is refused when it has changed", async () => {
    const at = await rig();
    const other = await startSshd();
    fs.writeFileSync(at.sshd.knownHosts, `[127.0.0.1]:${at.sshd.port} ${other.hostKey}\n`);
    await expect(at.open()).rejects.toThrow(/has changed: it shows SHA256:.*known_hosts.*Nothing was sent/);
  });

  it("has to be the one that was pinned, whatever is known", async () => {
    const at = await rig();
    const wrong = `SHA256:${"A".repeat(43)}`;
    await expect(at.open([], { fingerprint: wrong })).rejects.toThrow(/the pool was added with SHA256:AAA/);
    const { fingerprint } = shownKey("", Buffer.from(at.sshd.hostKey.split(" ")[1] ?? "", "base64"));
    await at.open([], { fingerprint });
    expect(at.keysAsked).toEqual([]);
  });
});

describe("jump hosts", () => {
  it("are judged as well, whatever the configuration would take", async () => {
    const [at, jump] = [await rig(), await startSshd()];
    const open = (): Promise<HostSession> =>
      at.open([
        "ProxyJump jump",
        `UserKnownHostsFile ${at.sshd.knownHosts}`,
        "Host jump",
        "HostName 127.0.0.1",
        `Port ${jump.port}`,
        `IdentityFile ${jump.identity}`,
        "StrictHostKeyChecking no",
        strangers(at),
        "Host testhost",
      ]);
    at.trusts = false;
    await expect(open()).rejects.toThrow(/is not known here/);
    expect(jump.log()).not.toMatch(/Accepted|publickey/);
    at.trusts = true;
    const session = await open();
    expect((await session.run("echo there")).stdout).toBe("there\n");
    expect(at.keysAsked).toMatchObject([
      { name: `[127.0.0.1]:${jump.port}` },
      { name: `[127.0.0.1]:${jump.port}` },
    ]);
    await open();
    expect(at.keysAsked).toHaveLength(2);
    session.close();
  });
});

describe("hosts that are no hosts", () => {
  it("nobody listens, nobody has that name, it says nothing, it is given up", async () => {
    const at = await rig();
    const silent = net.createServer();
    silent.listen(0, "127.0.0.1");
    await once(silent, "listening");
    onTestFinished(() => void silent.close());
    const port = `Port ${(silent.address() as net.AddressInfo).port}`;
    await expect(at.open(["HostName no-such-host.invalid"])).rejects.toThrow(/no-such-host\.invalid/);
    await expect(at.open([port, "ConnectTimeout 1"])).rejects.toThrow(/does not answer/);
    const given = new AbortController();
    const opening = at.open([port], { signal: given.signal });
    setTimeout(() => given.abort(new Error("given up")), 300);
    await expect(opening).rejects.toThrow("given up");
    at.sshd.stop();
    fs.mkdirSync(at.sshd.folder);
    onTestFinished(() => fs.rmSync(at.sshd.folder, { recursive: true }));
    await expect(at.open()).rejects.toThrow(/Nobody listens/);
    await expectNothingLeft(at);
  });
});
