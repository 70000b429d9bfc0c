import { test } from "node:test";
import { withVsCode } from "../../scripts/vscode/session.mts";

test("a fresh VS Code shows Trainyard with its two trees, each saying what it is for", async () => {
  await withVsCode("empty", {}, async ({ workbench }) => {
    await workbench.showContainer("Trainyard");
    for (const view of ["Experiments", "Pools"]) {
      await workbench.view(view).waitFor();
    }
    // At first VS Code does not know yet that the folder is trusted, and its view says that.
    await workbench.view("Experiments").locator(".welcome-view-content", { hasText: /train/i }).waitFor();
  });
});
