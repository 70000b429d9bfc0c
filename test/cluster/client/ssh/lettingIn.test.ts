/** Being let in by servers that ask in every way: agents, passwords, rounds of questions, a key and then a code. */
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import type { SecretQuestion, SshHost } from "../../../../src/cluster/client/ssh/host.ts";
import { parseDestination } from "../../../../src/cluster/client/ssh/destination.ts";
import { silentQuestions } from "../../../../src/cluster/client/ssh/silentQuestions.ts";
import { openSsh2Session, type SshConnecting } from "../../../../src/cluster/client/ssh/ssh2Session.ts";
import { openSystemSession } from "../../../../src/cluster/client/ssh/systemSession.ts";
import { temporaryFolder } from "../support.ts";
import { isRoot, makeAccount, NEEDS_ROOT } from "./accounts.ts";
import { makeKey, startAgent, startSshd, type TestHost } from "./host.ts";
import { asking, askingServer } from "./askingServer.ts";

interface Person {
  asked: SecretQuestion[];
  connecting: SshConnecting;
}

/** @param answers in order; then no more are given */
function person(answers: readonly (string | null)[] = [], memory = new Map<string, string>()): Person {
  const asked: SecretQuestion[] = [];
  return {
    asked,
    connecting: {
      questions: {
        trustHostKey: () => Promise.resolve(false),
        secret: (question) => {
          asked.push(question);
          return Promise.resolve(answers[asked.length - 1] ?? null);
        },
      },
      memory,
      verify: () => Promise.resolve(),
      keyTypes: () => Promise.resolve([]),
      resolve: (destination) => Promise.reject(new Error(`nobody knows ${destination}`)),
    },
  };
}

async function whoIsIn(host: SshHost, { connecting }: Person): Promise<string> {
  const session = await openSsh2Session(host, connecting);
  onTestFinished(() => session.close());
  return (await session.run("id -un")).stdout.trim();
}

describe("an agent with many keys, and a server with little patience", () => {
  async function agent(sshd: TestHost): Promise<string> {
    const strangers = Array.from({ length: 7 }, (_, index) => path.join(sshd.folder, `stranger${index}`));
    for (const file of strangers) makeKey(file, "ed25519");
    const { socket, stop } = await startAgent(sshd.folder, strangers[0] ?? "");
    onTestFinished(stop);
    for (const key of [...strangers.slice(1), sshd.identity])
      spawnSync("ssh-add", ["-q", key], { env: { ...process.env, SSH_AUTH_SOCK: socket } });
    return socket;
  }

  it("the key of the configuration is offered first, the others never (IdentitiesOnly)", async () => {
    const sshd = await startSshd(["MaxAuthTries 1"]);
    const agentSocket = await agent(sshd);
    // The agent alone has it: only its public half is here.
    fs.rmSync(sshd.identity);
    expect(await whoIsIn(sshd.host({ agentSocket }), person())).not.toBe("");
    expect(sshd.log()).not.toMatch(/Failed publickey/);
  });

  it("without a key of the configuration all are tried, over several connections", async () => {
    const sshd = await startSshd(["MaxAuthTries 3"]);
    const agentSocket = await agent(sshd);
    const host = sshd.host({ agentSocket, identityFiles: [], identitiesOnly: false });
    expect(await whoIsIn(host, person())).not.toBe("");
    expect(sshd.log()).toMatch(/Too many authentication failures/i);
  });

  it("an agent that is gone is an agent without keys", async () => {
    const sshd = await startSshd();
    const host = sshd.host({ agentSocket: path.join(sshd.folder, "nobody"), identitiesOnly: false });
    expect(await whoIsIn(host, person())).not.toBe("");
  });
});

