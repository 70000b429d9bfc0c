import type { CallErrorShape } from "../ports.ts";

/** Why a run could not be started or reached, in words for the person who submitted it. */
export class RunError extends Error implements CallErrorShape {
  override readonly name = "RunError";
  readonly reason: CallErrorShape["reason"];
  readonly remedy: string | undefined;

  constructor(reason: CallErrorShape["reason"], message: string, remedy?: string) {
    super(message);
    this.reason = reason;
    this.remedy = remedy;
  }
}
