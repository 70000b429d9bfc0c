/** A host without a Node, through the interface: whether one may be downloaded is asked, and what came is checked. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import os from "node:os";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { ensureSshd, startAgent, startSshd, type Sshd } from "../../scripts/ssh/sshd.mts";
import { openSession, type Session } from "../../scripts/vscode/session.mts";
import { TrainyardUi } from "../../scripts/vscode/trainyard.mts";
import { workspaceWith } from "./workspace.ts";

const isRoot = process.getuid?.() === 0;
/** Where this machine has one. */
const HIDE_NODES = `for node in /usr/bin/node /usr/local/bin/node; do [ ! -e $node ] || mount --bind /dev/null $node; done`;

describe("a host without a Node", { skip: isRoot ? false : "needs root: it makes mounts" }, () => {
  let sshd: Sshd;
  let session: Session;
  const workspace = workspaceWith("endless.py");
  const requests: string[] = [];
  const mirror = createServer((request, response) => {
    requests.push(request.url ?? "");
    response.end("not a Node");
  });
  const endings: (() => void)[] = [
    () => rmSync(workspace, { recursive: true, force: true }),
    () => void mirror.close(),
  ];

  before(async () => {
    await ensureSshd();
    await new Promise<void>((resolve) => mirror.listen(0, "127.0.0.1", resolve));
    // It says that it is another machine, whose Node this side has not.
    const bin = mkdtempSync(path.join(os.tmpdir(), "trainyard-bin-"));
    endings.push(() => rmSync(bin, { recursive: true, force: true }));
    const say = (name: string, words: string): void =>
      writeFileSync(path.join(bin, name), `#!/bin/sh\n${words}\n`, { mode: 0o755 });
    say("uname", '[ "$1" = -m ] && echo aarch64 || echo Linux');
    say("getconf", "echo glibc 2.36");
    sshd = await startSshd([], { mount: HIDE_NODES, environment: { PATH: `${bin}:/usr/bin:/bin` } });
    endings.push(sshd.stop);
    const agent = await startAgent(sshd.folder, sshd.identity);
    endings.push(agent.stop);
    session = await openSession({
      workspace,
      env: {
        SSH_AUTH_SOCK: agent.socket,
        TRAINYARD_NODE_MIRROR: `http://127.0.0.1:${(mirror.address() as AddressInfo).port}`,
      },
    });
  });
  after(async () => {
    await session.close();
    for (const end of endings.reverse()) end();
  });

  it("is asked about before anything is downloaded, and told that what came is another", () =>
    session.reporting("no node", async () => {
      const { workbench } = session;
      await new TrainyardUi(workbench).show();
      await workbench.command("Trainyard: Add Pool...");
      const address = `${os.userInfo().username}@127.0.0.1:${sshd.port}`;
      await workbench.quickInput.locator("input").first().fill(address);
      await workbench.quickPickRow(address).click();
      await workbench.dialogButton("Trust and Connect").click({ timeout: 60_000 });
      await workbench.dialogButton("Download and Send").waitFor({ timeout: 60_000 });
      assert.match(
        await workbench.dialog.innerText(),
        /Node v24\S+ for Linux on arm64[^]*http:\/\/127\.0\.0\.1/,
      );
      assert.deepEqual(requests, []);
      await workbench.dialogButton("Download and Send").click();
      await workbench.toast(/its SHA-256 is/).waitFor({ timeout: 60_000 });
      assert.equal(requests.length, 1);
    }));
});
