/** The points of one trial, pulled by cursor as a chart does it, over whichever connection there is. */
import type { PoolLink } from "../../src/cluster/client/link.ts";

export class Curve {
  readonly #link: PoolLink;
  readonly #trialId: string;
  readonly #seen: number[] = [];
  #cursor = 0;
  #isPulling = false;
  #isWanted = false;

  constructor(link: PoolLink, trialId: string) {
    this.#link = link;
    this.#trialId = trialId;
  }

  get count(): number {
    return this.#seen.length;
  }

  /** One at a time; what is asked for meanwhile comes after it. A cut ends it, and the next connection asks again. */
  pull(): void {
    this.#isWanted = true;
    if (this.#isPulling) return;
    this.#isPulling = true;
    this.#pullAll()
      .catch(() => undefined)
      .finally(() => {
        this.#isPulling = false;
        if (this.#isWanted && this.#link.isConnected) this.pull();
      });
  }

  async #pullAll(): Promise<void> {
    while (this.#isWanted) {
      this.#isWanted = false;
      const connection = await this.#link.connection();
      const read = await connection.call("series/read", {
        ...{ trialId: this.#trialId, group: "training", name: "loss", rank: 0 },
        ...{ cursor: this.#cursor, resolution: null },
      });
      const { buffer, byteOffset, byteLength } = read.columns;
      const view = new DataView(buffer, byteOffset, byteLength);
      for (let row = 0; row < read.count; row += 1) this.#seen.push(view.getFloat64(row * 8, true));
      this.#cursor = read.cursor;
      this.#isWanted ||= read.cursor < read.total;
    }
  }

  lost(reported: number): number {
    const seen = new Set(this.#seen);
    return Array.from({ length: reported }, (_, index) => index + 1).filter((step) => !seen.has(step)).length;
  }
  doubled(): number {
    return this.#seen.length - new Set(this.#seen).size;
  }
}
