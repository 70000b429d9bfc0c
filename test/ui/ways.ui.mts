/** What a person also does, one thing after the other: a git folder that was opened through a link. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { dist } from "../../scripts/lib/paths.mts";
import { openSession, type Session } from "../../scripts/vscode/session.mts";
import { TrainyardUi } from "../../scripts/vscode/trainyard.mts";
import { until } from "./until.ts";

/** Does not checkpoint, and does not end when it is asked. */
const STUBBORN = `import signal
import time

for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
while True:
    time.sleep(1)
`;
const TRAIN = (word: string): string => `import os
import sys

print("${word}", open("data/x.txt").read(), open("big/y.txt").read(), sys.argv[1:])
print("restored is there:", os.path.exists("checkpoints"))
`;
const CHECKPOINTS = `import trainyard

run = trainyard.init()
run.report(1, loss=1)
with run.checkpoint(1) as folder:
    (folder / "step.txt").write_text("1")
`;
/** Says what it has seen when it is told to, and dies of a signal. */
const DIES = (go: string): string => `import os
import signal
import time

import trainyard

run = trainyard.init()
while not os.path.exists("${go}"):
    time.sleep(0.1)
run.report(1, loss=float("nan"))
while not os.path.exists("${go}-on"):
    time.sleep(0.1)
os.kill(os.getpid(), signal.SIGSEGV)
`;

