/** What VS Code has from our language server, asked for by its own commands. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import * as vscode from "vscode";
import { inWorkspace, until } from "../main/support.ts";

export async function open(...parts: string[]): Promise<vscode.TextDocument> {
  const document = await vscode.workspace.openTextDocument(vscode.Uri.file(inWorkspace(...parts)));
  await vscode.window.showTextDocument(document);
  return document;
}

/** The document's text is another one from now on, unsaved. */
export async function write(document: vscode.TextDocument, text: string): Promise<void> {
  const edit = new vscode.WorkspaceEdit();
  const whole = new vscode.Range(
    new vscode.Position(0, 0),
    document.lineAt(document.lineCount - 1).range.end,
  );
  edit.replace(document.uri, whole, text);
  assert.ok(await vscode.workspace.applyEdit(edit));
}

export async function revert(document: vscode.TextDocument): Promise<void> {
  await vscode.window.showTextDocument(document);
  await vscode.commands.executeCommand("workbench.action.files.revert");
}

/** Of the first place where `text` stands; `into` characters further. */
export function place(document: vscode.TextDocument, text: string, into = 1): vscode.Position {
  const at = document.getText().indexOf(text);
  assert.ok(at >= 0, `${text} is not in ${document.uri.path}`);
  return document.positionAt(at + into);
}

export async function lenses({ uri }: vscode.TextDocument): Promise<string[]> {
  const found = await vscode.commands.executeCommand<vscode.CodeLens[]>(
    "vscode.executeCodeLensProvider",
    uri,
    50,
  );
  return found.map(({ command }) => command?.title ?? "");
}

export function lens(document: vscode.TextDocument, words: RegExp): Promise<string> {
  return until(`a lens that says ${String(words)}`, async () =>
    (await lenses(document)).find((title) => words.test(title)),
  );
}

export function problem(document: vscode.TextDocument, words: RegExp): Promise<vscode.Diagnostic> {
  return until(`a problem that says ${String(words)}`, () =>
    vscode.languages.getDiagnostics(document.uri).find(({ message }) => words.test(message)),
  );
}

export function noProblem(document: vscode.TextDocument, words: RegExp): Promise<true> {
  return until(`no problem that says ${String(words)}`, () =>
    vscode.languages.getDiagnostics(document.uri).some(({ message }) => words.test(message))
      ? undefined
      : true,
  );
}

export async function completions(
  { uri }: vscode.TextDocument,
  position: vscode.Position,
): Promise<string[]> {
  const { items } = await vscode.commands.executeCommand<vscode.CompletionList>(
    "vscode.executeCompletionItemProvider",
    ...[uri, position],
  );
  return items.map(({ label }) => (typeof label === "string" ? label : label.label));
}

export async function hover({ uri }: vscode.TextDocument, position: vscode.Position): Promise<string> {
  const found = await vscode.commands.executeCommand<vscode.Hover[]>(
    "vscode.executeHoverProvider",
    ...[uri, position],
  );
  return found
    .flatMap(({ contents }) => contents)
    .map((content) => (typeof content === "string" ? content : content.value))
    .join("\n");
}

/** As a person does who takes the first one whose title fits. */
export async function applyFix(
  document: vscode.TextDocument,
  range: vscode.Range,
  title: RegExp,
): Promise<void> {
  const found = await vscode.commands.executeCommand<vscode.CodeAction[]>(
    "vscode.executeCodeActionProvider",
    ...[document.uri, range],
  );
  const action = found.find((one) => title.test(one.title));
  assert.ok(action?.edit, `there is no ${String(title)} among ${found.map((one) => one.title).join(", ")}`);
  assert.ok(await vscode.workspace.applyEdit(action.edit));
}

/** Processes of the language server that this extension host has started. */
export function serverPids(): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const parent = /PPid:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
        return (
          Number(parent) === process.pid &&
          readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("languageServer.js")
        );
      } catch {
        return false; // it has just ended
      }
    });
}
