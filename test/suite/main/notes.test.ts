import assert from "node:assert/strict";
import * as vscode from "vscode";
import type { InternalApi } from "../../../src/extension/main.ts";
import { activate, rowThatSays, submit, until } from "./support.ts";

describe("notes", () => {
  let api: InternalApi;
  before(async () => {
    api = await activate();
  });

  const written = (id: number): string | undefined => api.pools.local.mirror?.experiments.get(id)?.notes;

  it("open as text, are saved to the pool, and follow what is written elsewhere", async () => {
    const id = await submit("train.py");
    const node = await rowThatSays(api, id, /completed/);
    await vscode.commands.executeCommand("trainyard.editNotes", node);
    const editor = await until("the notes to open", () => vscode.window.activeTextEditor);
    const { document } = editor;
    assert.equal(document.uri.toString(), `trainyard-notes:/notes-${id}.md`);
    assert.equal(document.languageId, "markdown");
    await editor.edit((edit) => edit.insert(new vscode.Position(0, 0), "# Why\n<script>x</script>\n"));
    await document.save();
    await until("the notes to be on the pool", () => written(id)?.startsWith("# Why") || undefined);
    await until("the editor to know it", () => !document.isDirty || undefined);
    await api.pools.local.call("experiment/annotate", { experimentId: id, notes: "of another window" });
    await until("the document to follow", () => document.getText() === "of another window" || undefined);
  });

  it("are not lost where two have written: the one who saves later is told", async () => {
    const id = await submit("train.py");
    await vscode.commands.executeCommand("trainyard.editNotes", await rowThatSays(api, id, /completed/));
    const editor = await until("the notes to open", () => vscode.window.activeTextEditor);
    await editor.edit((edit) => edit.insert(new vscode.Position(0, 0), "mine"));
    await api.pools.local.call("experiment/annotate", { experimentId: id, notes: "of others" });
    await until("it to be known here", () => written(id) === "of others" || undefined);
    assert.equal(await editor.document.save(), false);
    assert.equal(written(id), "of others");
    await vscode.commands.executeCommand("workbench.action.files.revert");
    assert.equal(editor.document.getText(), "of others");
  });

  it("are not lost either where what others wrote is as long as it was; saving once more replaces it", async () => {
    const id = await submit("train.py");
    const { local } = api.pools;
    const wrote = async (notes: string): Promise<void> => {
      await local.call("experiment/annotate", { experimentId: id, notes });
      await until("it to be known here", () => written(id) === notes || undefined);
    };
    await wrote("as it was");
    await vscode.commands.executeCommand("trainyard.editNotes", await rowThatSays(api, id, /completed/));
    const { document } = await until("the notes to open", () => {
      const editor = vscode.window.activeTextEditor;
      return editor?.document.getText() === "as it was" ? editor : undefined;
    });
    const edit = new vscode.WorkspaceEdit();
    edit.insert(document.uri, new vscode.Position(0, 0), "mine, ");
    await vscode.workspace.applyEdit(edit);
    await wrote("by others");
    assert.equal(await document.save(), false);
    assert.equal(written(id), "by others");
    assert.equal(await document.save(), true);
    await until("mine to be there", () => written(id) === "mine, as it was" || undefined);
  });
});
