/** The panels, of which the code is loaded with the first one. */
import type * as vscode from "vscode";
import type { OpenRequest, Panels, PanelServices } from "./panelServices.ts";

export class LazyPanels implements vscode.Disposable {
  readonly #services: PanelServices;
  #panels: Panels | null = null;

  constructor(services: PanelServices) {
    this.#services = services;
  }

  async open(request: OpenRequest): Promise<void> {
    (await this.#load()).open(request);
  }

  async restore(panel: vscode.WebviewPanel, saved: unknown): Promise<void> {
    (await this.#load()).restore(panel, saved);
  }

  isVisible(poolId: string, experimentId: number): boolean {
    return this.#panels?.isVisible(poolId, experimentId) ?? false;
  }

  isOpen(poolId: string, experimentId: number): boolean {
    return this.#panels?.isOpen(poolId, experimentId) ?? false;
  }

  dispose(): void {
    this.#panels?.dispose();
  }

  async #load(): Promise<Panels> {
    const { createPanels } = await import("./experimentPanels.ts");
    return (this.#panels ??= createPanels(this.#services));
  }
}
