import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import type { SecretQuestion, SshHost } from "../../../../src/cluster/client/ssh/host.ts";
import { ChannelRefused, type HostSession } from "../../../../src/cluster/client/ssh/session.ts";
import { openSsh2Session, type SshConnecting } from "../../../../src/cluster/client/ssh/ssh2Session.ts";
import { makeKey, startSshd } from "./host.ts";

function connecting(change: Partial<SshConnecting> = {}): SshConnecting {
  return {
    questions: { trustHostKey: () => Promise.resolve(false), secret: () => Promise.resolve(null) },
    memory: new Map(),
    verify: () => Promise.resolve(),
    keyTypes: () => Promise.resolve([]),
    resolve: (destination) => Promise.reject(new Error(`nobody knows ${destination}`)),
    ...change,
  };
}

async function open(host: SshHost, change: Partial<SshConnecting> = {}): Promise<HostSession> {
  const session = await openSsh2Session(host, connecting(change));
  onTestFinished(() => session.close());
  return session;
}

/** A socket on this machine that sends back what it gets. */
async function echo(folder: string): Promise<string> {
  const file = path.join(folder, "echo.sock");
  const server = net.createServer((socket) => socket.pipe(socket));
  server.listen(file);
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return file;
}

describe("a session", () => {
  it("runs commands with what they read, and says how they ended", async () => {
    const session = await open((await startSshd()).host());
    const input = randomBytes(3_000_000);
    const ran = await session.run("sha256sum; echo problem >&2; exit 7", { input });
    expect(ran.code).toBe(7);
    expect(ran.stdout).toContain(createHash("sha256").update(input).digest("hex"));
    expect(ran.stderr).toContain("problem");
  });

  it("opens streams to a Unix socket, several side by side", async () => {
    const sshd = await startSshd();
    const session = await open(sshd.host());
    const socket = await echo(sshd.folder);
    const streams = await Promise.all(Array.from({ length: 12 }, () => session.openStream(socket)));
    for (const [index, stream] of streams.entries()) {
      stream.write(`hello ${index}`);
      expect(String((await once(stream, "data"))[0])).toBe(`hello ${index}`);
      stream.destroy();
    }
    await expect(session.openStream(path.join(sshd.folder, "nobody"))).rejects.toThrow(ChannelRefused);
  });

  it("says that a forwarding was refused", async () => {
    const sshd = await startSshd(["AllowStreamLocalForwarding no"]);
    const session = await open(sshd.host());
    await expect(session.openStream(await echo(sshd.folder))).rejects.toThrow(ChannelRefused);
  });

  it("tells its end once, also to who asks later, and refuses calls then", async () => {
    const sshd = await startSshd();
    const session = await open(sshd.host());
    const reason = new Promise<string>((resolve) => session.onClosed(resolve));
    sshd.stop();
    expect(await reason).not.toBe("");
    await expect(session.run("true")).rejects.toThrow(/gone/);
    await new Promise<string>((resolve) => session.onClosed(resolve));
  });
});

describe("being let in", () => {
  it("offers the right key among many without being cut", async () => {
    const sshd = await startSshd(["MaxAuthTries 3"]);
    const wrong = Array.from({ length: 8 }, (_, index) => path.join(sshd.folder, `wrong${index}`));
    for (const file of wrong) makeKey(file, "ed25519");
    await open(sshd.host({ identityFiles: [...wrong, sshd.identity] }));
  });

  it("asks for a passphrase, again when it was wrong, and not when it comes back", async () => {
    const sshd = await startSshd();
    const locked = path.join(sshd.folder, "locked");
    makeKey(locked, "ed25519", "open sesame");
    fs.appendFileSync(path.join(sshd.folder, "authorized_keys"), fs.readFileSync(`${locked}.pub`));
    const asked: SecretQuestion[] = [];
    const answers = ["wrong", "open sesame"];
    const memory = new Map<string, string>();
    const questions = {
      trustHostKey: () => Promise.resolve(true),
      secret: (question: SecretQuestion) => {
        asked.push(question);
        return Promise.resolve(answers.shift() ?? null);
      },
    };
    const host = sshd.host({ identityFiles: [locked] });
    await open(host, { questions, memory });
    expect(asked).toMatchObject([{ kind: "passphrase", of: locked }, { kind: "passphrase" }]);
    await open(host, { questions, memory });
    expect(asked).toHaveLength(2);
  });

  it("says what was tried when nothing was taken", async () => {
    const sshd = await startSshd();
    const other = path.join(sshd.folder, "other");
    makeKey(other, "ed25519");
    await expect(open(sshd.host({ identityFiles: [other] }))).rejects.toThrow(/did not let us in[^]*other/);
  });

  it("sends nothing to a host whose key is refused", async () => {
    const sshd = await startSshd();
    const refused = open(sshd.host(), { verify: () => Promise.reject(new Error("not this one")) });
    await expect(refused).rejects.toThrow("not this one");
    expect(sshd.log()).not.toMatch(/Accepted|Failed|publickey/);
  });
});

