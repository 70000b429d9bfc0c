import assert from "node:assert/strict";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import * as vscode from "vscode";
import { COMMANDS } from "../../../src/extension/commands/commandIds.ts";
import { activate, inWorkspace, until } from "./support.ts";

describe("check of a Determined experiment", () => {
  const folder = inWorkspace("from-determined");
  before(activate);
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("opens as a document what runs differently, by file and line, and is renewed", async () => {
    mkdirSync(folder);
    writeFileSync(path.join(folder, "const.yaml"), "name: a\nsearcher: {name: single}\nbind_mounts: []\n");
    await vscode.commands.executeCommand(COMMANDS.checkDetermined, vscode.Uri.file(folder));
    const document = vscode.window.activeTextEditor?.document;
    assert.match(document?.getText() ?? "", /- const\.yaml:3: differs: `bind_mounts` has no effect here/);
    assert.equal(document?.isUntitled, false);
    writeFileSync(path.join(folder, "const.yaml"), "name: a\nsearcher: {name: single}\n");
    await vscode.commands.executeCommand(COMMANDS.checkDetermined, vscode.Uri.file(folder));
    await until("the new report", () => {
      const text = vscode.window.activeTextEditor?.document.getText() ?? "";
      return text.includes("const.yaml: runs as it is") ? text : undefined;
    });
  });
});
