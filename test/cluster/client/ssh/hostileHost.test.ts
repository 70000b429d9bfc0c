/** A host that lies: what its shell, its host program and its server answer is not trusted. */
import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { MARK } from "../../../../src/cluster/client/ssh/hostScripts.ts";
import { temporaryFolder } from "../support.ts";
import { rig as fakeServer } from "../../server/rpc/rig.ts";
import { isRoot, NEEDS_ROOT } from "./accounts.ts";
import { buildBundles, rig } from "./poolRig.ts";

beforeAll(buildBundles, 120_000);

/** An sshd whose every command answers so, after the mark. */
function answering(...lines: string[]): string[] {
  const file = path.join(temporaryFolder("answer"), "answer");
  fs.writeFileSync(file, ["", MARK, ...lines, ""].join("\n"));
  return [`ForceCommand cat ${file}`];
}

const ready = (change: object): string =>
  `ready=${JSON.stringify({ socket: "/s", home: "/p", node: "/n", program: "/h", ...change })}`;

describe("what the host program says", () => {
  it.each([
    ["a socket that is no path", ready({ socket: "../s" })],
    ["a socket with a line break", ready({ socket: "/s\n/bin/sh" })],
    ["a Node with a NUL", ready({ node: "/n\0" })],
    ["a path without end", ready({ program: `/${"x".repeat(10_000)}` })],
    ["not all of it", 'ready={"socket":"/s"}'],
    ["no JSON", "ready={"],
  ])("%s", async (_name, line) => {
    const at = await rig(answering(line, "end=yes"));
    await expect(at.connect()).rejects.toThrow("not of the protocol");
  });

  it("a failure in words that a terminal would obey", async () => {
    const failed = { message: "\u001b]0;owned\u0007no\u202e way\nhere", remedy: "\u001b[2Jpay\r\n" };
    const at = await rig(answering(`failed=${JSON.stringify(failed)}`, "end=yes"));
    await expect(at.connect()).rejects.toMatchObject({
      message: "gpu1: ]0;owned no  way here",
      remedy: "[2Jpay",
    });
  });

  it("a system with a name of another kind, and without end", async () => {
    const at = await rig(answering(`system=\u001b[31m${"x".repeat(5_000)}`, "end=yes"));
    const error: unknown = await at.connect().catch((caught: unknown) => caught);
    expect(String(error)).toMatch(/runs \[31mx+; a pool needs Linux/);
    expect(String(error).length).toBeLessThan(500);
  });

  it("output without end", async () => {
    const at = await rig(["ForceCommand head -c 30m /dev/zero"]);
    await expect(at.connect()).rejects.toThrow(/does not run what is sent to it/);
  }, 60_000);
});

describe("what answers at the socket", () => {
  it("is no server of ours", async () => {
    const socket = path.join(temporaryFolder("odd"), "s");
    const server = net.createServer((stream) => stream.end("HTTP/1.1 200 OK\r\n\r\nhello"));
    await new Promise<void>((resolve) => server.listen(socket, resolve));
    onTestFinished(() => void server.close());
    const at = await rig(answering(ready({ socket }), "end=yes"));
    await expect(at.connect()).rejects.toThrow();
  });

  it("is a server whose answers are not of the protocol: no call believes them", async () => {
    const fake = await fakeServer();
    const at = await rig(answering(ready({ socket: fake.socketPath }), "end=yes"));
    const connection = await at.connect();
    await expect(connection.call("pool/status", {})).rejects.toThrow();
  });
});

describe.skipIf(!isRoot)(`another account's socket in our place ${NEEDS_ROOT}`, () => {
  it.each([
    ["its folder is another's", 0, 0o700],
    ["its folder is open to others", null, 0o777],
  ])(
    "%s",
    async (_name, owner, mode) => {
      // Without XDG_RUNTIME_DIR the socket's folder is in /tmp, where anybody may be first.
      const at = await rig([], true, { shell: "/bin/sh", environment: { XDG_RUNTIME_DIR: "" } });
      const uid = at.account?.uid ?? 0;
      const folder = `/tmp/trainyard-${uid}`;
      // Another account may have had this number before.
      fs.rmSync(folder, { recursive: true, force: true });
      fs.mkdirSync(folder);
      onTestFinished(() => fs.rmSync(folder, { recursive: true, force: true }));
      fs.chmodSync(folder, mode);
      fs.chownSync(folder, owner ?? uid, owner ?? uid);
      await expect(at.connect()).rejects.toMatchObject({
        message: expect.stringContaining(`gpu1: ${folder} is not a folder of yours alone`) as string,
        remedy: expect.stringContaining("XDG_RUNTIME_DIR") as string,
      });
    },
    60_000,
  );

  it("the bridge does not join it either", async () => {
    const at = await rig(["AllowStreamLocalForwarding no"]);
    const { pool } = await at.connect();
    expect(pool.serverPid).toBeGreaterThan(0);
    const folder = path.join(at.host.folder, "runtime", "trainyard");
    expect(fs.statSync(folder).mode & 0o777).toBe(0o700);
    fs.chmodSync(folder, 0o770);
    await expect(at.connect()).rejects.toThrow(/not a folder of yours alone/);
  }, 60_000);
});
