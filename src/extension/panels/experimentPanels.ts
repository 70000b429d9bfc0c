/** All open experiment panels. A bundle of its own (it has zod in it), loaded with the first panel. */
import * as vscode from "vscode";
import { PageState } from "../../webviews/contract/messages.ts";
import { PANEL_TYPE } from "../commands/commandIds.ts";
import { ExperimentPanel } from "./experimentPanel.ts";
import type { OpenRequest, Panels, PanelServices } from "./panelServices.ts";

class ExperimentPanels implements Panels {
  readonly #services: PanelServices;
  readonly #panels = new Map<number, ExperimentPanel>();

  constructor(services: PanelServices) {
    this.#services = services;
  }

  open({ experimentId, tab, trialId, keepFocus }: OpenRequest): void {
    const existing = this.#panels.get(experimentId);
    if (existing) {
      existing.reveal(keepFocus ?? false);
      if (tab !== undefined) existing.show(tab, trialId ?? null);
      return;
    }
    const panel = vscode.window.createWebviewPanel(PANEL_TYPE, `#${experimentId}`, {
      viewColumn: columnForPanel(),
      preserveFocus: keepFocus ?? false,
    });
    this.#keep(panel, PageState.parse({ experimentId, tab, trialId: trialId ?? null }));
  }

  restore(panel: vscode.WebviewPanel, saved: unknown): void {
    const state = PageState.safeParse(saved);
    if (!state.success || state.data.experimentId <= 0 || this.#panels.has(state.data.experimentId)) {
      panel.dispose();
      return;
    }
    this.#keep(panel, state.data);
  }

  isVisible(experimentId: number): boolean {
    return this.#panels.get(experimentId)?.isVisible ?? false;
  }

  isOpen(experimentId: number): boolean {
    return this.#panels.has(experimentId);
  }

  dispose(): void {
    for (const panel of this.#panels.values()) panel.dispose();
  }

  #keep(webviewPanel: vscode.WebviewPanel, state: PageState): void {
    const panel = new ExperimentPanel(webviewPanel, state, this.#services);
    this.#panels.set(state.experimentId, panel);
    webviewPanel.onDidDispose(() => {
      this.#panels.delete(state.experimentId);
      panel.dispose();
    });
  }
}

/** Beside the code; with the other panels where one of them is active. */
function columnForPanel(): vscode.ViewColumn {
  const { activeTab } = vscode.window.tabGroups.activeTabGroup;
  if (!activeTab || activeTab.input instanceof vscode.TabInputWebview) return vscode.ViewColumn.Active;
  return vscode.ViewColumn.Beside;
}

export function createPanels(services: PanelServices): Panels {
  return new ExperimentPanels(services);
}
