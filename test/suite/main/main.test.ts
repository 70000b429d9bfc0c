import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import * as vscode from "vscode";
import { COMMANDS } from "../../../src/extension/commands/commandIds.ts";
import type { InternalApi } from "../../../src/extension/main.ts";
import {
  activate,
  inWorkspace,
  rowThatSays,
  submit,
  submitFile,
  until,
  withPicksAccepted,
} from "./support.ts";

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
    assert.equal(api.panels.isOpen("local", id), true, "the panel did not open");

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
    assert.equal(ran?.document.uri.toString(), `trainyard:/snapshot/${id}/fails.py`);
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

  it("gives a running script's slot back, and the script goes on in its turn", async () => {
    const id = await submit("endless.py");
    const running = await until("a trial that can be paused", () => {
      const node = api.experiments.getChildren().find((one) => one.experimentId === id);
      const item = node && api.experiments.getTreeItem(node);
      return /\.running\..*\.pausable/.test(String(item?.contextValue)) ? node : undefined;
    });
    await vscode.commands.executeCommand("trainyard.giveBack", running);
    await until("a second run", () =>
      api.pools.local.mirror?.runsOf(`${id}.1`).some(({ attempt }) => attempt === 2) ? true : undefined,
    );
    await rowThatSays(api, id, /^running/);
    await vscode.commands.executeCommand("trainyard.kill", running);
    await rowThatSays(api, id, /^killed/);
  });

  it("tests whether a script may be preempted, and keeps both runs of one that begins again", async () => {
    await vscode.commands.executeCommand("trainyard.testPreemption", inWorkspace("endless.py"));
    const tested = [...(api.pools.local.mirror?.experiments.values() ?? [])].filter(({ labels }) =>
      labels.includes("preemption test"),
    );
    assert.deepEqual(
      tested.map(({ name, state }) => [name, state]),
      [
        ["Preempted in a preemption test", "killed"],
        ["Left alone in a preemption test", "killed"],
      ],
    );
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
    // The language server, which may only start with this, marks it.
    const [problem] = await until("a mark", () => {
      const found = vscode.languages.getDiagnostics(uri);
      return found.length > 0 ? found : undefined;
    });
    assert.equal(problem?.range.start.line, 1);
    assert.match(problem?.message ?? "", /hyperparameter/);
    assert.equal(vscode.window.activeTextEditor?.document.uri.toString(), uri.toString());
    assert.equal(api.experiments.getChildren().length, before);
  });

  it("sends what is on the screen, also of files above the script's folder", async () => {
    const repository = mkdtempSync(path.join(os.tmpdir(), "trainyard-suite-"));
    execFileSync("git", ["init", "--quiet", repository]);
    const inRepository = (...parts: string[]): string => path.join(repository, ...parts);
    mkdirSync(inRepository("app"));
    writeFileSync(inRepository("shared.py"), "WORD = 'old'\n");
    writeFileSync(
      inRepository("app", "train.py"),
      "import sys\nsys.path.append('..')\nimport shared\nassert shared.WORD == 'new'\n",
    );
    const document = await vscode.workspace.openTextDocument(inRepository("shared.py"));
    const edit = new vscode.WorkspaceEdit();
    edit.insert(document.uri, new vscode.Position(1, 0), "WORD = 'new'\n");
    await vscode.workspace.applyEdit(edit);
    assert.equal(document.isDirty, true);
    const id = await submitFile(inRepository("app", "train.py"));
    await until("its end", () =>
      api.pools.local.mirror?.experiments.get(id)?.state === "completed" ? true : undefined,
    );
    assert.equal(document.isDirty, false);
    rmSync(repository, { recursive: true, force: true });
  });

  it("goes on from a checkpoint as a new experiment, with the same arguments", async () => {
    const first = await submit("train.py");
    const node = await rowThatSays(api, first, /completed/);
    const [best] = api.experiments.getChildren(node);
    await vscode.commands.executeCommand("trainyard.resumeFromHere", best);
    const next = await until("a new experiment", () =>
      api.experiments.getChildren().find((one) => one.experimentId > first),
    );
    await rowThatSays(api, next.experimentId, /completed/);
    const run = api.pools.local.mirror?.runsOf(`${next.experimentId}.1`)[0];
    assert.equal(run?.resumedFromStep, 10);

    // It ran without a configuration; the next plain submit takes the one that is there by then all the same.
    writeFileSync(inWorkspace("train.yaml"), "name: configured since\n");
    const plain = await submit("train.py");
    rmSync(inWorkspace("train.yaml"));
    assert.equal(api.pools.local.mirror?.experiments.get(plain)?.name, "configured since");
  });

  it("goes on with flags of the configuration as they were, not twice", async () => {
    const first = await submit("flags", "train.py");
    const node = await rowThatSays(api, first, /completed/);
    await vscode.commands.executeCommand("trainyard.resumeFromHere", api.experiments.getChildren(node)[0]);
    const next = await until("a new experiment", () =>
      api.experiments.getChildren().find((one) => one.experimentId > first),
    );
    const commandLine = (id: number): string[] | undefined =>
      api.pools.local.mirror?.experiments.get(id)?.commandLine.slice(1);
    assert.deepEqual(commandLine(first), ["flags/train.py", "--steps=3"]);
    assert.deepEqual(commandLine(next.experimentId), commandLine(first));
    await rowThatSays(api, next.experimentId, /completed/);
  });

  it("restores a checkpoint with the code that made it, as it was", async () => {
    const id = await submit("train.py");
    const node = await rowThatSays(api, id, /completed/);
    const submitted = readFileSync(inWorkspace("train.py"), "utf8");
    writeFileSync(inWorkspace("train.py"), `${submitted}# edited since\n`);
    const [best] = api.experiments.getChildren(node);
    const code = await vscode.commands.executeCommand<string>("trainyard.restoreWithCode", best);
    assert.equal(code, inWorkspace("checkpoints", `${id}-1-step10-code`, "code"));
    assert.equal(readFileSync(`${code}/train.py`, "utf8"), submitted);
    writeFileSync(inWorkspace("train.py"), submitted);
  });

  it("opens what a run left, read-only", async () => {
    const id = await submit("leaves.py");
    await rowThatSays(api, id, /completed/);
    const root = vscode.Uri.parse(`trainyard:/run/${id}.1.1`);
    const at = (path: string): vscode.Uri => vscode.Uri.joinPath(root, path);
    const { Directory, File } = vscode.FileType;
    assert.deepEqual(await vscode.workspace.fs.readDirectory(root), [
      ["large.bin", File],
      ["plots", Directory],
    ]);
    assert.deepEqual(await vscode.workspace.fs.readDirectory(at("plots")), [["note.txt", File]]);
    const { type, size, mtime } = await vscode.workspace.fs.stat(at("plots/note.txt"));
    assert.deepEqual([type, size], [File, 12]);
    assert.ok(mtime > Date.now() - 3_600_000);
    assert.equal((await vscode.workspace.fs.stat(at("plots"))).type, Directory);
    const document = await vscode.workspace.openTextDocument(at("plots/note.txt"));
    assert.equal(document.getText(), "left behind\n");
    assert.equal(vscode.workspace.fs.isWritableFileSystem("trainyard"), false);
    for (const path of ["none.txt", "plots/note.txt/x", "../../../state/pool.sqlite"])
      await assert.rejects(async () => vscode.workspace.fs.readFile(at(path)), { code: "FileNotFound" });
    await assert.rejects(async () => vscode.workspace.fs.readFile(at("plots")), { code: "FileIsADirectory" });
    await assert.rejects(async () => vscode.workspace.fs.readFile(at("large.bin")), /2\.0 GB: too much/);
  });

  it("browses a checkpoint without pulling it", async () => {
    const id = await submit("train.py");
    const node = await rowThatSays(api, id, /completed/);
    const [best] = api.experiments.getChildren(node);
    const opened = await withPicksAccepted(
      vscode.commands.executeCommand<vscode.Uri>("trainyard.browseFiles", best),
    );
    assert.match(opened.toString(), /^trainyard:\/checkpoint\/[0-9a-f-]{36}\/weights\.txt$/);
    const document = await until("the file", () =>
      vscode.workspace.textDocuments.find(({ uri }) => uri.toString() === opened.toString()),
    );
    assert.equal(document.getText(), "weights of step 10\n");
  });

  it("shows what a safetensors file holds, also one that lies here", async () => {
    const uri = vscode.Uri.file(inWorkspace("model.safetensors"));
    writeFileSync(uri.fsPath, Buffer.concat([Buffer.from([2, 0, 0, 0, 0, 0, 0, 0]), Buffer.from("{}")]));
    await vscode.commands.executeCommand("vscode.open", uri);
    const input = await until("its tab", () => {
      const tab = vscode.window.tabGroups.activeTabGroup.activeTab;
      return tab?.label === "model.safetensors" ? tab.input : undefined;
    });
    assert.ok(input instanceof vscode.TabInputCustom);
    assert.equal(input.viewType, "trainyard.tensors");
    await vscode.commands.executeCommand("workbench.action.closeActiveEditor");
    rmSync(uri.fsPath);
  });

  it("pins a checkpoint, and says so in its row", async () => {
    const node = api.experiments.getChildren().find((one) => api.experiments.getChildren(one).length > 0);
    assert.ok(node);
    const first = (): ReturnType<typeof api.experiments.getTreeItem> => {
      const [row] = api.experiments.getChildren(node);
      assert.ok(row);
      return api.experiments.getTreeItem(row);
    };
    await vscode.commands.executeCommand("trainyard.pinCheckpoint", api.experiments.getChildren(node)[0]);
    await until("the pin", () => (first().contextValue === "checkpoint.pinned" ? true : undefined));
    await vscode.commands.executeCommand("trainyard.unpinCheckpoint", api.experiments.getChildren(node)[0]);
    await until("no pin", () => (first().contextValue === "checkpoint" ? true : undefined));
  });

  it("stops its pool server when asked, and starts it again with everything", async () => {
    const before = api.experiments.getChildren().length;
    const pid = api.pools.local.info?.serverPid;
    await vscode.commands.executeCommand("trainyard.stopServer");
    assert.equal(api.pools.local.status.state, "disconnected");
    assert.equal(api.experiments.getChildren().length, before, "what was known is not shown any more");
    await vscode.commands.executeCommand("trainyard.reconnect");
    await until("the connection", () => (api.pools.local.status.state === "connected" ? true : undefined));
    assert.notEqual(api.pools.local.info?.serverPid, pid);
    assert.equal(api.experiments.getChildren().length, before);
  });
});
