import type { CallErrorShape } from "../ports.ts";

/** What goes wrong with snapshots and working trees, in words for the person who submitted. */
export class SnapshotError extends Error implements CallErrorShape {
  override readonly name = "SnapshotError";
  readonly reason: CallErrorShape["reason"];
  readonly remedy: string | undefined;

  constructor(reason: CallErrorShape["reason"], message: string, remedy?: string) {
    super(message);
    this.reason = reason;
    this.remedy = remedy;
  }
}
