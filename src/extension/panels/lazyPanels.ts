/** The panels, of which the code is loaded with the first one. */
import type * as vscode from "vscode";
import type { Subject } from "../../webviews/contract/compare.ts";
import type { OpenRequest, PanelsBundle, PanelServices } from "./panelServices.ts";

export class LazyPanels implements vscode.Disposable {
  readonly #services: PanelServices;
  #panels: PanelsBundle | null = null;

  constructor(services: PanelServices) {
    this.#services = services;
  }

  async open(request: OpenRequest): Promise<void> {
    (await this.#load()).experiments.open(request);
  }

  async restore(panel: vscode.WebviewPanel, saved: unknown): Promise<void> {
    (await this.#load()).experiments.restore(panel, saved);
  }

  async openComparison(subjects: readonly Subject[]): Promise<void> {
    (await this.#load()).comparisons.open(subjects);
  }

  async restoreComparison(panel: vscode.WebviewPanel, saved: unknown): Promise<void> {
    (await this.#load()).comparisons.restore(panel, saved);
  }

  async openPool(poolId: string): Promise<void> {
    (await this.#load()).poolPages.open(poolId);
  }

  async restorePool(panel: vscode.WebviewPanel, saved: unknown): Promise<void> {
    (await this.#load()).poolPages.restore(panel, saved);
  }

  isVisible(poolId: string, experimentId: number): boolean {
    return this.#panels?.experiments.isVisible(poolId, experimentId) ?? false;
  }

  isOpen(poolId: string, experimentId: number): boolean {
    return this.#panels?.experiments.isOpen(poolId, experimentId) ?? false;
  }

  dispose(): void {
    this.#panels?.experiments.dispose();
    this.#panels?.comparisons.dispose();
    this.#panels?.poolPages.dispose();
  }

  async #load(): Promise<PanelsBundle> {
    const { createPanels } = await import("./panelsBundle.ts");
    return (this.#panels ??= createPanels(this.#services));
  }
}
