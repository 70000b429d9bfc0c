/** Values of `${secret:NAME}` in configurations: in the editor's secret storage, asked for once. */
import * as vscode from "vscode";
import { ShownError } from "../errors.ts";

/** Names alone; the storage of some versions cannot list its keys. */
const NAMES_KEY = "trainyard.secretNames";
const keyOf = (name: string): string => `trainyard.secret.${name}`;

export class Secrets {
  readonly #context: vscode.ExtensionContext;
  constructor(context: vscode.ExtensionContext) {
    this.#context = context;
  }

  /** @throws when the person gives none */
  async values(names: readonly string[]): Promise<Record<string, string>> {
    const values: Record<string, string> = {};
    for (const name of names) {
      const known = await this.#context.secrets.get(keyOf(name));
      values[name] = known ?? (await this.#ask(name));
    }
    return values;
  }

  async forget(): Promise<void> {
    const names = this.#names;
    if (names.length === 0) {
      void vscode.window.showInformationMessage("No secret is stored.");
      return;
    }
    const name = await vscode.window.showQuickPick(names, {
      placeHolder: "Which secret shall be forgotten?",
    });
    if (name === undefined) return;
    await this.#context.secrets.delete(keyOf(name));
    await this.#context.globalState.update(
      NAMES_KEY,
      names.filter((other) => other !== name),
    );
    vscode.window.setStatusBarMessage(`Forgot the secret ${name}`, 3000);
  }

  get #names(): string[] {
    return this.#context.globalState.get<string[]>(NAMES_KEY, []);
  }

  async #ask(name: string): Promise<string> {
    const value = await vscode.window.showInputBox({
      title: `Value of the secret ${name}`,
      prompt: "Kept in the editor's secret storage; masked in output and shown nowhere.",
      password: true,
      ignoreFocusOut: true,
    });
    if (value === undefined || value === "")
      throw new ShownError(`Nothing was submitted: the configuration uses the secret ${name}.`);
    await this.#context.secrets.store(keyOf(name), value);
    await this.#context.globalState.update(NAMES_KEY, [...new Set([...this.#names, name])].sort());
    return value;
  }
}
