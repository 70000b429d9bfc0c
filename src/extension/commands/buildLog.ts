/** What building an environment on a pool prints, in an output channel that follows it. */
import { stripVTControlCharacters } from "node:util";
import * as vscode from "vscode";
import type { Problem } from "../../cluster/protocol/environments.ts";

const NAME = "Trainyard Environment";

export class BuildLog implements vscode.Disposable {
  #channel: vscode.OutputChannel | null = null;

  /** @param what whose environment is built, and where */
  begin(what: string): void {
    this.#open().appendLine(`\n${new Date().toLocaleTimeString()}: the environment of ${what}\n`);
  }

  append(text: string): void {
    this.#open().append(stripVTControlCharacters(text));
  }

  fail({ message, remedy }: Problem): void {
    this.#open().appendLine(`\n${message} ${remedy}`);
  }

  show(): void {
    this.#open().show(true);
  }

  dispose(): void {
    this.#channel?.dispose();
  }

  #open(): vscode.OutputChannel {
    return (this.#channel ??= vscode.window.createOutputChannel(NAME));
  }
}
