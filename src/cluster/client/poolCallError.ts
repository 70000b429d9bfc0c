import type { ERROR_CODES } from "../protocol/methods.ts";
import { UserError } from "./userError.ts";

export type CallErrorReason = keyof typeof ERROR_CODES | "disconnected" | "protocol" | "timeout" | "failed";

/** A call that did not succeed: what happened, and what to do next. */
export class PoolCallError extends UserError {
  readonly reason: CallErrorReason;
  constructor(reason: CallErrorReason, message: string, remedy: string | null = null) {
    super(message, remedy);
    this.reason = reason;
  }
}

/** The connection was lost, which says nothing of what was asked for. */
export function isDisconnected(error: unknown): boolean {
  return error instanceof PoolCallError && error.reason === "disconnected";
}
