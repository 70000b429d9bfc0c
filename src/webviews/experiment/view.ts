/** What every tab has in common. */
import type { PageState } from "../contract/messages.ts";
import type { Bridge } from "./bridge.ts";
import type { PageData, Slice } from "./store.ts";

export interface PageContext {
  bridge: Bridge;
  /** Choices that survive a reload. */
  settings: {
    get(): PageState;
    /** Keeps the change and tells every view. */
    update(change: Partial<PageState>): void;
  };
  /** Shows one trial in the whole panel; null: all. */
  showTrial(trialId: string | null): void;
  now(): number;
}

export interface View {
  readonly element: HTMLElement;
  /** Called when it is on screen, at most once a frame, with what changed since the last call. */
  update(data: PageData, changed: ReadonlySet<Slice>): void;
  /** Once a second while it is on screen: ages are told anew. */
  tick?(): void;
  /** The theme's colours changed: what was painted is painted again. */
  themeChanged?(): void;
}
