import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { parseDestination } from "../../../../src/cluster/client/ssh/destination.ts";
import type { SshHost } from "../../../../src/cluster/client/ssh/host.ts";
import { resolveHost } from "../../../../src/cluster/client/ssh/resolve.ts";
import { put, temporaryFolder } from "../support.ts";
import { makeKey } from "./keys.ts";

const before = { ...process.env };
/** Where ssh looks, whatever HOME says. */
const home = os.userInfo().homedir;
let folder: string;
let configFile: string;
beforeEach(() => {
  folder = temporaryFolder("with space");
  configFile = path.join(folder, "config");
  process.env.KRB5CCNAME = path.join(folder, "no-ticket");
  delete process.env.SSH_AUTH_SOCK;
});
afterEach(() => {
  process.env = { ...before };
});

/** The options of one `Host *`. */
function resolve(destination: string, ...lines: string[]): Promise<SshHost> {
  writeFileSync(configFile, ["Host *", ...lines].join("\n"));
  return resolveHost(parseDestination(destination), { configFile });
}

describe("as OpenSSH resolves it", () => {
  it("with nothing configured", async () => {
    const host = await resolve("gpu1", "IdentityFile none");
    expect(host).toEqual({
      alias: "gpu1",
      hostName: "gpu1",
      port: 22,
      user: os.userInfo().username,
      identityFiles: [],
      identitiesOnly: false,
      agentSocket: null,
      proxyJump: [],
      proxyCommand: null,
      knownHosts: {
        name: "gpu1",
        files: [
          `${home}/.ssh/known_hosts`,
          `${home}/.ssh/known_hosts2`,
          "/etc/ssh/ssh_known_hosts",
          "/etc/ssh/ssh_known_hosts2",
        ],
        strict: false,
      },
      needsSystemSsh: null,
      connectTimeoutMs: 20_000,
    });
  });

  it("an alias, with Include and Match", async () => {
    put(folder, {
      more: `Match host real.example user ada\n  IdentitiesOnly yes\nHost gpu*\n  HostName Real.Example\n  User ada\n`,
    });
    writeFileSync(
      configFile,
      `Include "${folder}/more"\nHost gpu1\n  Port 2200\nMatch final\n  ConnectTimeout 1m\n`,
    );
    const host = await resolveHost(parseDestination("gpu1"), { configFile });
    expect(host).toMatchObject({
      alias: "gpu1",
      hostName: "real.example",
      user: "ada",
      port: 2200,
      connectTimeoutMs: 60_000,
      knownHosts: { name: "[real.example]:2200" },
    });
    // What is typed goes before what is configured.
    expect(await resolveHost(parseDestination("bob@gpu1:22"), { configFile })).toMatchObject({
      user: "bob",
      port: 22,
      knownHosts: { name: "real.example" },
    });
  });

  it("somebody called none", async () => {
    const host = await resolve("none@none", "HostKeyAlias none");
    expect(host).toMatchObject({ hostName: "none", user: "none", knownHosts: { name: "none" } });
    expect((await resolve("gpu1", "HostName none", "User none")).user).toBe("none");
  });

  it("addresses", async () => {
    expect(await resolve("[::1]:2200")).toMatchObject({
      hostName: "::1",
      knownHosts: { name: "[::1]:2200" },
    });
    expect(await resolve("ada@::1")).toMatchObject({
      hostName: "::1",
      user: "ada",
      knownHosts: { name: "::1" },
    });
  });

  it("who is known", async () => {
    process.env.KNOWN = folder;
    const host = await resolve(
      "gpu1",
      "HostKeyAlias Lab",
      "Port 2200",
      "StrictHostKeyChecking yes",
      `UserKnownHostsFile ~/mine "${folder}/known hosts" \${KNOWN}/%h`,
      "GlobalKnownHostsFile none",
    );
    expect(host.knownHosts).toEqual({
      name: "lab",
      files: [`${home}/mine`, `${folder}/known hosts`, `${folder}/gpu1`],
      strict: true,
    });
    expect((await resolve("gpu1", "StrictHostKeyChecking accept-new")).knownHosts.strict).toBe(false);
    expect((await resolve("gpu1", "StrictHostKeyChecking no")).knownHosts.strict).toBe(false);
  });

  it("keys, in order: those that ssh itself finds", async () => {
    const keys = makeKeys(folder, ["one", "gpu1-ada-real", "per%cent", "spare", "in agent"]);
    rmSync(`${keys}/in agent`);
    process.env.KEYS = keys;
    const lines = [
      "HostName real",
      "User ada",
      "ProxyCommand false",
      `IdentityFile "${keys}/spare"`,
      `IdentityFile "${keys}/missing"`,
      `IdentityFile "${keys}/none"`,
      "IdentityFile ${KEYS}/one",
      "IdentityFile ${KEYS}/one",
      "IdentityFile ${KEYS}/%n-%r-%h",
      "IdentityFile ${KEYS}/per%%cent",
      `IdentityFile "${keys}/in agent"`,
      "IdentityFile none",
    ];
    const host = await resolve("gpu1", ...lines);
    const { stderr } = spawnSync("ssh", ["-v", "-F", configFile, "gpu1"]);
    const seen = [...stderr.toString().matchAll(/identity file (.*) type (-?\d+)$/gm)]
      .filter(([, , type]) => type !== "-1")
      .map(([, file]) => file);
    expect(seen).toHaveLength(5);
    expect(host.identityFiles.map((file) => file.replace(/\.pub$/, ""))).toEqual(seen);
    // Its private half is only in an agent.
    expect(host.identityFiles.at(-1)).toBe(`${keys}/in agent.pub`);
  });

  it("a ProxyCommand runs as ssh itself runs it", async () => {
    const out = path.join(folder, "out");
    const lines = [
      "HostName real.example",
      "User ada",
      "Port 2200",
      `ProxyCommand sh -c 'echo "%h|%p|%r|%n|%%|$HOME" >"${out}"'`,
    ];
    const { proxyCommand } = await resolve("gpu1", ...lines);
    spawnSync("ssh", ["-F", configFile, "gpu1"]);
    const theirs = readFileSync(out, "utf8");
    rmSync(out);
    execFileSync("sh", ["-c", proxyCommand ?? ""]);
    expect(readFileSync(out, "utf8")).toBe(theirs);
    expect(theirs).toContain("real.example|2200|ada|gpu1|%|");
    expect((await resolve("gpu1", "ProxyCommand none")).proxyCommand).toBeNull();
  });

  it("a ProxyJump is a list of hosts", async () => {
    const host = await resolve("gpu1", "User ada", "ProxyJump gate,%r@inner-%h:2200,bob@[::1]:99");
    expect(host.proxyJump).toEqual(["gate", "ada@inner-gpu1:2200", "bob@[::1]:99"]);
    expect(host.proxyJump.map(parseDestination)).toHaveLength(3);
    expect((await resolve("gpu1", "ProxyJump none")).proxyJump).toEqual([]);
  });

  it("the agent", async () => {
    process.env.OTHER_AGENT = "/other/agent";
    expect((await resolve("gpu1")).agentSocket).toBeNull();
    expect((await resolve("gpu1", "IdentityAgent $NOT_SET")).agentSocket).toBeNull();
    process.env.SSH_AUTH_SOCK = "/usual/agent";
    expect((await resolve("gpu1")).agentSocket).toBe("/usual/agent");
    expect((await resolve("gpu1", "IdentityAgent SSH_AUTH_SOCK")).agentSocket).toBe("/usual/agent");
    expect((await resolve("gpu1", "IdentityAgent $OTHER_AGENT")).agentSocket).toBe("/other/agent");
    expect((await resolve("gpu1", "IdentityAgent ${OTHER_AGENT}/%n")).agentSocket).toBe("/other/agent/gpu1");
    expect((await resolve("gpu1", 'IdentityAgent "~/an agent"')).agentSocket).toBe(`${home}/an agent`);
    expect((await resolve("gpu1", "IdentityAgent none")).agentSocket).toBeNull();
  });
});