describe.skipIf(!isRoot)(`a password ${NEEDS_ROOT}`, () => {
  const PASSWORD = "correct horse";

  it("is asked for once more when it was wrong, and not when one comes back", async () => {
    const sshd = await startSshd(["PasswordAuthentication yes"]);
    const { name } = makeAccount(sshd, "/bin/sh", PASSWORD);
    const host = sshd.host({ user: name, identityFiles: [] });
    const memory = new Map<string, string>();
    const ada = person(["wrong", PASSWORD], memory);
    expect(await whoIsIn(host, ada)).toBe(name);
    expect(ada.asked).toMatchObject([
      { kind: "password", of: `${name}@testhost`, echo: false },
      { kind: "password" },
    ]);
    const again = person([], memory);
    expect(await whoIsIn(host, again)).toBe(name);
    expect(again.asked).toEqual([]);
  });

  it("that one host was told is not told to another with that address", async () => {
    const sshd = await startSshd(["PasswordAuthentication yes"]);
    const { name } = makeAccount(sshd, "/bin/sh", PASSWORD);
    const memory = new Map<string, string>();
    await whoIsIn(sshd.host({ user: name, identityFiles: [] }), person([PASSWORD], memory));
    // `localhost` of another jump host, or an address that was given to somebody else: another key.
    const other = await startSshd(["PasswordAuthentication yes"]);
    const node = process.execPath;
    const join = `const s=require("net").connect(${other.port},"127.0.0.1");process.stdin.pipe(s).pipe(process.stdout)`;
    const host = sshd.host({ user: name, identityFiles: [], proxyCommand: `${node} -e '${join}'` });
    const ada = person([null], memory);
    await expect(whoIsIn(host, ada)).rejects.toThrow(/asks for a password/);
    expect(ada.asked).toMatchObject([{ kind: "password" }]);
    expect(other.log()).not.toMatch(/Failed password/);
  });

  it("is not asked for without end", async () => {
    const sshd = await startSshd(["PasswordAuthentication yes"]);
    const { name } = makeAccount(sshd, "/bin/sh", PASSWORD);
    const ada = person(Array.from({ length: 20 }, () => "wrong"));
    await expect(whoIsIn(sshd.host({ user: name, identityFiles: [] }), ada)).rejects.toThrow(
      /did not let us in[^]*a password/,
    );
    expect(ada.asked).toHaveLength(3);
  }, 60_000);
});

/** A PAM service of its own, in sshd's mount namespace: the system's files stay as they are. */
const PAM = 'mkdir "$FOLDER/pam.d"; mount --bind "$FOLDER/pam.d" /etc/pam.d';

/** An account whose password is asked for, then something more (pam_ftp takes any answer). */
function accountWithTwoQuestions(sshd: TestHost): string {
  const { name } = makeAccount(sshd, "/bin/sh", "first");
  const service = `auth required pam_unix.so nodelay
auth required pam_ftp.so users=${name} ignore
account required pam_permit.so
session required pam_permit.so
`;
  fs.writeFileSync(path.join(sshd.folder, "pam.d", "sshd"), service);
  return name;
}

describe.skipIf(!isRoot)(`questions in rounds, by PAM ${NEEDS_ROOT}`, () => {
  const SETTINGS = ["UsePAM yes", "KbdInteractiveAuthentication yes"];

  it("are answered one after the other, hidden", async () => {
    const sshd = await startSshd(SETTINGS, { mount: PAM });
    const name = accountWithTwoQuestions(sshd);
    const ada = person(["first", "second"]);
    expect(await whoIsIn(sshd.host({ user: name, identityFiles: [] }), ada)).toBe(name);
    expect(ada.asked).toMatchObject([
      { kind: "prompt", echo: false, prompt: expect.stringContaining("Password") as string },
      { kind: "prompt", echo: false },
    ]);
  });

  it("come after a key, where the server wants both", async () => {
    const sshd = await startSshd([...SETTINGS, "AuthenticationMethods publickey,keyboard-interactive"], {
      mount: PAM,
    });
    const name = accountWithTwoQuestions(sshd);
    const ada = person(["first", "second"]);
    expect(await whoIsIn(sshd.host({ user: name }), ada)).toBe(name);
    expect(sshd.log()).toMatch(/Partial publickey/);
    expect(ada.asked).toHaveLength(2);
  });

  it("given up in the middle: nothing more is asked, and a person is needed", async () => {
    const sshd = await startSshd(SETTINGS, { mount: PAM });
    const name = accountWithTwoQuestions(sshd);
    const ada = person([null]);
    await expect(whoIsIn(sshd.host({ user: name, identityFiles: [] }), ada)).rejects.toMatchObject({
      name: "PersonNeededError",
      message: expect.stringContaining("asks for") as string,
    });
    expect(ada.asked).toHaveLength(1);
  });
});

