import assert from "node:assert/strict";
import { test } from "node:test";
import { withVsCode } from "../../scripts/vscode/session.mts";

test("a fresh VS Code shows Trainyard with its two trees, each saying what it is for", async () => {
  await withVsCode("empty", {}, async ({ workbench }) => {
    await workbench.showContainer("Trainyard");
    for (const view of ["Experiments", "Pools"]) {
      await workbench.view(view).waitFor();
    }
    const welcome = workbench.view("Experiments").locator(".welcome-view-content");
    await welcome.waitFor();
    assert.match(await welcome.innerText(), /train/i);
  });
});
