/** Restores that have begun and not ended: an editor that starts anew knows by them that there is something to go on with. */
import type * as vscode from "vscode";

const KEY = "trainyard.restoring";
/** More at a time nobody starts; what is older is of no interest any more. */
const MOST = 20;

export interface Unfinished {
  uuid: string;
  poolId: string;
  /** For display: `step 40 of #3 train.py`. */
  what: string;
}

export class RestoreMemory {
  readonly #memento: vscode.Memento;
  constructor(memento: vscode.Memento) {
    this.#memento = memento;
  }

  async begin(restore: Unfinished): Promise<void> {
    await this.#memento.update(KEY, [...this.#others(restore.uuid), restore].slice(-MOST));
  }

  async end(uuid: string): Promise<void> {
    await this.#memento.update(KEY, this.#others(uuid));
  }

  /** Each is given once. */
  async take(): Promise<readonly Unfinished[]> {
    const unfinished = this.#all();
    if (unfinished.length > 0) await this.#memento.update(KEY, []);
    return unfinished;
  }

  #all(): readonly Unfinished[] {
    return this.#memento.get<readonly Unfinished[]>(KEY, []);
  }
  #others(uuid: string): readonly Unfinished[] {
    return this.#all().filter((one) => one.uuid !== uuid);
  }
}
