/** A pool's files, checked, repaired and copied from its row. */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { withVsCode } from "../../scripts/vscode/session.mts";
import { TrainyardUi } from "../../scripts/vscode/trainyard.mts";
import type { Workbench } from "../../scripts/vscode/workbench.mts";
import { workspaceWith } from "./workspace.ts";

test("a pool is checked, repaired after a question, and backed up, from its row", async () => {
  const workspace = workspaceWith("short.py");
  const copy = mkdtempSync(path.join(os.tmpdir(), "trainyard-copy-"));
  await withVsCode("maintenance", { workspace }, async ({ vscode, workbench }) => {
    const ui = new TrainyardUi(workbench);
    await ui.show();
    await workbench.openFile("short.py");
    await ui.submit({ first: true });
    await ui.experiment(/#1 short\.py.*completed/).waitFor();

    await choose(workbench, "Check Pool");
    await workbench.pick("All content, too");
    await workbench.toast(/all is well \(1 experiment, 1 run, 2 checkpoints\)/).waitFor();
    await workbench.command("Notifications: Clear All Notifications");

    const checkpoints = path.join(vscode.home, "checkpoints");
    const [damaged = ""] = readdirSync(checkpoints);
    rmSync(path.join(checkpoints, damaged, "manifest.json"));
    await choose(workbench, "Check Pool");
    await workbench.pick("What is there");
    await workbench.toast(/1 thing found/).waitFor();
    await workbench.page.getByText("A checkpoint is listed, but it has no manifest.").first().waitFor();
    await workbench.pressToastButton(/1 thing found/, "Repair...");
    await workbench.dialog.getByText(new RegExp(damaged)).waitFor();
    await workbench.dialogButton("Cancel").click();
    assert.ok(existsSync(path.join(checkpoints, damaged)));

    await choose(workbench, "Check Pool");
    await workbench.pick("What is there");
    await workbench.pressToastButton(/1 thing found/, "Repair...");
    await workbench.dialogButton("Repair").click();
    await workbench.toast(/1 repair done\. All is well now\./).waitFor();
    assert.equal(existsSync(path.join(checkpoints, damaged)), false);
    // The server that was stopped for it is there again.
    await ui.experiment(/#1 short\.py.*completed/).waitFor();
    await workbench.treeRow("Pools", /free/).waitFor();
    await ui.panel.tab("Checkpoints").getByText("1", { exact: true }).waitFor();
    await workbench.command("Notifications: Clear All Notifications");

    await choose(workbench, "Back Up Pool...");
    await workbench.quickInput.locator(".quick-input-box input").fill(`${copy}/`);
    await workbench.quickInput.getByText("..", { exact: true }).waitFor();
    // The editor's own dialog passes over a press while it still reads the folder.
    const here = workbench.quickInput.getByRole("button", { name: "Back Up Here" });
    for (let left = 10; left > 0 && (await here.isVisible()); left--) {
      await here.click({ timeout: 2000 }).catch(() => undefined);
      await here.waitFor({ state: "hidden", timeout: 2000 }).catch(() => undefined);
    }
    await workbench.toast(/is backed up and verified \(1 experiment, 1 run, 1 checkpoint/).waitFor();
    const marker = JSON.parse(readFileSync(path.join(copy, "backup.json"), "utf8")) as { isWhole: boolean };
    assert.equal(marker.isWhole, true);
  });
  for (const folder of [workspace, copy]) rmSync(folder, { recursive: true, force: true });
});

async function choose(workbench: Workbench, label: string): Promise<void> {
  await workbench.treeRow("Pools", "This machine").click({ button: "right" });
  await workbench.chooseInMenu(label);
}
