/** Runs of other tools become experiments: chosen from a list, by keyboard and by menu. */
import assert from "node:assert/strict";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { withVsCode } from "../../scripts/vscode/session.mts";
import { TrainyardUi } from "../../scripts/vscode/trainyard.mts";
import { workspaceWith } from "./workspace.ts";

test("runs are found, chosen, imported once, and shown as what they are", async () => {
  const workspace = workspaceWith();
  for (const name of ["first", "second"]) {
    mkdirSync(path.join(workspace, name));
    const rows = Array.from({ length: 30 }, (_, step) => `${step},${name.length / (step + 1)}`);
    writeFileSync(path.join(workspace, name, "metrics.csv"), `step,val_loss\n${rows.join("\n")}\n`);
  }
  await withVsCode("import", { workspace }, async ({ workbench }) => {
    const ui = new TrainyardUi(workbench);
    await ui.show();
    await workbench.command("Trainyard: Import Runs...");
    await workbench.pick("All of");
    await workbench.quickPickRow("This machine").first().click();
    const row = workbench.quickPickRow("second/metrics.csv");
    await row.getByText(/30 points of 1 metric/).waitFor();
    // All are chosen: this one is not wanted.
    await row.click();
    await workbench.page.keyboard.press("Enter");
    await workbench.toast(/Imported 1 run\./).waitFor();
    const imported = ui.experiment(/#1 first\/metrics\.csv.*imported from CSV/);
    await imported.waitFor();
    await imported.click({ button: "right" });
    await workbench.menuItem("Compare...").waitFor();
    assert.equal(await workbench.menuItem("Show Output").count(), 0);
    assert.equal(await workbench.menuItem("Show What Was Sent").count(), 0);
    await workbench.page.keyboard.press("Escape");
    await imported.click();
    await ui.panel.chart("val_loss").waitFor();
    // It has no output, no files and no code here.
    await ui.panel.frame.getByText("Imported from CSV").first().waitFor();
    assert.equal(await ui.panel.tab("Output").count(), 0);
    assert.equal(await ui.panel.tab("Code").count(), 0);
    await ui.panel.tab("Configuration").click();
    await ui.panel.frame
      .getByText(/first\/metrics\.csv/)
      .last()
      .waitFor();

    await workbench.command("Trainyard: Import Runs...");
    await workbench.pick("All of");
    await workbench.quickPickRow(/already imported as #1/).waitFor();
    await workbench.quickPickRow("second/metrics.csv").waitFor();
    await workbench.page.keyboard.press("Enter");
    await ui.experiment(/#2 second\/metrics\.csv.*imported from CSV/).waitFor();
  });
  rmSync(workspace, { recursive: true, force: true });
});
