/** The extension as a person has it: a real VS Code, a real pool, real scripts. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { withVsCode } from "../../scripts/vscode/session.mts";
import { TrainyardUi, type Panel } from "../../scripts/vscode/trainyard.mts";
import { until } from "./until.ts";
import { workspaceWith } from "./workspace.ts";

test("a reload and a second window show everything, live; training does not notice", async () => {
  const workspace = workspaceWith("endless.py");
  await withVsCode("reload", { workspace }, async (session) => {
    const { workbench } = session;
    const ui = new TrainyardUi(workbench);
    await ui.show();
    await workbench.openFile("endless.py");
    await ui.submit({ first: true });
    await ui.experiment(/#1 endless\.py.*running/).waitFor();
    await ui.panel.chart("loss").waitFor();

    await Promise.all([workbench.page.waitForEvent("load"), workbench.command("Developer: Reload Window")]);
    await ui.experiment(/#1 endless\.py.*running/).waitFor();
    await ui.panel.chart("loss").waitFor();
    await grows(ui.panel);

    // The row of a run that reports many times a second can be clicked all the same.
    for (let click = 0; click < 5; click += 1) {
      await ui.experiment("#1 endless.py").click();
      await workbench
        .quickPickRow(/Step \d/)
        .first()
        .waitFor({ timeout: 5_000 });
      await workbench.page.keyboard.press("Escape");
      await workbench.quickInput.waitFor({ state: "hidden" });
    }

    const second = new TrainyardUi(await session.openWindow());
    await second.show();
    await second.experiment(/#1 endless\.py.*running/).waitFor();
    await second.workbench.command("Trainyard: Stop");
    await second.workbench.pick("#1 endless.py");
    await ui.experiment(/#1 endless\.py.*stopped/).waitFor();
    await second.experiment(/#1 endless\.py.*stopped/).waitFor();
  });
  rmSync(workspace, { recursive: true, force: true });
});

test("in a folder that is not trusted one can look, and submitting asks for trust", async () => {
  const workspace = workspaceWith("short.py");
  await withVsCode("trust", { workspace, trust: "ask" }, async ({ workbench }) => {
    const ui = new TrainyardUi(workbench);
    await ui.show();
    await workbench.view("Experiments").getByText("not trusted").waitFor();
    await workbench.openFile("short.py");
    // What is beside the code runs nothing of it.
    await workbench.page.locator(".codelens-decoration a").getByText("Submit as Experiment").waitFor();
    await ui.submitButton.click();
    await workbench.toast(/has to be trusted first/).waitFor();
    await workbench.pressToastButton(/has to be trusted first/, "Manage Workspace Trust");
    await workbench.page.locator(".workspace-trust-editor").waitFor();
    assert.equal(await workbench.treeRows("Experiments").count(), 0);
  });
  rmSync(workspace, { recursive: true, force: true });
});

test("a checkpoint comes back once, is known to be there, and replaces nothing else unasked", async () => {
  const workspace = workspaceWith("short.py");
  const restored = path.join(workspace, "checkpoints", "1-1-step2");
  const restore = async (ui: TrainyardUi): Promise<void> => {
    await ui.show();
    await ui.experiment("#1 short.py").click();
    await ui.workbench.quickPickRow("Step 2").waitFor();
    await ui.workbench.page.keyboard.press("Enter");
  };
  await withVsCode("restore", { workspace }, async ({ workbench }) => {
    const ui = new TrainyardUi(workbench);
    await ui.show();
    await workbench.openFile("short.py");
    await ui.submit({ first: true });
    await ui.experiment(/#1 short\.py.*completed/).waitFor();
    await restore(ui);
    await workbench.toast(/Restored and verified/).waitFor();
    assert.equal(readFileSync(path.join(restored, "step.txt"), "utf8"), "2");

    await restore(ui);
    await workbench.toast(/Already here and verified/).waitFor();

    writeFileSync(path.join(restored, "step.txt"), "mine");
    await restore(ui);
    await workbench.dialogButton("Cancel").click();
    assert.equal(readFileSync(path.join(restored, "step.txt"), "utf8"), "mine");
    await restore(ui);
    await workbench.dialogButton("Replace").click();
    await until(() => readFileSync(path.join(restored, "step.txt"), "utf8") === "2");
    // What was replaced goes last.
    await until(() => readdirSync(path.dirname(restored)).join() === "1-1-step2");

    await ui.show();
    await workbench.command("Trainyard: Delete...");
    await workbench.pick("#1 short.py");
    await workbench.page
      .locator(".monaco-dialog-box", { hasText: /B on the disk of the pool, 2 checkpoints/ })
      .waitFor();
    await workbench.dialogButton("Delete").click();
    await ui.experiment("#1 short.py").waitFor({ state: "detached" });
    assert.equal(existsSync(restored), true, "what was restored stays");
  });
  rmSync(workspace, { recursive: true, force: true });
});

test("what ends out of sight is told, what is on the screen is not", async () => {
  const workspace = workspaceWith("fails.py", "later.py");
  await withVsCode("news", { workspace }, async ({ workbench }) => {
    const ui = new TrainyardUi(workbench);
    await ui.show();
    await workbench.openFile("later.py");
    await ui.submit({ first: true });
    await ui.experiment(/#1 later\.py/).waitFor();
    await workbench.openFile("fails.py");
    await ui.submit({ first: false });
    // Its panel covers the one of the first.
    await ui.experiment(/#2 fails\.py.*ValueError/).waitFor();
    await workbench.toast(/#1 later\.py finished/).waitFor();
    assert.equal(await workbench.toast(/#2 fails\.py failed/).count(), 0);
    await ui.experiment("#2 fails.py").hover();
    await ui
      .experiment("#2 fails.py")
      .getByRole("button", { name: /Go to Failing Line/ })
      .click();
    await workbench.statusBarItem("Ln 2, Col 1").waitFor();
  });
  rmSync(workspace, { recursive: true, force: true });
});

test("after coming back one line says what happened meanwhile", async () => {
  const workspace = workspaceWith("waits.py");
  writeFileSync(
    path.join(workspace, "train.yaml"),
    `max_restarts: 0\nenvironment:\n  environment_variables: ["GO=${workspace}"]\n`,
  );
  const env = { TRAINYARD_CPU_SLOTS: "2" };
  await withVsCode("away", { workspace, env }, async ({ vscode, workbench }) => {
    const ui = new TrainyardUi(workbench);
    await ui.show();
    await workbench.openFile("waits.py");
    await ui.submit({ first: true });
    await ui.experiment(/#1 waits\.py.*running/).waitFor();
    await ui.submitButton.click();
    await ui.experiment(/#2 waits\.py.*running/).waitFor();
    await workbench.command("View: Close All Editors");
    const address = workbench.page.url();
    await workbench.page.goto("about:blank");
    writeFileSync(path.join(workspace, "go"), "");
    const runs = path.join(vscode.home, "runs");
    await until(
      () => readdirSync(runs).filter((run) => existsSync(path.join(runs, run, "exit.json"))).length === 2,
    );
    await workbench.page.goto(address);
    await workbench.toast("While you were away: 2 finished").waitFor();
  });
  rmSync(workspace, { recursive: true, force: true });
});

test("a large folder is asked about once, and a part of it can be left out", async () => {
  const workspace = workspaceWith("short.py");
  mkdirSync(path.join(workspace, "many"));
  for (let file = 0; file < 10_050; file += 1) writeFileSync(path.join(workspace, "many", `${file}.txt`), "");
  await withVsCode("size", { workspace }, async ({ workbench }) => {
    const ui = new TrainyardUi(workbench);
    await ui.show();
    await workbench.openFile("short.py");
    await ui.submit({ first: true });
    await workbench.quickPickRow(/Send all: 10051 files/).waitFor();
    await workbench.pick("Leave out many");
    await ui.experiment(/#1 short\.py.*completed/).waitFor();
    await ui.submitButton.click();
    await ui.experiment(/#2 short\.py.*completed/).waitFor();

    await workbench.command("Trainyard: Show What Will Be Sent");
    await workbench.quickPickRow(/many.*left out by you/).click();
    await workbench.quickPickRow(/many.*10050 files/).waitFor();
    await workbench.page.keyboard.press("Escape");
  });
  rmSync(workspace, { recursive: true, force: true });
});

test("a secret is asked for once, and masked where the script prints it", async () => {
  const workspace = workspaceWith("secret.py");
  writeFileSync(
    path.join(workspace, "train.yaml"),
    'environment:\n  environment_variables: ["TOKEN=${secret:TOKEN}"]\n',
  );
  await withVsCode("secret", { workspace }, async ({ workbench }) => {
    const ui = new TrainyardUi(workbench);
    await ui.show();
    await workbench.openFile("secret.py");
    await ui.submit({ first: true });
    const box = workbench.quickInput.locator("input[type=password]");
    await box.fill("hunter2hunter2");
    await box.press("Enter");
    await ui.experiment(/#1 secret\.py.*completed/).waitFor();
    await ui.submitButton.click();
    await ui.experiment(/#2 secret\.py.*completed/).waitFor();
    await workbench.command("Trainyard: Show Output");
    await workbench.pick("#2 secret.py");
    const output = ui.panel.frame.getByText("the token is");
    await output.first().waitFor();
    assert.doesNotMatch(await ui.panel.frame.locator("body").innerText(), /hunter2/);
  });
  rmSync(workspace, { recursive: true, force: true });
});

async function grows(panel: Panel): Promise<void> {
  await until(async () => (await panel.points("loss")) > 0);
  const before = await panel.points("loss");
  await until(async () => (await panel.points("loss")) > before);
}