describe("a person's other ways", () => {
  let place: string;
  let session: Session;
  let ui: TrainyardUi;
  const inFolder = (...parts: string[]): string => path.join(place, "real", ...parts);
  const outputOf = (run: string): string =>
    readFileSync(path.join(session.vscode.home, "runs", run, "stdout.log"), "utf8");
  const step = (name: string, work: () => Promise<void>): void => {
    it(name, () => session.reporting(name, work));
  };
  const menuOf = async (experiment: string | RegExp, entry: string): Promise<void> => {
    await ui.experiment(experiment).click({ button: "right" });
    await session.workbench.chooseInMenu(entry);
  };

  before(async () => {
    place = realpathSync(mkdtempSync(path.join(os.tmpdir(), "trainyard-ways-")));
    for (const folder of ["data", "big", "jobs"]) mkdirSync(inFolder(folder), { recursive: true });
    const files = {
      ".gitignore": "data/\nbig/\n",
      "data/x.txt": "x",
      "big/y.txt": "y",
      "jobs/stubborn.py": STUBBORN,
      "train.py": TRAIN("as committed"),
      "train.yaml": "data:\n  more: big\n",
      "nets/short.py": CHECKPOINTS,
      "nets/dies.py": DIES(path.join(place, "go")),
    };
    mkdirSync(inFolder("nets"));
    for (const [name, text] of Object.entries(files)) writeFileSync(inFolder(name), text);
    const git = (...args: string[]): unknown => execFileSync("git", ["-C", inFolder(), ...args]);
    git("init", "--quiet");
    git("add", ".");
    git("-c", "user.name=Ada", "-c", "user.email=ada@localhost", "commit", "--quiet", "-m", "First");
    writeFileSync(inFolder("train.py"), TRAIN("as edited"));
    symlinkSync(inFolder(), path.join(place, "link"));
    session = await openSession({
      workspace: path.join(place, "link"),
      env: { TRAINYARD_CPU_SLOTS: "2" },
    });
    ui = new TrainyardUi(session.workbench);
  });
  after(async () => {
    await session.close();
    rmSync(place, { recursive: true, force: true });
  });

  step("sees what the command line has submitted from inside of the folder, without asking", async () => {
    execFileSync(process.execPath, [path.join(dist, "cli.js"), "submit", "stubborn.py"], {
      cwd: inFolder("jobs"),
      env: { ...session.vscode.env },
    });
    await session.workbench.reload();
    await session.workbench.statusBarItem("1 running").waitFor();
    await ui.show();
    await ui.experiment(/#1 stubborn\.py.*running/).waitFor();
  });

  step("cannot pause what has not checkpointed, and is told why", async () => {
    await ui.experiment("#1 stubborn").click({ button: "right" });
    const entry = session.workbench.menuItem("Pause (the Script Has Not Checkpointed)");
    assert.equal(await entry.getAttribute("aria-disabled"), "true");
    await session.workbench.page.keyboard.press("Escape");
    await session.workbench.command("Trainyard: Pause");
    await session.workbench.pick("#1 stubborn.py");
    await session.workbench.toast(/cannot be paused\. The script has not written a checkpoint/).waitFor();
  });

  step("renames, and copies the id", async () => {
    await menuOf("#1 stubborn", "Rename...");
    await session.workbench.answer("will not stop");
    await ui.experiment("#1 will not stop").waitFor();
    await menuOf("#1 will not stop", "Copy ID");
    await session.workbench.statusBarItem("Copied 1.1").waitFor();
  });

  step("asks a script to stop that ignores it", async () => {
    await menuOf("#1 will not stop", "Stop");
    await ui.experiment(/#1 will not stop.*stopping/).waitFor();
  });

  step("submits from the explorer; the edited file is sent, ignored data is linked", async () => {
    await session.workbench.showContainer("Explorer");
    await session.workbench.explorerRow("train.py").click({ button: "right" });
    await session.workbench.chooseInMenu("Submit as Experiment");
    await session.workbench.quickPickRow("This machine").waitFor();
    await session.workbench.page.keyboard.press("Enter");
    await ui.show();
    await ui.experiment(/#2 train\.py.*completed/).waitFor();
    assert.equal(outputOf("2.1.1"), "as edited x y []\nrestored is there: False\n");
  });

  step("opens the panel of a run without checkpoints by a click", async () => {
    await session.workbench.command("View: Close All Editors");
    await ui.experiment("#2 train").click();
    await ui.panel.inState("completed").waitFor();
  });

  step("submits from the palette with arguments, and sees that the next submit repeats them", async () => {
    const { workbench } = session;
    await workbench.openFile("train.py");
    await workbench.command("Trainyard: Submit with Options...");
    await workbench.pick("This machine");
    await workbench.pick("train.yaml");
    await workbench.quickInput.getByText("Arguments of the script").waitFor();
    await workbench.answer("--epochs 3");
    await workbench.quickInput.getByText("Slots (GPUs)").waitFor();
    await workbench.page.keyboard.press("Enter");
    await ui.experiment(/#3 train\.py.*completed/).waitFor();
    await workbench.command("Trainyard: Submit as Experiment");
    await workbench.statusBarItem("Submitted train.py --epochs 3").waitFor();
    await ui.experiment(/#4 train\.py.*completed/).waitFor();
    for (const run of ["3.1.1", "4.1.1"]) assert.match(outputOf(run), /\['--epochs', '3'\]/);
  });

  step("does not send what was restored, and says of everything else what happens to it", async () => {
    const { workbench } = session;
    await workbench.openFile("short.py");
    await ui.submit({ first: false });
    await ui.experiment(/#5 short\.py.*completed/).waitFor();
    await ui.experiment("#5 short").click();
    await workbench.quickPickRow("Step 1").waitFor();
    await workbench.page.keyboard.press("Enter");
    await workbench.toast("Restored and verified").waitFor();
    // Not because git ignores it.
    rmSync(inFolder("checkpoints", "5-1-step1", ".gitignore"));
    await workbench.openFile("train.py");
    await workbench.command("Trainyard: Show What Will Be Sent");
    await workbench.quickPickRow(/data.*a data folder/).waitFor();
    await workbench.quickPickRow(/big.*named under data:/).waitFor();
    assert.equal(await workbench.quickPickRow(/checkpoints.*files?/).count(), 0);
    await workbench.page.keyboard.press("Escape");
    await ui.submit({ first: false });
    await ui.show();
    await ui.experiment(/#6 train\.py.*completed/).waitFor();
    assert.match(outputOf("6.1.1"), /restored is there: False/);
  });

  step("hears of a metric that is not a number, and of what died of a signal", async () => {
    const { workbench } = session;
    await workbench.openFile("dies.py");
    await ui.submit({ first: false });
    await ui.experiment(/#7 dies\.py.*running/).waitFor();
    await workbench.command("View: Close All Editors");
    // With the panel goes the focus; without it, nobody is told.
    await workbench.treeRow("Pools", "CPU slot 1").click();
    writeFileSync(path.join(place, "go"), "");
    await workbench.toast(/#7 dies\.py: .*loss is not a number since step 1/).waitFor();
    writeFileSync(path.join(place, "go-on"), "");
    await ui.experiment(/#7 dies\.py.*failed.*SIGSEGV/).waitFor();
    await workbench.toast(/#7 dies\.py failed.*SIGSEGV/).waitFor();
  });

  step("sees the stubborn script ended in the end", async () => {
    await ui.experiment(/#1 will not stop.*stopped/).waitFor();
    await until(async () => (await session.workbench.statusBarItem(/\d running/).count()) === 0);
  });

  step("keeps what was known when the pool server is stopped, and reconnects in one step", async () => {
    const { workbench } = session;
    await ui.experiment("#2 train").click();
    await ui.panel.inState("completed").waitFor();
    await workbench.command("Trainyard: Stop Pool Server");
    await ui.panel.frame.getByText("Not connected to This machine").waitFor();
    await ui.experiment("#2 train").waitFor();
    await workbench.treeRow("Pools", /Reconnect.*start it/).click();
    await workbench.treeRow("Pools", /2 of 2 slots free/).waitFor();
    await ui.panel.frame.getByText("Not connected to This machine").waitFor({ state: "detached" });
  });
});