describe("what the system's ssh has to do", () => {
  const why = async (...lines: string[]): Promise<string | null> =>
    (await resolve("gpu1", ...lines)).needsSystemSsh;

  it("certificates: those that exist", async () => {
    const { file } = makeKey(folder, ["-t", "ed25519"], "key");
    const authority = makeKey(folder);
    const identity = `IdentityFile "${file}"`;
    expect(await why(identity)).toBeNull();
    expect(
      await why(identity, `CertificateFile "${folder}/missing-cert.pub"`, "CertificateFile none"),
    ).toBeNull();
    execFileSync("ssh-keygen", ["-q", "-s", authority.file, "-I", "ada", "-n", "ada", `${file}.pub`]);
    expect(await why(identity)).toBe("a certificate");
    expect(await why(`IdentityFile "${file}.pub"`)).toBe("a certificate");
    expect(await why(`CertificateFile "${folder}/key-cert.pub"`, "IdentityFile none")).toBe("a certificate");
  });

  it("hardware keys", async () => {
    const identity = `IdentityFile "${folder}/id_sk"`;
    put(folder, { id_sk: "", "id_sk.pub": "sk-ssh-ed25519@openssh.com AAAA ada\n" });
    expect(await why(identity)).toBe("a hardware key");
    expect(await why(`IdentityFile "${folder}/id_sk.pub"`)).toBe("a hardware key");
    // Without the public half, the private file says it (its beginning, as OpenSSH writes it).
    rmSync(path.join(folder, "id_sk.pub"));
    const type = "sk-ecdsa-sha2-nistp256@openssh.com";
    put(folder, { id_sk: privateFile(type) });
    expect(await why(identity)).toBe("a hardware key");
    put(folder, { id_sk: privateFile("ssh-ed25519") });
    expect(await why(identity)).toBeNull();
    expect(await why("PKCS11Provider /usr/lib/opensc.so")).toBe("a hardware key");
    expect(await why("PKCS11Provider none")).toBeNull();
  });

  it("Kerberos: where there is a ticket", async () => {
    const ticket = path.join(folder, "ticket");
    process.env.KRB5CCNAME = `FILE:${ticket}`;
    expect(await why("GSSAPIAuthentication yes")).toBeNull();
    writeFileSync(ticket, "");
    expect(await why("GSSAPIAuthentication yes")).toBe("Kerberos");
    expect(await why("GSSAPIAuthentication no")).toBeNull();
  });

  it("a ControlMaster that lives", async () => {
    const socket = path.join(path.dirname(folder), "cm-gpu1");
    const control = `ControlPath "${path.dirname(folder)}/cm-%n"`;
    expect(await why(control)).toBeNull();
    const server = createServer();
    server.listen(socket);
    await once(server, "listening");
    expect(await why(control)).toBe("a live ControlMaster");
    await new Promise((closed) => server.close(closed));
    // What a master that was killed leaves behind.
    const killed = spawn(process.execPath, [
      "-e",
      `require("node:net").createServer().listen(${JSON.stringify(socket)}, () => process.kill(process.pid, "SIGKILL"))`,
    ]);
    await once(killed, "exit");
    expect(existsSync(socket)).toBe(true);
    expect(await why(control)).toBeNull();
    expect(await why("ControlPath none")).toBeNull();
  });
});

