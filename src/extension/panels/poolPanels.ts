/** The open panels of pools: one for each pool at most. */
import * as vscode from "vscode";
import { PoolState } from "../../webviews/contract/pool.ts";
import { POOL_TYPE } from "../commands/commandIds.ts";
import { columnForPanel } from "./pageWebview.ts";
import type { PanelServices, PoolPages } from "./panelServices.ts";
import { PoolPanel } from "./poolPanel.ts";

export class PoolPanels implements PoolPages {
  readonly #services: PanelServices;
  readonly #panels = new Set<PoolPanel>();

  constructor(services: PanelServices) {
    this.#services = services;
  }

  open(poolId: string): void {
    const existing = [...this.#panels].find((one) => one.poolId === poolId);
    if (existing) existing.reveal();
    else
      this.#keep(
        vscode.window.createWebviewPanel(POOL_TYPE, "Pool", columnForPanel()),
        PoolState.parse({ poolId }),
      );
  }

  restore(panel: vscode.WebviewPanel, saved: unknown): void {
    const state = PoolState.safeParse(saved);
    if (!state.success) {
      panel.dispose();
      return;
    }
    // At the start of a window the list of pools may still be on its way.
    void this.#services.pools.ready().then(() => this.#keep(panel, state.data));
  }

  dispose(): void {
    for (const panel of this.#panels) panel.dispose();
  }

  #keep(webviewPanel: vscode.WebviewPanel, state: PoolState): void {
    const pool = this.#services.pools.get(state.poolId);
    if (!pool) {
      webviewPanel.dispose();
      return;
    }
    const panel = new PoolPanel(webviewPanel, state, pool, this.#services);
    this.#panels.add(panel);
    webviewPanel.onDidDispose(() => {
      this.#panels.delete(panel);
      panel.dispose();
    });
  }
}
