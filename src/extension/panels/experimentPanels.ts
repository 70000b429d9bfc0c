/** All open experiment panels. */
import * as vscode from "vscode";
import { PageState } from "../../webviews/contract/messages.ts";
import { PANEL_TYPE } from "../commands/commandIds.ts";
import { ExperimentPanel } from "./experimentPanel.ts";
import { columnForPanel } from "./pageWebview.ts";
import type { OpenRequest, Panels, PanelServices } from "./panelServices.ts";

export class ExperimentPanels implements Panels {
  readonly #services: PanelServices;
  readonly #panels = new Map<string, ExperimentPanel>();

  constructor(services: PanelServices) {
    this.#services = services;
  }

  open({ poolId, experimentId, tab, trialId, keepFocus }: OpenRequest): void {
    const existing = this.#panels.get(keyOf(poolId, experimentId));
    if (existing) {
      existing.reveal(keepFocus ?? false);
      if (tab !== undefined) existing.show(tab, trialId ?? null);
      return;
    }
    const panel = vscode.window.createWebviewPanel(PANEL_TYPE, `#${experimentId}`, {
      viewColumn: columnForPanel(),
      preserveFocus: keepFocus ?? false,
    });
    this.#keep(panel, PageState.parse({ poolId, experimentId, tab, trialId: trialId ?? null }));
  }

  restore(panel: vscode.WebviewPanel, saved: unknown): void {
    const state = PageState.safeParse(saved);
    if (!state.success || state.data.experimentId <= 0) {
      panel.dispose();
      return;
    }
    // At the start of a window the list of pools may still be on its way.
    void this.#services.pools.ready().then(() => {
      const { poolId, experimentId } = state.data;
      if (!this.#services.pools.get(poolId) || this.#panels.has(keyOf(poolId, experimentId))) panel.dispose();
      else this.#keep(panel, state.data);
    });
  }

  isVisible(poolId: string, experimentId: number): boolean {
    return this.#panels.get(keyOf(poolId, experimentId))?.isVisible ?? false;
  }

  isOpen(poolId: string, experimentId: number): boolean {
    return this.#panels.has(keyOf(poolId, experimentId));
  }

  dispose(): void {
    for (const panel of this.#panels.values()) panel.dispose();
  }

  #keep(webviewPanel: vscode.WebviewPanel, state: PageState): void {
    const pool = this.#services.pools.must(state.poolId);
    const panel = new ExperimentPanel(webviewPanel, state, pool, this.#services);
    const key = keyOf(state.poolId, state.experimentId);
    this.#panels.set(key, panel);
    webviewPanel.onDidDispose(() => {
      this.#panels.delete(key);
      panel.dispose();
    });
  }
}

function keyOf(poolId: string, experimentId: number): string {
  return `${poolId}/${experimentId}`;
}
