// The product's main job on real input.   usage: npm run demo [-- --headless] [--search | --script tensorboard] [--ssh HOST | --ssh loopback]
// Without --headless it starts VS Code with the extension and an example, prints its address and waits for Ctrl+C.
// With it, a browser does what a person would: submit the open script, watch its curve, restore its best checkpoint.
// --script tensorboard submits a script that knows nothing of Trainyard: TensorBoard, argparse and torch.save.
// --search submits a search instead, and watches its rung ladder until it has ended.
// --ssh does the same on another host, whose python3 has scikit-learn; `loopback` brings an sshd of its own.
import { mkdirSync, rmSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { demoHost } from "./demo/host.mts";
import { findRestored, verifyRestored } from "./demo/checkpoint.mts";
import { watchSearch } from "./demo/search.mts";
import { step, until } from "./demo/steps.mts";
import { prepareWorkspace, SCRIPTS } from "./demo/workspace.mts";
import { atExit, must } from "./lib/command.mts";
import { artifacts, root } from "./lib/paths.mts";
import { withVsCode } from "./vscode/session.mts";
import { TrainyardUi } from "./vscode/trainyard.mts";
import { startVsCode, type VsCode } from "./vscode/server.mts";
import type { Workbench } from "./vscode/workbench.mts";

const TRAINING_MS = 10 * 60_000;
/** Enough of the curve for a picture that shows what it is. */
const PICTURE_POINTS = 1_000;
/** Of the example's 100: long enough to be watched, short enough for a test. */
const HEADLESS_EPOCHS = 30;
/** What the experiment is called in the tree. */
const EXPERIMENT = { digits: "digits", tensorboard: "train" };
const THEMES = [
  ["dark", "Dark Modern"],
  ["light", "Light Modern"],
  ["high-contrast", "Dark High Contrast"],
] as const;

const { values } = parseArgs({
  options: {
    headless: { type: "boolean" },
    search: { type: "boolean" },
    script: { type: "string", default: "digits" },
    ssh: { type: "string" },
  },
});
const script = SCRIPTS.find((name) => name === values.script);
if (script === undefined || (values.search === true && script !== "digits")) {
  console.error(`--script is one of ${SCRIPTS.join(", ")}; --search is of digits.`);
  process.exit(2);
}
await must("The build", process.execPath, [path.join(root, "scripts/build.mts")], {
  cwd: root,
  timeoutMs: 120_000,
});
const host = values.ssh === undefined ? null : await demoHost(values.ssh);
const workspace = await prepareWorkspace({
  script,
  epochs: values.headless && !values.search ? HEADLESS_EPOCHS : null,
  isSearch: values.search ?? false,
  namesPython: values.ssh === "loopback",
});
atExit(() => rmSync(path.dirname(workspace), { recursive: true, force: true }));
mkdirSync(artifacts, { recursive: true });

if (values.headless) {
  try {
    await withVsCode("demo", { workspace, env: host?.env ?? {} }, async ({ vscode, workbench }) =>
      drive(vscode, workbench),
    );
    console.log("The demo worked.");
    process.exit(0);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  }
} else {
  const vscode = await startVsCode({ workspace, env: host?.env ?? {} });
  console.log(`\nOpen http://${vscode.authority}/?folder=${encodeURIComponent(workspace)}`);
  if (host !== null) console.log(`Add the pool first: "Trainyard: Add Pool...", ${host.destination}`);
  console.log(
    'Open train.py and press "Trainyard: Submit as Experiment" in its title bar. Ctrl+C ends the demo.',
  );
}

async function drive(vscode: VsCode, workbench: Workbench): Promise<void> {
  const ui = new TrainyardUi(workbench);
  if (host !== null) {
    await step(`the pool on ${host.destination}`, async () => {
      await ui.show();
      await ui.addPool(host.destination);
    });
  }
  await step("the submit button in train.py's title bar", async () => {
    await workbench.openFile("train.py");
    await ui.submitButton.waitFor();
    await workbench.screenshot(path.join(artifacts, "demo-script.png"));
    await ui.submit({ first: true, ...(host === null ? {} : { pool: host.name }) });
  });
  await step("the trial in the tree", async () => {
    await ui.show();
    await ui.experiment(EXPERIMENT[script ?? "digits"]).waitFor();
  });
  if (values.search) return watchSearch(ui);
  await step("the curve", async () => {
    await ui.panel.chart("loss").waitFor();
    await until(async () => (await ui.panel.points("loss")) > 0, 60_000, "no point is drawn");
    const before = await ui.panel.points("loss");
    await until(async () => (await ui.panel.points("loss")) > before, 60_000, `it stays at ${before} points`);
    await until(
      async () => (await ui.panel.colouredPixels("loss")) > 100,
      10_000,
      "its canvas has no coloured pixel",
    );
  });
  await step(`a curve of ${PICTURE_POINTS} points`, () =>
    until(async () => (await ui.panel.points("loss")) >= PICTURE_POINTS, TRAINING_MS, "it is still shorter"),
  );
  for (const [name, theme] of THEMES) {
    await step(`the ${name} theme`, async () => {
      await workbench.setTheme(theme);
      await until(async () => (await ui.panel.colouredPixels("loss")) > 100, 10_000, "the curve is gone");
      await workbench.screenshot(path.join(artifacts, `demo-${name}.png`));
    });
  }
  await workbench.setTheme("Dark Modern");
  await step("the end of the training", async () => {
    await ui.panel.inState("completed").waitFor({ timeout: TRAINING_MS });
    await workbench.screenshot(path.join(artifacts, "demo-completed.png"));
  });
  await step("the restored checkpoint", async () => {
    await ui.experiment(EXPERIMENT[script ?? "digits"]).click();
    await workbench
      .quickPickRow(/[Ss]tep/)
      .first()
      .waitFor();
    await workbench.screenshot(path.join(artifacts, "demo-restore.png"));
    await workbench.page.keyboard.press("Enter");
    await until(() => findRestored(workspace) !== null, 60_000, "no folder appeared under checkpoints/");
    const restored = verifyRestored(findRestored(workspace) ?? "", host?.pool ?? vscode.home);
    const where = path.relative(workspace, restored.folder);
    console.log(`  ${where}: ${restored.files} files, ${restored.bytes} bytes, as in the manifest`);
    await workbench.toast("Restored and verified").waitFor();
    await workbench.screenshot(path.join(artifacts, "demo-restored.png"));
  });
}
