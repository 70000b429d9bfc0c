/** What the panels' bundle and the rest of the extension know of each other: types alone. */
import type * as vscode from "vscode";
import type { CompareAction, Subject } from "../../webviews/contract/compare.ts";
import type { PoolAction } from "../../webviews/contract/pool.ts";
import type { Action } from "../../webviews/contract/messages.ts";
import type { Baselines } from "../baselines.ts";
import type { Pool } from "../pool/pool.ts";
import type { Pools } from "../pool/pools.ts";

export interface PanelServices {
  readonly extensionUri: vscode.Uri;
  readonly pools: Pools;
  readonly baselines: Baselines;
  readonly log: vscode.LogOutputChannel;
  /** Does what a page asks for; errors are shown there. */
  act(pool: Pool, experimentId: number, action: Action): void;
  actCompare(action: CompareAction): void;
  actPool(pool: Pool, action: PoolAction): void;
}

export interface OpenRequest {
  poolId: string;
  experimentId: number;
  tab?: string;
  trialId?: string | null;
  /** The person goes on editing. */
  keepFocus?: boolean;
}

export interface Panels extends vscode.Disposable {
  open(request: OpenRequest): void;
  /** After a reload of the window; `saved` is what the page had kept. */
  restore(panel: vscode.WebviewPanel, saved: unknown): void;
  isVisible(poolId: string, experimentId: number): boolean;
  isOpen(poolId: string, experimentId: number): boolean;
}

export interface Comparisons extends vscode.Disposable {
  /** @param subjects the first is the one that the others are measured against */
  open(subjects: readonly Subject[]): void;
  /** After a reload of the window. */
  restore(panel: vscode.WebviewPanel, saved: unknown): void;
}

export interface PoolPages extends vscode.Disposable {
  open(poolId: string): void;
  /** After a reload of the window. */
  restore(panel: vscode.WebviewPanel, saved: unknown): void;
}

export interface PanelsBundle {
  experiments: Panels;
  comparisons: Comparisons;
  poolPages: PoolPages;
}
