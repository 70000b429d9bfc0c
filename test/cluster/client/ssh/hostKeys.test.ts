/** The keys that real sshds show, against what ssh-keygen wrote into known_hosts. */
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import type { ShownHostKey, SshHost } from "../../../../src/cluster/client/ssh/host.ts";
import { createHostKeyJudge } from "../../../../src/cluster/client/ssh/hostKeyJudge.ts";
import { openSsh2Session } from "../../../../src/cluster/client/ssh/ssh2Session.ts";
import { temporaryFolder } from "../support.ts";
import { startSshd, type TestHost } from "./host.ts";
import { makeKey, type MadeKey } from "./keys.ts";

/** Of a type that ssh2 cannot ask for. */
const HARDWARE_TYPE = "sk-ssh-ed25519@openssh.com";
const HARDWARE_KEY = `${HARDWARE_TYPE} ${Buffer.concat(
  [HARDWARE_TYPE, "x".repeat(32), "ssh:"].flatMap((field) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(field.length);
    return [length, Buffer.from(field)];
  }),
).toString("base64")}`;

interface Met {
  /** What a person was asked to trust. */
  asked: ShownHostKey[];
  refusal: string | null;
}

async function meet(host: SshHost, pinned: string | null = null): Promise<Met> {
  const asked: ShownHostKey[] = [];
  const questions = {
    trustHostKey: (key: ShownHostKey) => {
      asked.push(key);
      return Promise.resolve(true);
    },
    secret: () => Promise.resolve(null),
  };
  const judge = createHostKeyJudge({
    stateFolder: temporaryFolder("state"),
    questions,
    pinned: pinned === null ? null : { alias: host.alias, fingerprint: pinned },
  });
  const meeting = openSsh2Session(host, {
    questions,
    memory: new Map(),
    ...judge,
    resolve: () => Promise.reject(new Error("no hops")),
  });
  try {
    (await meeting).close();
    return { asked, refusal: null };
  } catch (error) {
    return { asked, refusal: String(error) };
  }
}

/** An sshd that has these keys too. */
async function withKeys(keys: readonly MadeKey[], only?: string): Promise<TestHost> {
  const more = keys.map(({ file }) => `HostKey ${file}`);
  return startSshd([...more, ...(only === undefined ? [] : [`HostKeyAlgorithms ${only}`])]);
}

function knows(sshd: TestHost, line: string): void {
  fs.writeFileSync(sshd.knownHosts, `${line}\n`);
}

it.each([
  ["an ECDSA key alone", ["-t", "ecdsa", "-b", "256"], "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256"],
  ["a large ECDSA key alone", ["-t", "ecdsa", "-b", "521"], "ecdsa-sha2-nistp521", "ecdsa-sha2-nistp521"],
  ["an RSA key alone", ["-t", "rsa", "-b", "3072"], "rsa-sha2-512,rsa-sha2-256", "ssh-rsa"],
])("a host with %s is asked about by its type, and then known", async (_name, options, only, type) => {
  const key = makeKey(temporaryFolder("keys"), options);
  const sshd = await withKeys([key], only);
  knows(sshd, "# nobody yet");
  expect(await meet(sshd.host())).toMatchObject({ asked: [{ type }], refusal: null });
  knows(sshd, `[127.0.0.1]:${sshd.port} ${key.line}`);
  expect(await meet(sshd.host())).toEqual({ asked: [], refusal: null });
});

it("of several keys the one that is known is asked for, whatever the host would rather show", async () => {
  const folder = temporaryFolder("keys");
  const keys = [makeKey(folder, ["-t", "ecdsa"]), makeKey(folder, ["-t", "rsa", "-b", "3072"])];
  const sshd = await withKeys(keys);
  const name = `[127.0.0.1]:${sshd.port}`;
  for (const { line } of keys) {
    knows(sshd, `${name} ${HARDWARE_KEY}\n${name} ${line}`);
    expect(await meet(sshd.host())).toEqual({ asked: [], refusal: null });
  }
});

it("a name that ssh-keygen has hashed is found", async () => {
  const sshd = await startSshd();
  execFileSync("ssh-keygen", ["-q", "-H", "-f", sshd.knownHosts], { stdio: "ignore" });
  expect(fs.readFileSync(sshd.knownHosts, "utf8")).toMatch(/^\|1\|/);
  expect(await meet(sshd.host())).toEqual({ asked: [], refusal: null });
});

it("a revoked key is refused, also where it was pinned, and nothing is sent", async () => {
  const sshd = await startSshd();
  knows(sshd, `@revoked * ${sshd.hostKey}`);
  const shown = execFileSync("ssh-keygen", ["-lf", path.join(sshd.folder, "host_ed25519.pub")], {
    encoding: "utf8",
  });
  for (const pinned of [null, shown.split(" ")[1] ?? ""]) {
    const { asked, refusal } = await meet(sshd.host(), pinned);
    expect(asked).toEqual([]);
    expect(refusal).toMatch(/revoked[^]*Nothing was sent/);
  }
  expect(sshd.log()).not.toMatch(/Accepted|Failed|publickey/);
});
