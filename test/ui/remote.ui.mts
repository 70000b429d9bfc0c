/** A pool on an SSH host, through the interface: add it, submit there, watch, cut the line, come back, restore. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import type { AddressInfo } from "node:net";
import os from "node:os";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { ensureSshd, startAgent, startSshd, type Sshd } from "../../scripts/ssh/sshd.mts";
import { openSession, type Session } from "../../scripts/vscode/session.mts";
import { TrainyardUi } from "../../scripts/vscode/trainyard.mts";
import { until } from "./until.ts";
import { workspaceWith } from "./workspace.ts";

/** What a run might serve on its host's loopback. */
async function serve(): Promise<{ port: number; close: () => void }> {
  const server = http.createServer((_request, response) => response.end("served over there"));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { port: (server.address() as AddressInfo).port, close: () => void server.close() };
}

/** @returns null when nobody answers */
function ask(port: number): Promise<string | null> {
  return fetch(`http://127.0.0.1:${port}`, { headers: { connection: "close" } }).then(
    (response) => response.text(),
    () => null,
  );
}

describe("a pool on an SSH host", () => {
  let sshd: Sshd;
  let session: Session;
  let ui: TrainyardUi;
  const workspace = workspaceWith("endless.py", "reader.py");
  const endings: (() => void)[] = [() => rmSync(workspace, { recursive: true, force: true })];
  const step = (name: string, work: () => Promise<void>): void => {
    it(name, () => session.reporting(name, work));
  };

  let served: { port: number; close: () => void };
  let localPort = 0;

  /** @returns where it is here */
  const forward = async (): Promise<number> => {
    const { workbench } = session;
    await workbench.command("Trainyard: Forward Port of a Run...");
    await workbench.pick("#1 endless.py");
    await workbench.pick("Another Port...");
    await workbench.answer(String(served.port));
    const row = workbench.treeRow("Pools", `Port ${served.port}`);
    await row.waitFor();
    return Number(/127\.0\.0\.1:(\d+) here/.exec(await row.innerText())?.[1]);
  };

  before(async () => {
    await ensureSshd();
    served = await serve();
    endings.push(served.close);
    // Its pool must not lie in the home folder of whoever runs the tests.
    sshd = await startSshd();
    endings.push(sshd.stop);
    const agent = await startAgent(sshd.folder, sshd.identity);
    endings.push(agent.stop);
    session = await openSession({ workspace, env: { SSH_AUTH_SOCK: agent.socket } });
    ui = new TrainyardUi(session.workbench);
  });
  after(async () => {
    await session.close();
    for (const end of endings.reverse()) end();
  });

  step("is added by its address, once its key was said to be the right one", async () => {
    const { workbench } = session;
    await ui.show();
    await workbench.command("Trainyard: Add Pool...");
    const address = `${os.userInfo().username}@127.0.0.1:${sshd.port}`;
    await workbench.quickInput.locator("input").first().fill(address);
    await workbench.quickPickRow(address).click();
    await workbench.dialog.waitFor();
    assert.match(await workbench.dialog.innerText(), /ssh-ed25519[^]*SHA256:[A-Za-z0-9+/]{43}/);
    await workbench.dialogButton("Trust and Connect").click();
    await workbench.treeRow("Pools", /127\.0\.0\.1.*1 of 1 slot free/).waitFor({ timeout: 90_000 });
    await workbench.treeRow("Pools", "This machine").waitFor();
  });

  step("runs the open script there, and the curve grows here", async () => {
    const { workbench } = session;
    await workbench.openFile("endless.py");
    await ui.submitButton.click();
    await workbench.pick("127.0.0.1");
    await ui.experiment(/#1 endless\.py.*running.*127\.0\.0\.1/).waitFor();
    await ui.panel.chart("loss").waitFor();
    await until(async () => (await ui.panel.points("loss")) > 20);
  });

  step("opens a terminal there, and forwards a port of the run, which is listed", async () => {
    const { workbench } = session;
    await workbench.command("Trainyard: Open Terminal on Pool");
    await workbench.pick("127.0.0.1");
    const written = path.join(sshd.folder, "from-terminal");
    await workbench.page.locator(".terminal.xterm.focus").waitFor();
    await workbench.page.keyboard.type(`echo $SSH_CONNECTION > ${written}\n`);
    await until(
      () => existsSync(written) && readFileSync(written, "utf8").includes(`127.0.0.1 ${sshd.port}`),
    );
    await workbench.page.keyboard.type("exit\n");
    // It takes the focus with it when it goes.
    await workbench.page.locator(".terminal.xterm").waitFor({ state: "detached" });

    localPort = await forward();
    assert.notEqual(localPort, served.port);
    assert.equal(await ask(localPort), "served over there");
  });

  step("comes back by itself after the line was cut, and the curve goes on", async () => {
    sshd.cut();
    const before = await ui.panel.points("loss");
    await until(async () => (await ui.panel.points("loss")) > before + 50, 60_000);
    await until(async () => (await ask(localPort)) === "served over there");
    assert.equal(await ui.panel.frame.getByText("Not connected").count(), 0);
  });

  step("gives a checkpoint back from there", async () => {
    const { workbench } = session;
    await ui.show();
    await ui.experiment("#1 endless.py").click();
    await workbench
      .quickPickRow(/Step \d/)
      .first()
      .waitFor();
    await workbench.page.keyboard.press("Enter");
    await workbench.toast("Restored and verified").waitFor();
    const [folder = ""] = readdirSync(path.join(workspace, "checkpoints"));
    assert.match(folder, /^127\.0\.0\.1-1-1-step\d+$/);
    const restored = readFileSync(path.join(workspace, "checkpoints", folder, "step.txt"), "utf8");
    assert.equal(folder.endsWith(`step${restored}`), true);
  });

  step("is there after a reload, without a question, and stops what runs there", async () => {
    const { workbench } = session;
    await workbench.reload();
    // A forwarded port is its window's.
    await until(async () => (await ask(localPort)) === null);
    await ui.show();
    await ui.experiment(/#1 endless\.py.*running/).waitFor({ timeout: 60_000 });
    localPort = await forward();
    assert.equal(await ask(localPort), "served over there");
    await workbench.command("Trainyard: Stop");
    await workbench.pick("#1 endless.py");
    await ui.experiment(/#1 endless\.py.*stopped/).waitFor();
    // It is closed with its run.
    await until(async () => (await ask(localPort)) === null);
    // One report a step, none lost and none twice, over the cut and the reload.
    let seen = "";
    await until(async () => {
      const steps = Number(/step (\d+)/.exec(await ui.experiment("#1 endless.py").innerText())?.[1]);
      seen = `step ${steps}; ${await ui.panel.chartText("loss")}`;
      return steps > 50 && (await ui.panel.points("loss")) === steps;
    }).catch(() => assert.fail(seen));
  });

  step("says that ignored data was not sent; a path there, or sending it, puts it right", async () => {
    const { workbench } = session;
    mkdirSync(path.join(workspace, "data"));
    writeFileSync(path.join(workspace, ".gitignore"), "data/\ncheckpoints/\n");
    writeFileSync(path.join(workspace, "data/train.csv"), "from here");
    const there = path.join(sshd.folder, "scratch");
    mkdirSync(there);
    writeFileSync(path.join(there, "train.csv"), "from there");

    await workbench.openFile("reader.py");
    await ui.submitButton.click();
    await ui.panel.inState("failed").waitFor();
    const notice = ui.panel.frame.locator(".notice").first();
    assert.match(await notice.innerText(), /^data\/train\.csv is ignored by git and was not sent/);

    await notice.getByText("Use a Path on the Pool").click();
    await workbench.quickInput.getByText("What of it is on the pool?").waitFor();
    await workbench
      .quickPickRow(/^data(?!\/)/)
      .first()
      .click();
    await workbench.quickInput.getByText(/Where is data on/).waitFor();
    await workbench.answer("scratch");
    await workbench.quickInput.getByText("begins with / or ~/").waitFor();
    await workbench.answer(path.join(there, "nothing"));
    await workbench.quickInput.getByText("does not exist").waitFor();
    await workbench.answer(there);
    await workbench.pressToastButton(/data is .*scratch for the next runs/, "Submit Again");
    await ui.experiment(/#3 reader\.py.*completed/).waitFor();

    await workbench.command("Trainyard: Show What Will Be Sent");
    await workbench.quickPickRow(/data.*scratch, mapped on 127\.0\.0\.1 by you/).waitFor();
    await workbench.page.keyboard.press("Escape");

    await workbench.command("Trainyard: Send What a Run Did Not Find");
    await workbench.pick("#2 reader.py");
    await workbench.quickInput.getByText("What shall be sent").waitFor();
    await workbench
      .quickPickRow(/^data(?!\/)/)
      .first()
      .click();
    await workbench.pressToastButton("data is part of the next snapshots", "Submit Again");
    await ui.experiment(/#4 reader\.py.*completed/).waitFor();
  });
});
