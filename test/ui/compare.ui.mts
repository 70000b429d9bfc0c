/** Two runs are compared as a person compares them: by their curves, by what differs, by their code. */
import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { withVsCode } from "../../scripts/vscode/session.mts";
import { TrainyardUi } from "../../scripts/vscode/trainyard.mts";
import { workspaceWith } from "./workspace.ts";
import { until } from "./until.ts";

const script = (lr: number): string => `import trainyard

run = trainyard.init()
LR = ${lr}
for step in range(1, 21):
    run.report(step, {"loss": LR / step, "spike": float("nan")})
    run.validate(step, val_loss=LR / step)
`;

test("compares two runs, and shows their code in the editor's own diff; it comes back after a reload; one is the baseline", async () => {
  const workspace = workspaceWith();
  const file = path.join(workspace, "train.py");
  writeFileSync(file, script(1));
  await withVsCode("compare", { workspace }, async ({ workbench }) => {
    const ui = new TrainyardUi(workbench);
    await ui.show();
    await workbench.openFile("train.py");
    await ui.submit({ first: true });
    await ui.experiment(/#1 train\.py.*completed/).waitFor();
    writeFileSync(file, script(2));
    await ui.submit({ first: false });
    await ui.experiment(/#2 train\.py.*completed/).waitFor();

    // The row is picked already; one more is added to it.
    await ui.experiment("#1 train.py").click({ button: "right" });
    await workbench.chooseInMenu("Compare...");
    await workbench.quickPickRow("#2 train.py").click();
    await workbench.quickInput.getByText("2 Selected").waitFor();
    await workbench.page.keyboard.press("Enter");
    await ui.comparison.row(/val_loss, best/).waitFor();
    const best = await ui.comparison.row(/val_loss, best/).innerText();
    assert.match(best, /0\.0500\s*best\s*0\.1000 \(\+0\.05\)/);
    assert.equal(await ui.comparison.column("#2").count(), 1);

    await Promise.all([workbench.page.waitForEvent("load"), workbench.command("Developer: Reload Window")]);
    await ui.comparison.row(/val_loss, best/).waitFor();
    await ui.comparison.frame.getByText("Compare Code").click();
    await workbench.page.locator(".monaco-diff-editor .modified-in-monaco-diff-editor").first().waitFor();
    await workbench.page.locator(".monaco-diff-editor").getByText("LR = 1").first().waitFor();
    await workbench.page.locator(".monaco-diff-editor").getByText("LR = 2").first().waitFor();

    await ui.experiment("#1 train.py").click({ button: "right" });
    await workbench.chooseInMenu("Use as Baseline");
    await ui.experiment("#2 train.py").click({ button: "right" });
    await workbench.chooseInMenu("Open Panel");
    await ui.panel.frame.getByText("+0.05 against baseline #1").waitFor();
    await until(async () => (await ui.panel.chartText("val_loss")).includes("baseline #1: 20 points"));
  });
  rmSync(workspace, { recursive: true, force: true });
});