describe("what goes wrong", () => {
  it("a broken configuration, in OpenSSH's words", async () => {
    await expect(
      resolve("gpu1", "  RSAAuthentication yes", "  Bogus yes", "  Port abc"),
    ).rejects.toMatchObject({
      name: "UserError",
      message: `ssh refuses gpu1: ${configFile}: line 3: Bad configuration option: bogus.`,
      remedy: expect.stringContaining("ssh -G gpu1") as string,
    });
    const missing = resolveHost(parseDestination("gpu1"), { configFile: `${folder}/missing` });
    await expect(missing).rejects.toThrow("No such file or directory");
  });

  it("is cancelled, whatever a Match runs", async () => {
    writeFileSync(configFile, `Match exec "touch '${folder}/runs'; exec sleep 60"\n  User ada\n`);
    const abort = new AbortController();
    const resolving = resolveHost(parseDestination("gpu1"), { configFile, signal: abort.signal });
    const settled = resolving.catch((error: unknown) => error);
    await expect.poll(() => existsSync(`${folder}/runs`)).toBe(true);
    abort.abort();
    expect(await settled).toMatchObject({ name: "AbortError" });
    await expect(
      resolveHost(parseDestination("gpu1"), { configFile, signal: abort.signal }),
    ).rejects.toMatchObject({ name: "AbortError" });
  });

  it("an ssh that says too much, or nothing", async () => {
    const bin = path.join(folder, "bin");
    put(bin, { ssh: "#!/bin/sh\nyes 'user ada'\n" });
    chmodSync(path.join(bin, "ssh"), 0o755);
    process.env.PATH = `${bin}:/usr/bin:/bin`;
    await expect(resolve("gpu1")).rejects.toMatchObject({ name: "UserError" });
    put(bin, { ssh: "#!/bin/sh\n" });
    expect(await resolve("ada@gpu1:2200")).toMatchObject({ hostName: "gpu1", user: "ada", port: 2200 });
  });

  it("no ssh at all: a host in full, or a word about it", async () => {
    process.env.PATH = folder;
    const host = await resolveHost(parseDestination("ada@GPU1:2200"));
    expect(host).toMatchObject({
      alias: "GPU1",
      user: "ada",
      port: 2200,
      proxyJump: [],
      knownHosts: { name: "[gpu1]:2200", strict: false },
    });
    expect(host.knownHosts.files[0]).toBe(`${home}/.ssh/known_hosts`);
    for (const attempt of [resolveHost(parseDestination("gpu1")), resolve("ada@gpu1")])
      await expect(attempt).rejects.toThrow("There is no ssh on this machine");
  });
});

function makeKeys(folder: string, names: readonly string[]): string {
  const keys = path.join(path.dirname(folder), "keys");
  put(keys, { "none/": "" });
  for (const name of names) makeKey(keys, ["-t", "ed25519"], name);
  onTestFinished(() => rmSync(keys, { recursive: true, force: true }));
  return keys;
}

/** A private key's file as far as it says what it is (PROTOCOL.key). */
function privateFile(type: string): string {
  const field = (text: string): Buffer => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(text.length);
    return Buffer.concat([length, Buffer.from(text, "latin1")]);
  };
  const one = Buffer.from([0, 0, 0, 1]);
  const publicKey = Buffer.concat([field(type), field("x".repeat(64))]).toString("latin1");
  const body = [
    Buffer.from("openssh-key-v1\0"),
    field("none"),
    field("none"),
    field(""),
    one,
    field(publicKey),
  ];
  const lines =
    Buffer.concat(body)
      .toString("base64")
      .match(/.{1,70}/g) ?? [];
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${lines.join("\n")}\n-----END OPENSSH PRIVATE KEY-----\n`;
}
