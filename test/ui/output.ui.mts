import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { openSession, type Session } from "../../scripts/vscode/session.mts";
import { TrainyardUi } from "../../scripts/vscode/trainyard.mts";

const TRAIN = `import os
import time

print("line one", flush=True)
while not os.path.exists(${JSON.stringify("GO")}):
    time.sleep(0.05)
print("line after", flush=True)
`;

describe("a run's output outside of the panel", () => {
  let session: Session;
  let ui: TrainyardUi;
  let go: string;
  const step = (name: string, work: () => Promise<void>): void => {
    it(name, () => session.reporting(name, work));
  };
  const tool = (name: string) => ui.panel.frame.getByRole("button", { name });

  before(async () => {
    session = await openSession();
    ui = new TrainyardUi(session.workbench);
    go = path.join(session.vscode.home, "go");
    const { workspace } = session.vscode;
    writeFileSync(path.join(workspace, "train.py"), TRAIN.replace("GO", go));
    mkdirSync(path.join(workspace, ".vscode"), { recursive: true });
    // Drawn as text, which can be read here.
    writeFileSync(
      path.join(workspace, ".vscode/settings.json"),
      '{ "terminal.integrated.gpuAcceleration": "off" }',
    );
  });
  after(() => session.close());

  step("opens as a document with what has been printed", async () => {
    await session.workbench.openFile("train.py");
    await ui.submit({ first: true });
    await ui.panel.inState("running").waitFor();
    await ui.panel.frame.getByRole("tab", { name: /^Output/ }).click();
    await ui.panel.frame.getByText("line one").waitFor();
    await tool("Open Output as Document").click();
    const { page } = session.workbench;
    await page.getByRole("tab", { name: /stdout\.log/ }).waitFor();
    const lines = page.locator(".editor-instance .view-line");
    await lines.filter({ hasText: /^line\sone$/ }).waitFor();
    assert.equal(await lines.filter({ hasText: /^line\safter$/ }).count(), 0);
  });

  step("follows in a terminal what is printed, and says when the run has ended", async () => {
    const { page } = session.workbench;
    await ui.show();
    await ui.experiment("#1 train").click();
    await tool("Follow Output in a Terminal").click();
    const rows = page.locator(".terminal .xterm-rows");
    await rows.getByText(/line\sone/).waitFor();
    assert.equal(await rows.getByText(/line\safter/).count(), 0);
    writeFileSync(go, "");
    await rows.getByText(/line\safter/).waitFor();
    await rows.getByText(/stdout\sof\srun\s1\.1\.1\shas\sended/).waitFor();
  });

  step("opens the document again as it is now", async () => {
    await tool("Open Output as Document").click();
    const lines = session.workbench.page.locator(".editor-instance .view-line");
    await lines.filter({ hasText: /^line\safter$/ }).waitFor();
  });
});
