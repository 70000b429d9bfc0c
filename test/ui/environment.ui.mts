/** The Python of a pool on an SSH host, through the interface: what is missing is built, or another one is chosen. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { ensureSshd, startAgent, startSshd, type Sshd } from "../../scripts/ssh/sshd.mts";
import { openSession, type Session } from "../../scripts/vscode/session.mts";
import { TrainyardUi } from "../../scripts/vscode/trainyard.mts";
import { writeSource, writeWheel } from "../cluster/server/environments/wheels.ts";
import { until } from "./until.ts";
import { workspaceWith } from "./workspace.ts";

/** On a busy machine a virtual environment takes its time. */
const BUILD_MS = 180_000;
const LOG = "Trainyard Environment";
const POOL = "127.0.0.1";

/** A distribution that says that it is being built, and goes on doing so. */
const neverBuilt = (pid: string): string => `import os
import time


def get_requires_for_build_wheel(config_settings=None):
    with open(${JSON.stringify(pid)}, "w") as file:
        file.write(str(os.getpid()))
    time.sleep(3600)
`;

describe("the Python of a pool on an SSH host", () => {
  let sshd: Sshd;
  let session: Session;
  let ui: TrainyardUi;
  const workspace = workspaceWith();
  const endings: (() => void)[] = [() => rmSync(workspace, { recursive: true, force: true })];
  const there = (...parts: string[]): string => path.join(sshd.folder, "own-home", ...parts);
  const step = (name: string, work: () => Promise<void>): void => {
    it(name, () => session.reporting(name, work));
  };
  /** A script in a folder of its own, with what it needs beside it. */
  const write = (name: string, imported: string): void => {
    mkdirSync(path.join(workspace, name));
    writeFileSync(
      path.join(workspace, name, `${name}.py`),
      `import ${imported}\n\nprint("it is", ${imported}.VALUE)\n`,
    );
    writeFileSync(path.join(workspace, name, "requirements.txt"), `${imported}\n`);
  };
  const submit = async (name: string): Promise<void> => {
    await session.workbench.openFile(`${name}.py`);
    await ui.submitButton.click();
  };
  const outputOf = (experiment: number): string =>
    readFileSync(there(".trainyard", "runs", `${experiment}.1.1`, "stdout.log"), "utf8");

  before(async () => {
    await ensureSshd();
    sshd = await startSshd();
    endings.push(sshd.stop);
    const agent = await startAgent(sshd.folder, sshd.identity);
    endings.push(agent.stop);
    write("builds", "tinypack");
    write("fails", "nowhere");
    write("endless", "slowpack");
    write("chooses", "otherpack");
    writeWheel(there("wheels"), "tinypack");
    writeSource(there("wheels"), "slowpack", neverBuilt(there("pid")));
    execFileSync("python3", ["-m", "venv", "--without-pip", there("other")]);
    const [version = ""] = readdirSync(there("other", "lib"));
    writeFileSync(there("other", "lib", version, "site-packages", "otherpack.py"), 'VALUE = "another one"\n');
    session = await openSession({
      workspace,
      env: { SSH_AUTH_SOCK: agent.socket },
      // Whoever has it like this does not want half a line to be run.
      settings: { "files.autoSave": "afterDelay", "files.autoSaveDelay": 1 },
    });
    ui = new TrainyardUi(session.workbench);
    await session.reporting("before", async () => {
      await ui.show();
      await ui.addPool(`${os.userInfo().username}@${POOL}:${sshd.port}`);
    });
  });
  after(async () => {
    await session.close();
    for (const end of endings.reverse()) end();
  });

  step("is told once where the pool's wheels are", async () => {
    const { workbench } = session;
    await workbench.treeRow("Pools", POOL).click({ button: "right" });
    await workbench.chooseInMenu("Set Wheel Folder of Pool...");
    await workbench.answer("wheels");
    await workbench.quickInput.getByText("begins with / or ~/").waitFor();
    await workbench.answer("~/wheels");
    await workbench.statusBarItem("from the wheels in ~/wheels").waitFor();
  });

  step("asks before the submit about what is missing, and Escape submits nothing", async () => {
    const { workbench } = session;
    await submit("builds");
    await workbench.pick(POOL);
    await workbench.dialog.waitFor();
    const asked = await workbench.dialog.innerText();
    assert.match(
      asked,
      /tinypack is missing in \/\S+ \(Python 3\.\d+\.\d+\) on \S+ \(builds\/builds\.py:1\)/,
    );
    await workbench.page.keyboard.press("Escape");
    await workbench.dialog.waitFor({ state: "hidden" });
    await until(() => !existsSync(there(".trainyard", "runs", "1.1.1")));
    assert.equal(await ui.experiment("builds.py").count(), 0);
  });

  step("builds it from requirements.txt, and the submit goes on by itself", async () => {
    const { workbench } = session;
    await submit("builds");
    await workbench.dialogButton("Build From builds/requirements.txt").click();
    await ui.experiment(/#1 builds\.py.*completed/).waitFor({ timeout: BUILD_MS });
    assert.equal(outputOf(1), "it is 1.0\n");
    assert.equal(await workbench.dialog.count(), 0);
  });

  step("says why it cannot be built, with its log", async () => {
    const { workbench } = session;
    await submit("fails");
    await workbench.dialogButton("Build From fails/requirements.txt").click();
    await workbench.dialog
      .getByText("fails/requirements.txt cannot be installed")
      .waitFor({ timeout: BUILD_MS });
    await workbench.dialogButton("Show Log").click();
    await workbench.output(LOG).waitFor();
  });

  step("shows what the building does, and ends it there when it is cancelled", async () => {
    const { workbench } = session;
    await submit("endless");
    await workbench.dialogButton("Build From endless/requirements.txt").click();
    await until(() => existsSync(there("pid")), BUILD_MS);
    const progress = /Submitting endless\.py: building its environment \(show log\): \S/;
    await workbench.toast(progress).waitFor();
    await workbench.toast(progress).getByText("show log").click();
    await workbench.output(LOG).waitFor();
    await workbench.pressToastButton("Submitting endless.py", "Cancel");
    const pid = readFileSync(there("pid"), "utf8");
    await until(() => !existsSync(`/proc/${pid}`));
    await workbench.toast("Submitting endless.py").waitFor({ state: "hidden" });
  });

  step("runs with another one that is chosen", async () => {
    const { workbench } = session;
    await submit("chooses");
    await workbench.dialogButton("Choose Another...").click();
    await workbench.quickPickRow(/Python 3.*chosen for this folder/).waitFor();
    await workbench.pick("Enter a Path...");
    await workbench.quickInput.getByText("the folder of an environment").waitFor();
    await workbench.answer("~/other");
    await ui.experiment(/#2 chooses\.py.*completed/).waitFor({ timeout: 60_000 });
    assert.equal(outputOf(2), "it is another one\n");
  });

  step("lists those of the host, and forgets the choice", async () => {
    const { workbench } = session;
    await workbench.command("Trainyard: Choose Python on Pool...");
    await workbench.pick(POOL);
    await workbench
      .quickPickRow(/chosen for this folder/)
      .getByText(there("other"))
      .waitFor();
    await workbench.pick("Forget the Choice");
    await workbench.statusBarItem("by itself again").waitFor();
    // For a folder whose scripts run there, the palette's other command is about the same.
    await workbench.command("Trainyard: Choose Python Interpreter...");
    await workbench
      .quickPickRow(/used by an earlier experiment|built from/)
      .first()
      .waitFor();
    assert.equal(await workbench.quickPickRow("Forget the Choice").count(), 0);
    await workbench.page.keyboard.press("Escape");
  });

  step("runs the pool's set-up lines, once they are saved, and says what is wrong with them", async () => {
    const { workbench } = session;
    await workbench.treeRow("Pools", POOL).click({ button: "right" });
    await workbench.chooseInMenu("Edit Set-Up Lines of Pool...");
    const lines = there(".trainyard", "state", "setup.sh");
    const replace = async (text: string): Promise<void> => {
      await workbench.page.keyboard.press("Control+A");
      await workbench.page.keyboard.type(text);
      assert.equal(existsSync(lines) && readFileSync(lines, "utf8").includes(text), false);
      await workbench.page.keyboard.press("Control+S");
      await until(() => existsSync(lines) && readFileSync(lines, "utf8") === `${text}\n`);
    };
    await workbench.page.locator(`.tab.active[data-resource-name="${POOL}.trainyard-setup"]`).waitFor();
    await workbench.page
      .locator(".editor-instance .monaco-editor.focused")
      .getByText("module load cuda")
      .waitFor();
    await replace("no_such_module_command");
    await workbench.toast(/set-up lines of the pool.*no_such_module_command/).waitFor();
    await replace("export OF_THE_POOL=yes");
  });
});
