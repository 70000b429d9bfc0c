import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import * as vscode from "vscode";
import type { InternalApi } from "../../../src/extension/main.ts";
import { activate, inWorkspace, rowThatSays, submit, until } from "../main/support.ts";
import {
  applyFix,
  completions,
  hover,
  lens,
  lenses,
  noProblem,
  open,
  place,
  problem,
  revert,
  serverPids,
  write,
} from "./support.ts";

const ASHA =
  "searcher:\n  name: adaptive_asha\n  metric: val_loss\n  max_trials: 16\n  max_time: 64\n  time_metric: epochs\nhyperparameters:\n  lr: {type: log, base: 10, minval: -5, maxval: -1}\n";

describe("beside the code", () => {
  let api: InternalApi;
  before(async () => {
    api = await activate();
  });

  it("starts with the first file of ours that is opened, and not before", async () => {
    assert.deepEqual(serverPids(), []);
    const other = path.join(mkdtempSync(path.join(os.tmpdir(), "trainyard-other-")), "notes.md");
    writeFileSync(other, "# searcher:\n");
    await vscode.window.showTextDocument(vscode.Uri.file(other));
    assert.deepEqual(serverPids(), []);
    await lens(await open("train.py"), /Submit as Experiment/);
    assert.equal(serverPids().length, 1);
  });

  describe("an experiment file", () => {
    let document: vscode.TextDocument;
    before(async () => (document = await open("train.yaml")));
    afterEach(() => revert(document));

    it("has its mistakes marked, and mended by a quick fix", async () => {
      await write(document, `${document.getText()}data:\n  images: {path: images, pools: {locall: /data}}\n`);
      const { range } = await problem(document, /no pool `locall`/);
      assert.equal(document.getText(range), "locall");
      await applyFix(document, range, /local$/);
      await noProblem(document, /no pool/);
      assert.match(document.getText(), /pools: \{local: \/data\}/);
    });

    it("completes keys and explains them", async () => {
      await write(document, document.getText().replace("metric: val_loss", "metric: val_loss\n  sm"));
      assert.ok((await completions(document, place(document, "  sm", 4))).includes("smaller_is_better"));
      assert.match(await hover(document, place(document, "metric")), /says which trial/);
    });

    it("says what its search would cost, while it is typed", async () => {
      await write(document, ASHA);
      await lens(document, /^16 trials · [\d.]+× less than training all to the end/);
      await write(document, ASHA.replace("max_trials: 16", "max_trials: 64"));
      await lens(document, /^64 trials/);
    });

    it("completes what a pool has, once it is connected", async () => {
      await api.pools.local.connection();
      await write(document, `${document.getText()}resources: {slots_per_trial: 999}\n`);
      await problem(document, /has \d+ slots?: a trial with 999 would never start there/);
    });

    it("leads to the script and back, and is renamed with it", async () => {
      const uri = document.uri;
      const found = await vscode.commands.executeCommand<(vscode.Location | vscode.LocationLink)[]>(
        "vscode.executeDefinitionProvider",
        ...[uri, place(document, "lr:")],
      );
      const targets = found.map((one) => ("targetUri" in one ? one.targetUri : one.uri).fsPath);
      assert.ok(targets.includes(inWorkspace("train.py")), `it leads to ${targets.join(", ")}`);

      const references = await vscode.commands.executeCommand<vscode.Location[]>(
        "vscode.executeReferenceProvider",
        ...[uri, place(document, "lr:")],
      );
      assert.ok(references.some((one) => one.uri.fsPath === inWorkspace("train.py")));

      const edit = await vscode.commands.executeCommand<vscode.WorkspaceEdit>(
        "vscode.executeDocumentRenameProvider",
        ...[uri, place(document, "lr:"), "rate"],
      );
      const files = edit.entries().map(([file]) => path.basename(file.fsPath));
      assert.deepEqual(files.sort(), ["train.py", "train.yaml"]);
    });
  });

  it("is searched over from a script, in a file that is made for it", async () => {
    const folder = inWorkspace("fresh");
    mkdirSync(folder);
    writeFileSync(path.join(folder, "tune.py"), 'import trainyard\n\ndepth = trainyard.param("depth", 3)\n');
    try {
      const script = await open("fresh", "tune.py");
      const at = place(script, "depth", 12);
      await until("Search over depth", async () => {
        const found = await vscode.commands.executeCommand<vscode.CodeAction[]>(
          "vscode.executeCodeActionProvider",
          ...[script.uri, new vscode.Range(at, at)],
        );
        return found.some(({ title }) => title.startsWith("Search over depth"));
      });
      await applyFix(script, new vscode.Range(at, at), /^Search over depth in a new train.yaml$/);
      const made = await open("fresh", "train.yaml");
      assert.match(made.getText(), /\n {2}depth: \{type: int, minval: 1, maxval: 6\}\n/);
      await noProblem(made, /./);
      await write(made, made.getText().replace("depth:", "dept:"));
      await problem(made, /tune.py never reads `dept`. Did you mean `depth`\?/);
      await assert.rejects(
        async () =>
          vscode.commands.executeCommand(
            "vscode.executeDocumentRenameProvider",
            ...[made.uri, place(made, "dept:"), "a depth"],
          ),
        /is no name of a hyperparameter/,
      );
      await vscode.commands.executeCommand("workbench.action.files.revert");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  describe("a training script", () => {
    it("has what its runs came to beside its lines", async () => {
      const id = await submit("train.py");
      await rowThatSays(api, id, /completed|3 of 3|best/i);
      const document = await open("train.py");
      await lens(document, /best val_loss/);
      const hint = await until("a hint beside lr", async () => {
        const range = new vscode.Range(0, 0, document.lineCount, 0);
        const found = await vscode.commands.executeCommand<vscode.InlayHint[]>(
          "vscode.executeInlayHintProvider",
          ...[document.uri, range],
        );
        return found.find(({ position }) => position.line === 3);
      });
      const label =
        typeof hint.label === "string" ? hint.label : hint.label.map(({ value }) => value).join("");
      assert.match(label, /best/);
      const shown = await hover(document, place(document, '"lr"', 2));
      assert.match(shown, /\|/); // a table
      assert.match(shown, new RegExp(`${id}\\.1`));
    });

    it("has the traceback of a failed run on its lines, until it is edited", async () => {
      const id = await submit("sub", "fails.py");
      await rowThatSays(api, id, /failed/);
      const document = await open("sub", "fails.py");
      await problem(document, /ZeroDivisionError/);
      const lines = vscode.languages
        .getDiagnostics(document.uri)
        .filter(
          ({ source, severity }) => source === "trainyard" && severity === vscode.DiagnosticSeverity.Error,
        )
        .map(({ range }) => range.start.line);
      assert.deepEqual(lines, [6]);
      await write(document, document.getText().replace("1 / step", "1 / max(step, 1)"));
      await noProblem(document, /ZeroDivisionError/);
      await revert(document);
    });
  });

  describe("files that come and go", () => {
    it("are served without a file, and outside of every folder", async () => {
      const untitled = await vscode.workspace.openTextDocument({ language: "yaml", content: ASHA });
      await vscode.window.showTextDocument(untitled);
      await lens(untitled, /^16 trials/);
      await vscode.commands.executeCommand("workbench.action.revertAndCloseActiveEditor");

      const folder = mkdtempSync(path.join(os.tmpdir(), "trainyard-outside-"));
      const file = path.join(folder, "experiment.yaml");
      writeFileSync(file, "searcher: {nme: random}\n");
      const outside = await vscode.workspace.openTextDocument(file);
      await vscode.window.showTextDocument(outside);
      await problem(outside, /Unknown key `searcher.nme`/);
      await vscode.commands.executeCommand("workbench.action.closeActiveEditor");
      rmSync(folder, { recursive: true });
    });

    it("are served when they were renamed or deleted while they are open", async () => {
      writeFileSync(inWorkspace("other.yaml"), "searcher: {nme: random}\n");
      const document = await open("other.yaml");
      await problem(document, /Unknown key/);
      renameSync(inWorkspace("other.yaml"), inWorkspace("renamed.yaml"));
      const renamed = await open("renamed.yaml");
      await problem(renamed, /Unknown key/);
      rmSync(inWorkspace("renamed.yaml"));
      await write(renamed, "searcher: {name: random, max_trials: 4}\n");
      await noProblem(renamed, /Unknown key/);
      await vscode.commands.executeCommand("workbench.action.revertAndCloseActiveEditor");
    });
  });

  describe("the language server's process", () => {
    const kill = async (): Promise<void> => {
      const [pid] = await until("its process", () => {
        const pids = serverPids();
        return pids.length === 1 ? pids : undefined;
      });
      assert.ok(pid);
      process.kill(pid, "SIGKILL");
      await until("its end", () => (serverPids().includes(pid) ? undefined : true));
    };

    it("comes back with all that it knew when it was killed", async () => {
      const document = await open("train.py");
      await kill();
      await lens(document, /best val_loss/);
    });

    it("is left alone when it ends again and again", async () => {
      for (let time = 0; time < 4; time++) await kill();
      const document = await open("train.py");
      await until("no lens", async () => ((await lenses(document)).length === 0 ? true : undefined));
      assert.deepEqual(serverPids(), []);
    });
  });
});
