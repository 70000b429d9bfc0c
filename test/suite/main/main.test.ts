import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import * as vscode from "vscode";
import { COMMANDS } from "../../../src/extension/commands/commandIds.ts";
import type { InternalApi } from "../../../src/extension/main.ts";
import { activate, inWorkspace, rowThatSays, submit, until, withPicksAccepted } from "./support.ts";

describe("the main job", () => {
  let api: InternalApi;
  before(async () => {
    api = await activate();
  });

  it("has the same commands in package.json, in the editor and in the code", async () => {
    const manifest = vscode.extensions.getExtension("trainyard.trainyard")?.packageJSON as {
      contributes: { commands: { command: string }[] };
    };
    const contributed = manifest.contributes.commands.map(({ command }) => command).sort();
    const registered = (await vscode.commands.getCommands(true))
      .filter(
        (id) =>
          id.startsWith("trainyard.") &&
          !/\.(focus|open|resetViewLocation|removeView|toggleVisibility)$/.test(id),
      )
      .filter((id) => !/^trainyard\.(experiments|pools)\./.test(id))
      .sort();
    assert.deepEqual(contributed, Object.values(COMMANDS).sort());
    assert.deepEqual(registered, contributed);
  });

  it("submits a script, shows it at once, and gives its best checkpoint back", async () => {
    const id = await submit("train.py");
    const node = await rowThatSays(api, id, /completed · loss 0\.1 · step 10/);
    assert.equal(node.kind, "single");
    const item = api.experiments.getTreeItem(node);
    assert.equal(item.label, `#${id} train.py`);
    assert.match(String(item.contextValue), /^trial\.single\.completed.*\.hasCheckpoints/);
    assert.match(item.accessibilityInformation?.label ?? "", /completed/);
    const checkpoints = api.experiments
      .getChildren(node)
      .map((one) => api.experiments.getTreeItem(one).label);
    assert.deepEqual(checkpoints, ["Step 10", "Step 5"]);
    assert.equal(api.panels.isOpen(id), true, "the panel did not open");

    const folder = await withPicksAccepted(
      vscode.commands.executeCommand<string | undefined>("trainyard.restore", node),
    );
    assert.equal(folder, inWorkspace("checkpoints", `${id}-1-step10`));
    assert.equal(readFileSync(`${folder}/weights.txt`, "utf8"), "weights of step 10\n");
    assert.equal(readFileSync(`${folder}/.gitignore`, "utf8"), "*\n");
  });

  it("says why a script failed and goes to the line, also when the file has changed since", async () => {
    const id = await submit("fails.py");
    const node = await rowThatSays(api, id, /failed · KeyError/);
    assert.match(String(api.experiments.getTreeItem(node).contextValue), /\.failed\..*hasLine/);
    await vscode.commands.executeCommand("trainyard.goToFailingLine", node);
    const editor = vscode.window.activeTextEditor;
    assert.equal(editor?.document.uri.toString(), vscode.Uri.file(inWorkspace("fails.py")).toString());
    assert.equal(editor?.selection.active.line, 2);

    writeFileSync(inWorkspace("fails.py"), `# a line more\n${readFileSync(inWorkspace("fails.py"), "utf8")}`);
    await vscode.commands.executeCommand("trainyard.goToFailingLine", node);
    const ran = vscode.window.activeTextEditor;
    assert.equal(ran?.document.uri.toString(), `trainyard-snapshot:/${id}/fails.py`);
    assert.equal(ran?.document.lineAt(ran.selection.active.line).text.trim(), 'return values["missing"]');
  });

  it("pauses, resumes and stops a script that checkpoints", async () => {
    const id = await submit("endless.py");
    const running = await until("a trial that can be paused", () => {
      const node = api.experiments.getChildren().find((one) => one.experimentId === id);
      const item = node && api.experiments.getTreeItem(node);
      return /\.running\..*\.pausable/.test(String(item?.contextValue)) ? node : undefined;
    });
    await vscode.commands.executeCommand("trainyard.pause", running);
    const paused = await rowThatSays(api, id, /^paused/);
    assert.match(String(api.experiments.getTreeItem(paused).contextValue), /\.resumable/);
    await vscode.commands.executeCommand("trainyard.resume", paused);
    await rowThatSays(api, id, /^running/);
    await vscode.commands.executeCommand("trainyard.stop", paused);
    await rowThatSays(api, id, /^stopped/);
  });

  it("kills", async () => {
    const id = await submit("endless.py");
    const node = await rowThatSays(api, id, /^running/);
    await vscode.commands.executeCommand("trainyard.kill", node);
    await rowThatSays(api, id, /^killed/);
  });

  it("marks a mistake in the configuration at its place, and submits nothing", async () => {
    const before = api.experiments.getChildren().length;
    const uri = vscode.Uri.file(inWorkspace("configured", "train.yaml"));
    await vscode.commands.executeCommand(
      "trainyard.submit",
      vscode.Uri.file(inWorkspace("configured", "train.py")),
    );
    const [problem] = vscode.languages.getDiagnostics(uri);
    assert.equal(problem?.range.start.line, 1);
    assert.match(problem?.message ?? "", /hyperparameter/);
    assert.equal(vscode.window.activeTextEditor?.document.uri.toString(), uri.toString());
    assert.equal(api.experiments.getChildren().length, before);
  });
});
