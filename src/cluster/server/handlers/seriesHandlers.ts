/** Answers that are made of many curves. */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Params, Result } from "../../protocol/methods.ts";
import type { CurveStore } from "../ports.ts";

/** One answer has about so much, so that the first curves are drawn while the others are on their way. */
const ANSWER_BYTES = 4 * 1024 * 1024;
/** Others get their turn after that. */
const TURN_MS = 15;

/** @returns of the first of them, as many as fit into an answer */
export async function readMany(
  curves: Pick<CurveStore, "read">,
  reads: Params<"series/readMany">["reads"],
  signal: AbortSignal,
): Promise<Result<"series/readMany">> {
  const answers: Result<"series/readMany">["reads"] = [];
  let bytes = 0;
  let turnAt = performance.now();
  for (const { cursor, resolution, ...series } of reads) {
    if (performance.now() - turnAt > TURN_MS) {
      await nextTurn();
      signal.throwIfAborted();
      turnAt = performance.now();
    }
    const answer = curves.read(series, cursor, resolution);
    bytes += answer.columns.byteLength;
    if (answers.length > 0 && bytes > ANSWER_BYTES) break;
    answers.push(answer);
  }
  return { reads: answers };
}
