/** A search as a person handles it: seen before it runs, changed while it is there, and its place in the queue. */
import assert from "node:assert/strict";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { openSession, type Session } from "../../scripts/vscode/session.mts";
import { TrainyardUi } from "../../scripts/vscode/trainyard.mts";
import { SCRIPTS, workspaceWith } from "./workspace.ts";

const SCRIPT = `import time

import trainyard

run = trainyard.init()
for step in range(1, 5):
    run.validate(step, loss=trainyard.param("lr") / step)
    time.sleep(0.02)
`;
const configuration = (minval: number, maxval: number): string => `searcher:
  name: adaptive_asha
  metric: loss
  max_trials: 3
  max_time: 4
  divisor: 2
hyperparameters:
  lr: {type: double, minval: ${minval}, maxval: ${maxval}}
`;

describe("a search", () => {
  let workspace: string;
  let session: Session;
  let ui: TrainyardUi;
  const step = (name: string, work: () => Promise<void>): void => {
    it(name, () => session.reporting(name, work));
  };
  const menuOf = async (experiment: string | RegExp, entry: string): Promise<void> => {
    await ui.experiment(experiment).click({ button: "right" });
    await session.workbench.chooseInMenu(entry);
  };
  const preview = async (): Promise<string> => {
    const { workbench } = session;
    await workbench.command("Trainyard: Preview Search...");
    await workbench.dialog.waitFor();
    return workbench.dialog.innerText();
  };
  /** Where the editor asks for a file: the path is typed. */
  const chooseFile = async (name: string): Promise<void> => {
    const { workbench } = session;
    await workbench.quickPickRow(name).waitFor();
    await workbench.answer(path.join(workspace, name));
  };

  before(async () => {
    workspace = workspaceWith();
    const files = {
      "train.py": SCRIPT,
      "train.yaml": configuration(0.1, 1),
      "narrow.yaml": configuration(0.2, 0.4),
      "wide.yaml": configuration(0.1, 9),
      "other/endless.py": SCRIPTS["endless.py"],
    };
    mkdirSync(path.join(workspace, "other"));
    for (const [name, text] of Object.entries(files)) writeFileSync(path.join(workspace, name), text);
    session = await openSession({ workspace, env: { TRAINYARD_CPU_SLOTS: "1" } });
    ui = new TrainyardUi(session.workbench);
    await ui.show();
  });
  after(async () => {
    await session.close();
    rmSync(workspace, { recursive: true, force: true });
  });

  step("says what it would do, and when it would start", async () => {
    const { workbench } = session;
    await workbench.openFile("train.yaml");
    assert.match(await preview(), /3 trials in 2 brackets[^]*Starts now\.[^]*is not known/);
    await workbench.dialogButton("Cancel").click();
  });

  // Before anything has ended: what is known to be short is not worth a move.
  step(
    "waits behind another, and goes first when a person says so, who is told whom that moves",
    async () => {
      const { workbench } = session;
      await workbench.openFile("endless.py");
      await ui.submit({ first: true });
      await ui.experiment(/#1 endless\.py.*running/).waitFor();
      await workbench.openFile("train.py");
      await workbench.command("Trainyard: Submit with Options");
      await workbench.pick("This machine");
      await workbench.pick("train.yaml");
      await workbench.answer("");
      await workbench.quickInput.getByText(/This machine, 1 slot: /).waitFor();
      await workbench.answer("");
      await ui.experiment(/#2 train\.py.*waiting/).waitFor();
      await menuOf("#2 train.py", "Limit Slots...");
      await workbench.answer("none of these");
      await workbench.quickInput.getByText("A limit is a whole number").waitFor();
      await workbench.answer("1");
      await workbench.statusBarItem("#2 is changed").waitFor();
      await menuOf("#2 train.py", "Set Priority...");
      await workbench.answer("10");
      await workbench.dialogButton("Preempt 1 Trial").click();
      await ui.experiment(/#2 train\.py.*completed/).waitFor();
      await ui.experiment(/#1 endless\.py.*running/).waitFor();
    },
  );

  step("is in the pool's panel, which comes back after a reload", async () => {
    const { workbench } = session;
    await workbench.command("Trainyard: Open Pool Panel");
    await workbench.webview.getByRole("row", { name: /held.*1\.1/ }).waitFor();
    await Promise.all([workbench.page.waitForEvent("load"), workbench.command("Developer: Reload Window")]);
    await workbench.webview.getByRole("row", { name: /held.*1\.1/ }).waitFor();
    await menuOf("#1 endless.py", "Kill");
    await ui.experiment(/#1 endless\.py.*killed/).waitFor();
  });

  step("gives back the space of checkpoints that nobody keeps, after saying which", async () => {
    const { workbench } = session;
    await menuOf("#1 endless.py", "Free Space...");
    await workbench.pick("Keep the best of the experiment alone");
    await workbench.dialog.getByText(/come back on the disk of This machine/).waitFor();
    await workbench.dialogButton("Delete ").click();
    await workbench.statusBarItem(/Deleted \d+ checkpoints?: .* are free again/).waitFor();
  });

  step("says how long it would take, once it has run", async () => {
    const { workbench } = session;
    await workbench.openFile("train.py");
    assert.match(await preview(), /It would take .* s \(1 slot, 1 trial at a time, at the pace of 3 earlier/);
    await workbench.dialogButton("Cancel").click();
  });

  step("that has ended is given more trials, and a narrower space", async () => {
    const { workbench } = session;
    await menuOf("#2 train.py", "Change Search...");
    await workbench.pick("More Trials...");
    await workbench.answer("5");
    await workbench.statusBarItem("Search #2 is changed: 5 trials in all").waitFor();
    await menuOf("#2 train.py", "Change Search...");
    await workbench.pick("A Narrower Space...");
    await chooseFile("wide.yaml");
    await workbench.toast(/can only become narrower.*lr/).waitFor();
    await menuOf("#2 train.py", "Change Search...");
    await workbench.pick("A Narrower Space...");
    await chooseFile("narrow.yaml");
    await workbench.statusBarItem("Search #2 is changed: 5 trials in all").waitFor();
    await ui.experiment(/#2 train\.py.*5 of 5 trials/).waitFor();
  });

  step("takes a trial of one's own", async () => {
    const { workbench } = session;
    await menuOf("#2 train.py", "Add Trial...");
    await workbench.answer("rate=0.9");
    await workbench.toast(/not those of the search: .*rate/).waitFor();
    await menuOf("#2 train.py", "Add Trial...");
    await workbench.answer("lr=0.3");
    await workbench.statusBarItem("Trial 2.6 is added").waitFor();
    await ui.experiment(/#2 train\.py.*6 of 6 trials/).waitFor();
  });
});
