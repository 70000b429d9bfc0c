/** Keeps what the search has decided up to date: asks when something changed, at most once a second. */
import type { SearchState } from "../../../cluster/protocol/search.ts";

const INTERVAL_MS = 1000;

export interface SearchLoaderOptions {
  read: () => Promise<SearchState>;
  onState: (state: SearchState) => void;
  onError: (error: unknown) => void;
}

export class SearchLoader {
  private readonly options: SearchLoaderOptions;
  private isWanted = false;
  private isBusy = false;

  constructor(options: SearchLoaderOptions) {
    this.options = options;
  }

  /** Something may have changed. */
  want(): void {
    this.isWanted = true;
    if (!this.isBusy) void this.ask();
  }

  private async ask(): Promise<void> {
    this.isBusy = true;
    this.isWanted = false;
    try {
      this.options.onState(await this.options.read());
    } catch (error) {
      this.options.onError(error);
    }
    setTimeout(() => {
      this.isBusy = false;
      if (this.isWanted) void this.ask();
    }, INTERVAL_MS);
  }
}