describe.skipIf(!isRoot)(`nobody there to answer ${NEEDS_ROOT}`, () => {
  const SETTINGS = ["UsePAM yes", "KbdInteractiveAuthentication yes", "PasswordAuthentication yes"];

  it("the server's own questions are not begun, by ssh2 nor by the system's ssh, and a person is needed", async () => {
    const sshd = await startSshd(SETTINGS, { mount: PAM });
    const user = accountWithTwoQuestions(sshd);
    const host = sshd.host({ user, identityFiles: [] });
    const config = path.join(sshd.folder, "ssh_config");
    fs.writeFileSync(
      config,
      `Host testhost\n  HostName 127.0.0.1\n  Port ${sshd.port}\n  User ${user}\n  IdentityFile none\n  UserKnownHostsFile ${sshd.knownHosts}\n`,
    );
    const resolve = (): Promise<never> => Promise.reject(new Error("no hops"));
    const silent = { ...person().connecting, questions: silentQuestions, resolve };
    const needsPerson = { name: "PersonNeededError" };
    await expect(openSsh2Session(host, silent)).rejects.toMatchObject({
      ...needsPerson,
      message: expect.stringContaining("asks for") as string,
    });
    const bySystem = openSystemSession(parseDestination("testhost"), host, {
      ...silent,
      stateFolder: temporaryFolder("state"),
      fingerprint: null,
      configFile: config,
    });
    await expect(bySystem).rejects.toMatchObject(needsPerson);
    expect(sshd.log()).not.toMatch(/keyboard-interactive|Failed/);
  });

  it("a password that is remembered is told all the same", async () => {
    const sshd = await startSshd(["PasswordAuthentication yes"]);
    const { name } = makeAccount(sshd, "/bin/sh", "first");
    const host = sshd.host({ user: name, identityFiles: [] });
    const memory = new Map<string, string>();
    await whoIsIn(host, person(["first"], memory));
    const again = person([], memory);
    expect(
      await whoIsIn(host, { ...again, connecting: { ...again.connecting, questions: silentQuestions } }),
    ).toBe(name);
  });
});

describe("a server that asks oddly (ssh2's own server, as no sshd does)", () => {
  it("escape sequences and what turns text around do not reach the person", async () => {
    const host = await askingServer([
      asking("\u001b]0;owned\u0007Title", "Line\u202e one\nline two", [
        { prompt: `[Help](command:evil) Code\u001b[2J:${"x".repeat(5000)}`, echo: false },
      ]),
    ]);
    const ada = person(["1234"]);
    await openSsh2Session(host, ada.connecting);
    const prompt = ada.asked[0]?.prompt ?? "";
    expect(prompt.split("\n")).toHaveLength(3);
    expect(prompt.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(prompt).not.toContain("](");
    expect(prompt.length).toBeLessThan(1000);
  });

  it("what wants to be seen is seen, the rest is not", async () => {
    const host = await askingServer([
      asking("", "", [
        { prompt: "User:", echo: true },
        { prompt: "Code:", echo: false },
      ]),
      asking("", "Wait for the push.", []),
      asking("", "", [{ prompt: "Word:", echo: true }]),
    ]);
    const ada = person(["ada", "1234", "yes"]);
    await openSsh2Session(host, ada.connecting);
    expect(ada.asked.map(({ echo, prompt }) => [prompt, echo])).toEqual([
      ["User:", true],
      ["Code:", false],
      ["Word:", true],
    ]);
  });

  it("without end: given up, it hears empty answers and no person is asked again", async () => {
    const host = await askingServer(
      Array.from({ length: 10_000 }, () => asking("", "", [{ prompt: "Again:" }])),
    );
    const ada = person(["one", null]);
    await expect(openSsh2Session({ ...host, connectTimeoutMs: 2_000 }, ada.connecting)).rejects.toThrow();
    expect(ada.asked).toHaveLength(2);
  });
});

describe("words before the first word", () => {
  it("a megabyte before the version is no SSH server", async () => {
    const server = net.createServer((socket) => {
      socket.on("error", () => undefined);
      socket.write("welcome to gpu1\n".repeat(65_536));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as net.AddressInfo;
    const host = { ...(await startSshd()).host(), port, connectTimeoutMs: 5_000 };
    await expect(whoIsIn(host, person())).rejects.toThrow(/not an SSH server/);
  });

  it("a Banner keeps nobody out, until it is longer than ssh2 can read", async () => {
    const banner = path.join(temporaryFolder("banner"), "banner");
    const sshd = await startSshd([`Banner ${banner}`]);
    fs.writeFileSync(banner, "Authorised use only.\n".repeat(1000));
    expect(await whoIsIn(sshd.host(), person())).not.toBe("");
    fs.writeFileSync(banner, "Authorised use only.\n".repeat(10_000));
    await expect(whoIsIn(sshd.host(), person())).rejects.toThrow(/not an SSH server that we can talk to/);
  });
});
