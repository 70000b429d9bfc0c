/** Mistakes in a configuration, at their place in the file. */
import path from "node:path";
import * as vscode from "vscode";
import type { Located } from "../../cluster/client/configuration.ts";
import { ShownError } from "../errors.ts";
import { plural } from "../format.ts";

export class ConfigurationProblems implements vscode.Disposable {
  readonly #diagnostics = vscode.languages.createDiagnosticCollection("trainyard");
  readonly #subscription = vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
    // What was wrong may be right now; the next submit says.
    if (contentChanges.length > 0) this.#diagnostics.delete(document.uri);
  });

  dispose(): void {
    this.#subscription.dispose();
    this.#diagnostics.dispose();
  }

  clear(): void {
    this.#diagnostics.clear();
  }

  /**
   * Marks the places, opens the first, and says so; any other error is thrown on.
   * @param outcome what that means for the person: a sentence
   */
  async explain(error: unknown, outcome: string): Promise<never> {
    const problems = problemsOf(error);
    const [first] = problems;
    if (!first) throw error;
    const files = new Map<string, vscode.Diagnostic[]>();
    for (const problem of problems) {
      const list = files.get(problem.file) ?? [];
      list.push(diagnosticOf(problem));
      files.set(problem.file, list);
    }
    for (const [file, list] of files) this.#diagnostics.set(vscode.Uri.file(file), list);
    await openAt(first);
    const others = problems.length > 1 ? ` (and ${plural(problems.length - 1, "more problem")})` : "";
    throw new ShownError(
      `${outcome} ${path.basename(first.file)}, line ${first.line}: ${first.message}${others}`,
      null,
      [{ title: "Go to Line", run: () => openAt(first) }],
    );
  }
}

/** The error's class lives in the client's bundle, so it is known by its name. */
function problemsOf(error: unknown): readonly Located[] {
  const problems = (error as { problems?: unknown } | null)?.problems;
  return Array.isArray(problems) ? (problems as Located[]) : [];
}

function diagnosticOf({ line, column, message }: Located): vscode.Diagnostic {
  const start = new vscode.Position(line - 1, column - 1);
  const diagnostic = new vscode.Diagnostic(
    new vscode.Range(start, start.translate(0, 1)),
    message,
    vscode.DiagnosticSeverity.Error,
  );
  diagnostic.source = "trainyard";
  return diagnostic;
}

async function openAt({ file, line, column }: Located): Promise<void> {
  const position = new vscode.Position(line - 1, column - 1);
  await vscode.window.showTextDocument(vscode.Uri.file(file), {
    selection: new vscode.Range(position, position),
  });
}
