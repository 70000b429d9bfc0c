/** A shell on a host, and what listens on its loopback: by both ways of connecting, over real sshds. */
import { once } from "node:events";
import fs from "node:fs";
import http from "node:http";
import net from "node:net";
import path from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { forwardPort } from "../../../../src/cluster/client/forwardPort.ts";
import { poolHost, type PoolHost } from "../../../../src/cluster/client/ssh/poolHost.ts";
import type { Shell } from "../../../../src/cluster/client/ssh/shell.ts";
import { openHost } from "../../../../src/cluster/client/ssh/sshPool.ts";
import { makeAuthority } from "./certificate.ts";
import { rig } from "./poolRig.ts";
import type { TestHost } from "./host.ts";

const SIZE = { columns: 100, rows: 30 };

interface Reached {
  host: PoolHost;
  sshd: TestHost;
}

/** @param way by which the host is reached; a certificate is what only the system's ssh can do */
async function reach(way: "ssh2" | "ssh", settings: readonly string[] = []): Promise<Reached> {
  const authority = way === "ssh" ? makeAuthority() : null;
  const at = await rig([...(authority?.settings ?? []), ...settings]);
  authority?.sign(at.host.identity);
  const session = await openHost(at.options());
  onTestFinished(() => session.close());
  return { host: poolHost(session, "gpu1"), sshd: at.host };
}

/** With what it has shown so far. */
async function shellIn(
  host: PoolHost,
  folder: string | null,
): Promise<{ shell: Shell; shown: () => string }> {
  const shell = await host.openShell(folder, SIZE);
  const chunks: Buffer[] = [];
  shell.listen((bytes) => chunks.push(bytes));
  return { shell, shown: () => Buffer.concat(chunks).toString("utf8") };
}

const patient = { timeout: 20_000 };

describe.each(["ssh2", "ssh"] as const)("by %s", (way) => {
  it("a shell begins in its folder, whatever that is called, knows its size, and says how it ended", async () => {
    const { host, sshd } = await reach(way);
    const folder = path.join(sshd.folder, `it's "a" $(touch ${"pwned"}) \`id\`; folder ä`);
    fs.mkdirSync(folder);
    const { shell, shown } = await shellIn(host, folder);
    shell.write("pwd; tty; stty size; echo agent=[$SSH_AUTH_SOCK]\n");
    await expect.poll(shown, patient).toMatch(/agent=\[\]/);
    expect(shown()).toContain(`${folder}\r\n/dev/pts/`);
    expect(shown()).toMatch(/\n\/dev\/pts\/\d+\r\n30 100\r\n/);
    // It came through the terminal, and was not shown.
    expect(shown()).not.toContain(`${folder}\r\n30\r\n100`);
    expect(fs.readdirSync(sshd.folder)).not.toContain("pwned");
    shell.resize({ columns: 77, rows: 22 });
    await expect
      .poll(() => {
        shell.write("stty size\n");
        return shown();
      }, patient)
      .toMatch(/\b22 77\r\n/);
    shell.write("exit 7\n");
    expect(await shell.ended).toBe(7);
  }, 60_000);

  it("a shell begins at home where the folder is gone, and says so; a folder of control characters is refused", async () => {
    const { host } = await reach(way);
    const { shell, shown } = await shellIn(host, "/nowhere/at/all");
    await expect.poll(shown, patient).toContain("There is no folder /nowhere/at/all here any more.");
    shell.write("exit\n");
    expect(await shell.ended).toBe(0);
    for (const folder of ["/tmp/a\nb", "/tmp/\u0003", "relative", `/${"x".repeat(5000)}`])
      await expect(host.openShell(folder, SIZE)).rejects.toThrow(/no folder that a terminal/);
  }, 60_000);

  it("a shell ends with the connection, and says that it was no exit", async () => {
    const { host, sshd } = await reach(way);
    const { shell, shown } = await shellIn(host, null);
    shell.write("echo rea''dy\n");
    await expect.poll(shown, patient).toContain("ready");
    const reason = new Promise<string>((resolve) => host.onClosed(resolve));
    sshd.cut();
    expect(await shell.ended).toBeNull();
    expect(await reason).not.toBe("");
  }, 60_000);

  it("a port of the host's loopback is a port here", async () => {
    const { host } = await reach(way);
    const server = http.createServer((request, response) => response.end(`you asked for ${request.url}`));
    const port = await listening(server);
    const forwarded = await forwardPort(port, () => host.openPort(port), (error) => expect.unreachable(String(error))); // prettier-ignore
    onTestFinished(forwarded.close);
    const pages = ["/one", "/two", "/three"];
    const answers = await Promise.all(pages.map((page) => get(forwarded.localPort, page)));
    expect(answers).toEqual(pages.map((page) => `you asked for ${page}`));
  }, 60_000);

  it.each([
    ["nobody listens there", []],
    ["the host forbids it", ["AllowTcpForwarding no"]],
  ] as const)(
    "a port is refused with a sentence where %s",
    async (_why, settings) => {
      const { host } = await reach(way, settings);
      const server = net.createServer();
      const port = await listening(server);
      if (settings.length === 0) await new Promise((resolve) => server.close(resolve));
      const problems: unknown[] = [];
      const forwarded = await forwardPort(0, () => host.openPort(port), (error) => problems.push(error)); // prettier-ignore
      onTestFinished(forwarded.close);
      await expect(get(forwarded.localPort, "/")).rejects.toThrow();
      await expect.poll(() => problems.map(String).join(), patient).toContain("could not be reached");
    },
    60_000,
  );

  it("a shell is refused with a sentence where the host gives none", async () => {
    const { host } = await reach(way, ["PermitTTY no"]);
    await expect(host.openShell(null, SIZE)).rejects.toMatchObject({ name: "UserError" });
  }, 60_000);
});

async function listening(server: net.Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return (server.address() as net.AddressInfo).port;
}

function get(port: number, page: string): Promise<string> {
  return new Promise((resolve, reject) => {
    http
      .get({ host: "127.0.0.1", port, path: page, agent: false }, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
        response.once("end", () => resolve(text));
      })
      .once("error", reject);
  });
}
