/** What runs knew, beside the code that they ran: lenses, hints, hovers with curves, tracebacks. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { artifacts } from "../../scripts/lib/paths.mts";
import { openSession, type Session } from "../../scripts/vscode/session.mts";
import { TrainyardUi } from "../../scripts/vscode/trainyard.mts";
import { until } from "./until.ts";

const TRAIN = `import math

import model
import trainyard

run = trainyard.init()
lr = run.param("lr", 3e-3)
LAYERS = 3


def main():
    net = model.build(run.param("width", 64), LAYERS)
    for step in range(1, 201):
        loss = net + math.exp(-step * lr * 40) + 0.02 + 0.02 * math.sin(step)
        run.report(step, loss=loss)
        if step % 10 == 0:
            run.validate(step, val_loss=loss * 1.1)


if __name__ == "__main__":
    main()
`;
const MODEL = `def build(width, layers):
    if layers > 3:
        raise ValueError("no such layer: " + str(layers))
    return 1 / width
`;
/** Until it is told to end. */
const SLOW = `import os
import time

import trainyard

run = trainyard.init()
step = 0
while not os.path.exists(os.path.join(os.environ["FOLDER"], "go")):
    step += 1
    run.report(step, loss=step)
    time.sleep(0.1)
`;
const SEARCH = `searcher:
  name: grid
  metric: val_loss
hyperparameters:
  lr: {type: categorical, vals: [0.0001, 0.001, 0.01]}
  width: {type: categorical, vals: [64, 128]}
`;

describe("beside the code", () => {
  let folder: string;
  let session: Session;
  let ui: TrainyardUi;
  const step = (name: string, work: () => Promise<void>): void => {
    it(name, () => session.reporting(name, work));
  };
  const picture = (name: string): Promise<void> =>
    session.workbench.screenshot(path.join(artifacts, `beside-${name}.png`));

  before(async () => {
    folder = realpathSync(mkdtempSync(path.join(os.tmpdir(), "trainyard-beside-")));
    for (const [name, text] of Object.entries({ "train.py": TRAIN, "model.py": MODEL, "train.yaml": SEARCH }))
      writeFileSync(path.join(folder, name), text);
    // Not beside train.yaml, which would be its configuration, too.
    mkdirSync(path.join(folder, "slow"));
    writeFileSync(path.join(folder, "slow", "slow.py"), SLOW);
    session = await openSession({
      workspace: folder,
      env: { TRAINYARD_CPU_SLOTS: "3", FOLDER: folder },
    });
    ui = new TrainyardUi(session.workbench);
  });
  after(async () => {
    await session.close();
    rmSync(folder, { recursive: true, force: true });
  });

  step("a script that never ran has a lens to submit it, and nothing else", async () => {
    const { workbench } = session;
    await workbench.openFile("train.py");
    await workbench.lens("Submit as Experiment").waitFor();
    assert.equal(await workbench.lens("best").count(), 0);
    await workbench.lens("Submit as Experiment").click();
    await workbench.quickPickRow("This machine").first().waitFor();
    await workbench.page.keyboard.press("Enter");
  });

  step("once its trials have ended the best is above it, and beside its values", async () => {
    const { workbench } = session;
    await ui.show();
    await ui.experiment(/#1 .*6 of 6 trials/).waitFor({ timeout: 120_000 });
    await workbench.command("View: Close All Editors");
    await workbench.openFile("train.py");
    await workbench.lens(/best val_loss [\d.]+ \(trial 1\.\d/).waitFor();
    await workbench.hint(/best\s0\.01/).waitFor();
    await workbench.hint(/best\s128/).waitFor();
    await workbench.hint(/[▁-█]{5}/).waitFor();
    await picture("hints");
  });

  step("a parameter's hover has the last runs and how the metric went with it", async () => {
    const { workbench } = session;
    await workbench.goTo(7, 18);
    await workbench.command("Show or Focus Hover");
    const hover = workbench.hover("in the last runs on");
    await hover.locator("table").waitFor();
    assert.equal(await hover.locator("tbody tr").count(), 6);
    await until(async () => (await workbench.imageWidth(hover)) > 100);
    await picture("parameter");
    await workbench.page.keyboard.press("Escape");
  });

  step("a metric's hover has its curve, and a link to the trial's panel", async () => {
    const { workbench } = session;
    await workbench.goTo(17, 36);
    await workbench.command("Show or Focus Hover");
    const hover = workbench.hover("at step 200 of trial");
    await until(async () => (await workbench.imageWidth(hover)) > 100);
    await picture("metric");
    await hover.locator("table a", { hasText: "1.3" }).click();
    await ui.panel.tab("Curves").waitFor();
    await workbench.command("View: Close Editor");
  });

  step("a traceback is on the lines that it went through, until the line is edited", async () => {
    const { workbench } = session;
    writeFileSync(path.join(folder, "train.py"), TRAIN.replace("LAYERS = 3", "LAYERS = 4"));
    await workbench.command("View: Close All Editors");
    await workbench.openFile("train.py");
    await ui.submit({ first: false });
    await ui.panel.tab("Search").waitFor();
    await workbench.command("View: Close All Editors");
    await workbench.openFile("model.py");
    await workbench.squiggle("error").first().waitFor({ timeout: 60_000 });
    await picture("model");
    await workbench.openFile("train.py");
    await workbench.lens(/last: failed: ValueError: no such layer: 4/).waitFor();
    await until(async () => (await workbench.squiggle("info").count()) >= 2);
    await workbench.goTo(17, 36);
    await workbench.command("Show or Focus Hover");
    await workbench.hover("at step 200 of trial").waitFor();
    await picture("all");
    await workbench.page.keyboard.press("Escape");
    await workbench.openFile("model.py");
    await workbench.goTo(3, 1);
    await workbench.page.keyboard.type("#");
    await workbench.squiggle("error").first().waitFor({ state: "detached" });
    await workbench.openFile("train.py");
    await until(async () => (await workbench.squiggle("info").count()) === 0);
  });

  step("while a script runs it says so above it, and its latest value beside the report", async () => {
    const { workbench } = session;
    await workbench.openFile("slow.py");
    // The title bar's button may still be the one of the file before.
    await workbench.page.locator(".monaco-editor .view-lines", { hasText: "time.sleep" }).waitFor();
    await workbench.lens("Submit as Experiment").click();
    await ui.panel.tab("Curves").waitFor();
    await workbench.command("View: Close All Editors");
    await workbench.openFile("slow.py");
    await workbench.lens("1 running").waitFor();
    const latest = async (): Promise<number> => {
      const text = (await workbench.hint(/run\.report/).textContent()) ?? "";
      return Number(/\)\s*(\d+)/.exec(text)?.[1] ?? 0);
    };
    await until(async () => (await latest()) > 0);
    const before = await latest();
    await until(async () => (await latest()) > before);
    await picture("running");
    writeFileSync(path.join(folder, "go"), "");
    await workbench.lens("running").waitFor({ state: "detached" });
    await workbench.command("View: Close Editor");
  });

  step("in a light theme and in high contrast the curve can be read, too", async () => {
    const { workbench } = session;
    await workbench.openFile("train.py");
    for (const theme of ["Light Modern", "Dark High Contrast"]) {
      await workbench.setTheme(theme);
      await workbench.goTo(17, 36);
      await workbench.command("Show or Focus Hover");
      const hover = workbench.hover("at step 200 of trial");
      await until(async () => (await workbench.imageWidth(hover)) > 100);
      await picture(theme.replaceAll(" ", "-").toLowerCase());
      await workbench.page.keyboard.press("Escape");
    }
  });
});
