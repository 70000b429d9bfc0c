/** All open comparisons. */
import * as vscode from "vscode";
import { CompareState, type Subject } from "../../webviews/contract/compare.ts";
import { COMPARE_TYPE } from "../commands/commandIds.ts";
import { ComparePanel } from "./comparePanel.ts";
import { columnForPanel } from "./pageWebview.ts";
import type { Comparisons, PanelServices } from "./panelServices.ts";

export class ComparePanels implements Comparisons {
  readonly #services: PanelServices;
  readonly #panels = new Set<ComparePanel>();

  constructor(services: PanelServices) {
    this.#services = services;
  }

  open(subjects: readonly Subject[]): void {
    const state = CompareState.parse({ subjects });
    const existing = [...this.#panels].find((one) => keyOf(one.state) === keyOf(state));
    if (existing) existing.reveal();
    else this.#keep(vscode.window.createWebviewPanel(COMPARE_TYPE, "Compare", columnForPanel()), state);
  }

  restore(panel: vscode.WebviewPanel, saved: unknown): void {
    const state = CompareState.safeParse(saved);
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

  #keep(webviewPanel: vscode.WebviewPanel, state: CompareState): void {
    const panel = new ComparePanel(webviewPanel, state, this.#services);
    this.#panels.add(panel);
    webviewPanel.onDidDispose(() => {
      this.#panels.delete(panel);
      panel.dispose();
    });
  }
}

/** Whoever stands first, it is the same comparison. */
function keyOf({ subjects }: CompareState): string {
  return subjects
    .map(({ poolId, experimentId, trialId }) => `${poolId} ${trialId ?? experimentId}`)
    .sort()
    .join();
}
