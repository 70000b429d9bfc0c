/** One item that counts what runs and waits; hidden when there is nothing. */
import * as vscode from "vscode";
import { VIEWS } from "../commands/commandIds.ts";
import type { Pool } from "../pool/pool.ts";
import { statusText } from "./statusText.ts";

export class StatusBar implements vscode.Disposable {
  readonly #item = vscode.window.createStatusBarItem("trainyard.status", vscode.StatusBarAlignment.Left, 10);
  readonly #pool: Pool;
  readonly #subscriptions: vscode.Disposable;

  constructor(pool: Pool) {
    this.#pool = pool;
    this.#item.name = "Trainyard";
    this.#item.command = `${VIEWS.experiments}.focus`;
    this.#subscriptions = vscode.Disposable.from(
      this.#item,
      pool.onDidChange(() => this.#update()),
      pool.onDidChangeStatus(() => this.#update()),
    );
  }

  dispose(): void {
    this.#subscriptions.dispose();
  }

  #update(): void {
    const { status, mirror } = this.#pool;
    const shown = status.state === "connected" ? statusText(mirror?.trials.values() ?? []) : null;
    if (shown === null) {
      this.#item.hide();
      return;
    }
    this.#item.text = shown.text;
    this.#item.tooltip = shown.tooltip;
    this.#item.accessibilityInformation = { label: shown.tooltip };
    this.#item.show();
  }
}