describe("hosts that are no hosts", () => {
  it("nobody listens, it is not SSH, it says nothing, it talks without end", async () => {
    const sshd = await startSshd();
    const port = sshd.port;
    sshd.stop();
    await expect(open(sshd.host({ port }))).rejects.toThrow(/Nobody listens/);
    await expect(open(sshd.host({ hostName: "no-such-host.invalid" }))).rejects.toThrow(
      /no-such-host\.invalid/,
    );
    for (const [behaviour, words] of [
      [
        (socket: net.Socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"),
        /not an SSH server|closed|cannot be reached/,
      ],
      [(socket: net.Socket) => void socket.pause(), /does not answer/],
      [
        (socket: net.Socket) => socket.write(`${"x".repeat(1024 * 1024)}\n`),
        /not an SSH server|does not answer|cannot be reached/,
      ],
    ] as const) {
      const server = net.createServer((socket) => {
        socket.on("error", () => undefined);
        behaviour(socket);
      });
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
      onTestFinished(() => void server.close());
      const at = (server.address() as net.AddressInfo).port;
      await expect(open(sshd.host({ port: at, connectTimeoutMs: 1000 }))).rejects.toThrow(words);
    }
  });

  it("is given up when asked", async () => {
    const server = net.createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => void server.close());
    const sshd = await startSshd();
    const given = new AbortController();
    const opening = open(sshd.host({ port: (server.address() as net.AddressInfo).port }), {
      signal: given.signal,
    });
    given.abort(new Error("given up"));
    await expect(opening).rejects.toThrow("given up");
  });
});

describe("jump hosts", () => {
  it("goes through a chain, and judges every hop's key before it gets anything", async () => {
    const [first, second, last] = [await startSshd(), await startSshd(), await startSshd()];
    const hosts = new Map([
      ["first", first.host({ alias: "first" })],
      ["second", second.host({ alias: "second" })],
    ]);
    const judged: string[] = [];
    const session = await open(last.host({ alias: "last", proxyJump: ["first", "second"] }), {
      resolve: (name) => Promise.resolve(hosts.get(name) ?? last.host()),
      verify: (host) => {
        judged.push(host.alias);
        return Promise.resolve();
      },
    });
    expect((await session.run("echo there")).stdout).toBe("there\n");
    expect(judged).toEqual(["first", "second", "last"]);
  });

  it.each(["the jump host", "the host"])("is over when the line to %s is cut", async (which) => {
    const [jump, last] = [await startSshd(), await startSshd()];
    const session = await open(last.host({ proxyJump: ["jump"] }), {
      resolve: () => Promise.resolve(jump.host({ alias: "jump" })),
    });
    const over = new Promise((resolve) => session.onClosed(resolve));
    (which === "the host" ? last : jump).cut();
    await over;
    await expect(session.run("true")).rejects.toThrow(/SSH connection is gone/);
  });

  it("finds a circle", async () => {
    const sshd = await startSshd();
    const circle = sshd.host({ alias: "a", proxyJump: ["a"] });
    await expect(open(circle, { resolve: () => Promise.resolve(circle) })).rejects.toThrow(/circle/);
  });

  it("uses a ProxyCommand, and says what it said", async () => {
    const sshd = await startSshd();
    const node = process.execPath;
    const join = `const s=require("net").connect(${sshd.port},"127.0.0.1");process.stdin.pipe(s).pipe(process.stdout)`;
    const session = await open(sshd.host({ port: 1, proxyCommand: `${node} -e '${join}'` }));
    expect((await session.run("echo there")).stdout).toBe("there\n");
    await expect(open(sshd.host({ proxyCommand: "sh -c 'echo no way >&2; exit 3'" }))).rejects.toThrow(
      /no way|code 3/,
    );
  });
});
