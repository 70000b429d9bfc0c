/** One item that counts what runs and waits in all pools; hidden when there is nothing. */
import * as vscode from "vscode";
import { VIEWS } from "../commands/commandIds.ts";
import type { Pools } from "../pool/pools.ts";
import { statusText } from "./statusText.ts";

export class StatusBar implements vscode.Disposable {
  readonly #item = vscode.window.createStatusBarItem("trainyard.status", vscode.StatusBarAlignment.Left, 10);
  readonly #pools: Pools;
  readonly #subscriptions: vscode.Disposable;

  constructor(pools: Pools) {
    this.#pools = pools;
    this.#item.name = "Trainyard";
    this.#item.command = `${VIEWS.experiments}.focus`;
    this.#subscriptions = vscode.Disposable.from(
      this.#item,
      pools.onDidChange(() => this.#update()),
      pools.onDidChangeStatus(() => this.#update()),
      pools.onDidChangeList(() => this.#update()),
    );
  }

  dispose(): void {
    this.#subscriptions.dispose();
  }

  #update(): void {
    const connected = this.#pools.all.filter(({ status }) => status.state === "connected");
    const shown = statusText(connected.flatMap(({ mirror }) => [...(mirror?.experiments.values() ?? [])]));
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
