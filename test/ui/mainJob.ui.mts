import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { openSession, withVsCode, type Session } from "../../scripts/vscode/session.mts";
import { TrainyardUi } from "../../scripts/vscode/trainyard.mts";
import { until } from "./until.ts";

const TRAIN = `import time
import trainyard

run = trainyard.init()
for step in range(1, 31):
    run.report(step, loss=1 / step)
    if step % 10 == 0:
        run.validate(step, val_loss=abs(step - 20) + 0.5)
        with run.checkpoint(step) as folder:
            (folder / "weights.txt").write_text("weights of step %d" % step)
    time.sleep(0.05)
`;
const FAILS = `import json


def main():
    json.loads("not json")


main()
`;

describe("a person's way through the main job", () => {
  let session: Session;
  let ui: TrainyardUi;
  const inWorkspace = (...parts: string[]): string => path.join(session.vscode.workspace, ...parts);
  /** One step of the way; its picture and VS Code's logs are kept when it fails. */
  const step = (name: string, work: () => Promise<void>): void => {
    it(name, () => session.reporting(name, work));
  };

  before(async () => {
    session = await openSession();
    ui = new TrainyardUi(session.workbench);
    writeFileSync(inWorkspace("train.py"), TRAIN);
    writeFileSync(inWorkspace("fails.py"), FAILS);
  });
  after(() => session.close());

  step("submits the open script by the button in its title bar, and asks for the pool once", async () => {
    await session.workbench.openFile("train.py");
    await ui.submit({ first: true });
    await ui.show();
    await ui.experiment("#1 train").waitFor();
    await ui.panel.inState("completed").waitFor();
  });

  step("draws the curve, in words too", async () => {
    await ui.panel.chart("val_loss").waitFor();
    assert.equal(await ui.panel.points("loss"), 30);
    assert.match(await ui.panel.chartText("loss"), /from 1 to 0\.0333/);
    assert.ok((await ui.panel.colouredPixels("loss")) > 100);
  });

  step("restores the best checkpoint, not the latest, by a click on the run and Enter", async () => {
    await ui.experiment("#1 train").click();
    await session.workbench.quickPickRow("Step 20").waitFor();
    await session.workbench.page.keyboard.press("Enter");
    await session.workbench.toast("Restored and verified").waitFor();
    const folder = inWorkspace("checkpoints", "1-1-step20");
    assert.equal(readFileSync(path.join(folder, "weights.txt"), "utf8"), "weights of step 20");
    assert.equal(readFileSync(path.join(folder, ".gitignore"), "utf8"), "*\n");
  });

  step("runs the code as it was at the click, whatever is edited afterwards", async () => {
    await session.workbench.openFile("train.py");
    await ui.submit({ first: false });
    // The restore before has shown the explorer.
    await ui.show();
    await ui.experiment("#2 train").waitFor();
    writeFileSync(inWorkspace("train.py"), "raise SystemExit(3)\n");
    await ui.experiment(/#2 train.*completed/).waitFor();
    writeFileSync(inWorkspace("train.py"), TRAIN);
  });

  step("says why a script failed, and one click goes to the line", async () => {
    await session.workbench.openFile("fails.py");
    await ui.submit({ first: false });
    await ui.experiment(/#3 fails.*failed.*JSONDecodeError/).waitFor();
    const notice = ui.panel.frame.locator(".notice.tone-bad");
    await notice.waitFor();
    assert.match(await notice.innerText(), /JSONDecodeError/);
    await notice.getByText("fails.py:5").click();
    await session.workbench.statusBarItem("Ln 5,").waitFor();
  });

  step("deletes only when told to, and says how much", async () => {
    const { workbench, vscode } = session;
    await ui.show();
    const openMenu = async (): Promise<void> => {
      await ui.experiment("#1 train").click({ button: "right" });
      await workbench.chooseInMenu("Delete...");
      await workbench.dialog.waitFor();
    };
    await openMenu();
    assert.match(await workbench.dialog.innerText(), /\d B|\d kB[^]*3 checkpoints/);
    await workbench.dialogButton("Cancel").click();
    await workbench.dialog.waitFor({ state: "hidden" });
    assert.equal(readdirSync(path.join(vscode.home, "checkpoints")).length, 6);

    await openMenu();
    await workbench.dialogButton("Delete").click();
    await ui.experiment("#1 train").waitFor({ state: "detached" });
    await ui.experiment("#2 train").waitFor();
    // The rows go first, in one transaction; the files follow.
    await until(() => !existsSync(path.join(vscode.home, "runs/1.1.1")));
    await until(() => readdirSync(path.join(vscode.home, "checkpoints")).length === 3);
  });
});

it("sends the exact bytes that are on disk, also of an ignored file's neighbour", async () => {
  await withVsCode("bytes", {}, async ({ vscode, workbench }) => {
    const inWorkspace = (name: string): string => path.join(vscode.workspace, name);
    const bytes = Buffer.from([0, 255, 13, 10, 13, 65]);
    writeFileSync(inWorkspace("data.bin"), bytes);
    writeFileSync(inWorkspace("secret.txt"), "not sent");
    writeFileSync(inWorkspace(".gitignore"), "secret.txt\n");
    writeFileSync(
      inWorkspace("train.py"),
      "import hashlib, os\nprint(hashlib.sha256(open('data.bin', 'rb').read()).hexdigest(), os.path.exists('secret.txt'))\n",
    );
    const ui = new TrainyardUi(workbench);
    await workbench.openFile("train.py");
    await ui.submit({ first: true });
    await ui.panel.inState("completed").waitFor();
    const output = readFileSync(path.join(vscode.home, "runs/1.1.1/stdout.log"), "utf8");
    assert.equal(output, `${createHash("sha256").update(bytes).digest("hex")} False\n`);
  });
});
