/** What a part of the server throws when it will not or cannot do what was asked; a person reads message and remedy. */
import type { CallErrorShape } from "./ports.ts";

export class CallError extends Error implements CallErrorShape {
  override readonly name = "CallError";
  readonly reason: CallErrorShape["reason"];
  readonly remedy?: string;

  constructor(reason: CallErrorShape["reason"], message: string, remedy?: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
    if (remedy !== undefined) this.remedy = remedy;
  }
}
