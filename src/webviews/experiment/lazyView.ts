/** A tab whose code is a file of its own, loaded when the tab is first shown. */
import { button, emptyState } from "../ui/controls.ts";
import { h, replaceChildren } from "../ui/dom.ts";
import type { PageData, Slice } from "./store.ts";
import type { View } from "./view.ts";

export class LazyView implements View {
  readonly element = h("div", { class: "view" });
  private readonly load: () => Promise<View>;
  private readonly onError: (error: unknown) => void;
  private view: View | null = null;
  private data: PageData | null = null;

  constructor(load: () => Promise<View>, onError: (error: unknown) => void) {
    this.load = load;
    this.onError = onError;
  }

  update(data: PageData, changed: ReadonlySet<Slice>): void {
    const isFirst = this.data === null;
    this.data = data;
    this.view?.update(data, changed);
    if (isFirst) void this.begin();
  }
  tick(): void {
    this.view?.tick?.();
  }
  themeChanged(): void {
    this.view?.themeChanged?.();
  }

  private async begin(): Promise<void> {
    try {
      this.view = await this.load();
    } catch (error) {
      this.onError(error);
      this.sayThatItFailed();
      return;
    }
    replaceChildren(this.element, this.view.element);
    // All that came while it was on its way.
    if (this.data !== null) this.view.update(this.data, new Set<Slice>(["all"]));
  }

  /** The extension was updated or removed under an open panel: its files are gone. */
  private sayThatItFailed(): void {
    const sentence =
      "This tab could not be loaded: its file is not there any more, as after an update. Reload the window, or close this panel and open it again.";
    const again = button({ label: "Try Again", onPress: () => void this.begin() });
    replaceChildren(this.element, emptyState(sentence, again));
  }
}
