/** When to try again by itself, and when that does not help. */
import { PoolCallError } from "./poolCallError.ts";
import { PersonNeededError } from "./userError.ts";

const FIRST_RETRY_MS = 200;
const LAST_RETRY_MS = 10_000;

/** @param attempt failed ones so far, from 1 on */
export function retryDelayMs(attempt: number): number {
  // Jitter (Brooker, "Exponential Backoff and Jitter"): many windows do not come back in step.
  const ceilingMs = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** attempt);
  return FIRST_RETRY_MS + Math.random() * (ceilingMs - FIRST_RETRY_MS);
}

/** What stood in the way of a connection will not go away by itself. */
export function isFinal(error: unknown): boolean {
  return error instanceof PersonNeededError || (error instanceof PoolCallError && error.reason === "version");
}
