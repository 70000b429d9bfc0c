/** What must not be anywhere: our agent on the host, anything of ours in ~/.ssh, a secret in a file. */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { openSsh2Session } from "../../../../src/cluster/client/ssh/ssh2Session.ts";
import { connectSshPool, openHost } from "../../../../src/cluster/client/ssh/sshPool.ts";
import { homeFolder } from "../support.ts";
import { makeKey, startAgent, startSshd } from "./host.ts";
import { buildBundles, rig, trainAndRestore } from "./poolRig.ts";

beforeAll(buildBundles, 120_000);

describe("the agent", () => {
  it("is not forwarded, also where the SSH configuration would", async () => {
    const at = await rig();
    const config = at.options().entry.sshConfig ?? "";
    const { socket, stop } = await startAgent(at.host.folder, at.host.identity);
    onTestFinished(stop);
    fs.appendFileSync(config, `  ForwardAgent yes\n  IdentityAgent ${socket}\n`);
    const session = await openHost(at.options());
    onTestFinished(() => session.close());
    expect((await session.run('echo "agent=$SSH_AUTH_SOCK"')).stdout).toBe("agent=\n");
    expect(at.host.log()).not.toMatch(/auth-agent/);
  });

  it("lets in, and stays here", async () => {
    const sshd = await startSshd(["LogLevel DEBUG1"]);
    const { socket, stop } = await startAgent(sshd.folder, sshd.identity);
    onTestFinished(stop);
    const session = await openSsh2Session(sshd.host({ agentSocket: socket }), {
      questions: { trustHostKey: () => Promise.resolve(false), secret: () => Promise.resolve(null) },
      memory: new Map(),
      verify: () => Promise.resolve(),
      keyTypes: () => Promise.resolve([]),
      resolve: () => Promise.reject(new Error("no hops")),
    });
    onTestFinished(() => session.close());
    await session.run("true");
    expect(sshd.log()).not.toMatch(/auth-agent-req/);
  });
});

/** Every file below, by what tells a change. */
function listing(folder: string): Record<string, string> {
  if (!fs.existsSync(folder)) return {};
  return Object.fromEntries(
    fs.readdirSync(folder, { recursive: true, encoding: "utf8" }).map((name) => {
      const { mtimeMs, size, mode } = fs.lstatSync(path.join(folder, name));
      return [name, `${mtimeMs} ${size} ${mode}`];
    }),
  );
}

it("nothing is written to ~/.ssh, nor to known_hosts, whatever was trusted", async () => {
  const folders = [os.userInfo().homedir, homeFolder].map((home) => path.join(home, ".ssh"));
  const at = await rig();
  const known = path.join(at.host.folder, "none");
  fs.writeFileSync(known, "# the person's own\n");
  const before = folders.map(listing);
  await trainAndRestore(at, await at.connect());
  expect(at.asked).toHaveLength(1);
  expect(folders.map(listing)).toEqual(before);
  expect(fs.readFileSync(known, "utf8")).toBe("# the person's own\n");
}, 60_000);

it("a secret that was told is in no file, no environment and no command line of ours", async () => {
  const secret = `open-sesame-${process.pid}`;
  let told = 0;
  const at = await rig([], true, { secret: () => Promise.resolve(told++ === 0 ? secret : null) });
  const locked = path.join(at.host.folder, "locked");
  makeKey(locked, "ed25519", secret);
  fs.appendFileSync(path.join(at.host.folder, "authorized_keys"), fs.readFileSync(`${locked}.pub`));
  fs.rmSync(at.host.identity);
  fs.renameSync(locked, at.host.identity);
  fs.rmSync(`${at.host.identity}.pub`);
  const options = at.options();
  const connection = await connectSshPool(options);
  onTestFinished(() => connection.close());
  expect([...options.memory.values()]).toEqual([secret]);
  const written = [at.stateFolder, at.host.folder, homeFolder].flatMap((folder) =>
    fs
      .readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.join(entry.parentPath, entry.name)),
  );
  expect(written.length).toBeGreaterThan(10);
  expect(written.filter((file) => fs.readFileSync(file).includes(secret))).toEqual([]);
  const { serverPid } = connection.pool;
  for (const name of ["environ", "cmdline"])
    expect(fs.readFileSync(`/proc/${serverPid}/${name}`, "latin1"), name).not.toContain(secret);
}, 60_000);
