/** A pool that cannot be reached, and one whose line is cut in the middle of a restore, through the interface. */
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { dist } from "../../scripts/lib/paths.mts";
import { trainCheckpoint } from "../../scripts/ssh/checkpoint.mts";
import { ensureSshd, startSshd, type Sshd } from "../../scripts/ssh/sshd.mts";
import { openSession, type Session } from "../../scripts/vscode/session.mts";
import { TrainyardUi } from "../../scripts/vscode/trainyard.mts";
import { addPool } from "../../src/cluster/client/pools/poolList.ts";
import { connectSshPool } from "../../src/cluster/client/ssh/sshPool.ts";
import { workspaceWith } from "./workspace.ts";

const BYTES = 64_000_000;
/** Of the checkpoint, before the line is cut. */
const CUT_AFTER_BYTES = 16_000_000;

describe("a pool that is not connected", () => {
  let sshd: Sshd;
  let session: Session;
  let ui: TrainyardUi;
  let gate: Gate;
  const workspace = workspaceWith("endless.py");
  const stateFolder = mkdtempSync(path.join(os.tmpdir(), "trainyard-ui-state-"));
  const endings: (() => void)[] = [workspace, stateFolder].map(
    (folder) => () => rmSync(folder, { recursive: true, force: true }),
  );
  const step = (name: string, work: () => Promise<void>): void => {
    it(name, () => session.reporting(name, work));
  };

  before(async () => {
    await ensureSshd();
    sshd = await startSshd();
    endings.push(sshd.stop);
    gate = await startGate(sshd.port);
    endings.push(gate.stop);
    const sshConfig = path.join(sshd.folder, "ssh_config");
    writeFileSync(
      sshConfig,
      `Host gpu1\n  HostName 127.0.0.1\n  Port ${gate.port}\n  IdentityFile ${sshd.identity}\n  IdentitiesOnly yes\n` +
        `  UserKnownHostsFile ${path.join(sshd.folder, "known")}\n  GlobalKnownHostsFile /dev/null\n`,
    );
    writeFileSync(path.join(sshd.folder, "known"), `[127.0.0.1]:${gate.port} ${sshd.hostKey}\n`);
    const entry = {
      ...({ kind: "ssh", name: "gpu1", destination: "gpu1", sshConfig, home: null } as const),
      ...{ runtimePath: process.execPath, fingerprint: null },
    };
    await addPool(stateFolder, entry);
    gate.open();
    const connection = await connectSshPool({
      ...{ entry, stateFolder, dist, client: { name: "test", version: "0.0.0" }, memory: new Map() },
      questions: { trustHostKey: () => Promise.resolve(false), secret: () => Promise.resolve(null) },
    });
    await trainCheckpoint(connection, { stateFolder, folder: workspace, sizes: [BYTES] });
    connection.close();
    gate.shut();
    session = await openSession({ workspace, env: { TRAINYARD_STATE: stateFolder } });
    ui = new TrainyardUi(session.workbench);
  });
  after(async () => {
    await session.close();
    for (const end of endings.reverse()) end();
  });

  step("refuses a submit, and says which pool and that nothing was submitted", async () => {
    const { workbench } = session;
    await ui.show();
    await workbench.openFile("endless.py");
    await ui.submitButton.click();
    await workbench.pick("gpu1");
    await workbench
      .toast(/Nothing was submitted: gpu1 cannot be reached \(.+\)\. It is tried again by itself/)
      .waitFor({ timeout: 60_000 });
  });

  step("is there by itself when it can be reached", async () => {
    gate.open();
    await session.workbench.treeRow("Pools", /gpu1.*1 of 1 slot free/).waitFor({ timeout: 60_000 });
  });

  step("is waited for in the middle of a restore, and asked about after a reload", async () => {
    const { workbench } = session;
    gate.shutAfter(CUT_AFTER_BYTES);
    await ui.show();
    await ui.experiment("#1 train.py").click();
    await workbench
      .quickPickRow(/Step 1/)
      .first()
      .waitFor();
    await workbench.page.keyboard.press("Enter");
    await workbench.toast("Not connected: waiting for gpu1").waitFor({ timeout: 60_000 });
    await workbench.reload();
    gate.open();
    await workbench.pressToastButton(/Restoring step 1 of #1 train\.py was interrupted/, "Continue");
    await workbench.toast("Restored and verified").waitFor({ timeout: 90_000 });
    const [folder = "", ...others] = readdirSync(path.join(workspace, "checkpoints"));
    assert.deepEqual(others, []);
    assert.equal(statSync(path.join(workspace, "checkpoints", folder, "file0.bin")).size, BYTES);
  });
});

interface Gate {
  port: number;
  open: () => void;
  /** Ends what is open, and takes nothing more. */
  shut: () => void;
  /** When so many bytes have come from the far side. */
  shutAfter: (bytes: number) => void;
  stop: () => void;
}

/** A way to a port of this machine that can be shut. */
async function startGate(port: number): Promise<Gate> {
  const sockets = new Set<net.Socket>();
  let isOpen = false;
  let leftBytes = Infinity;
  const shut = (): void => {
    isOpen = false;
    leftBytes = Infinity;
    for (const socket of sockets) socket.destroy();
  };
  const server = net.createServer((near) => {
    if (!isOpen) return void near.destroy();
    const far = net.connect(port, "127.0.0.1");
    far.on("data", (chunk) => {
      leftBytes -= chunk.length;
      if (leftBytes <= 0) shut();
    });
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      one.setNoDelay(true);
      one.on("error", () => undefined); // its close follows
      one.on("close", () => {
        sockets.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as net.AddressInfo).port,
    open: () => void (isOpen = true),
    shut,
    shutAfter: (bytes) => void (leftBytes = bytes),
    stop: () => {
      shut();
      server.close();
    },
  };
}
