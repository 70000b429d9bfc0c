/** A configuration that was refused: the language server marks its mistakes, and the first one is opened. */
import path from "node:path";
import * as vscode from "vscode";
import type { Located } from "../../cluster/client/configuration.ts";
import { ShownError } from "../errors.ts";
import { plural } from "../format.ts";
import type { LazyLanguage } from "../language-server/client/lazyLanguage.ts";

export class ConfigurationProblems {
  readonly #language: () => LazyLanguage;

  constructor(language: () => LazyLanguage) {
    this.#language = language;
  }

  /**
   * Has the places marked, opens the first, and says so; any other error is thrown on.
   * @param outcome what that means for the person: a sentence
   */
  async explain(error: unknown, outcome: string): Promise<never> {
    const problems = problemsOf(error);
    const [first] = problems;
    if (!first) throw error;
    // Whatever its name is, it was meant as a configuration. Without marks what is said here has to do.
    await this.#language()
      .markConfiguration(first.file)
      .catch(() => undefined);
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

async function openAt({ file, line, column }: Located): Promise<void> {
  const position = new vscode.Position(line - 1, column - 1);
  await vscode.window.showTextDocument(vscode.Uri.file(file), {
    selection: new vscode.Range(position, position),
  });
}
