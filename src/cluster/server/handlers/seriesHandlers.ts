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
  for await (const { cursor, resolution, ...series } of inTurns(reads, signal)) {
    const answer = curves.read(series, cursor, resolution);
    bytes += answer.columns.byteLength;
    if (answers.length > 0 && bytes > ANSWER_BYTES) break;
    answers.push(answer);
  }
  return { reads: answers };
}

export async function listMany(
  curves: Pick<CurveStore, "list">,
  trialIds: readonly string[],
  signal: AbortSignal,
): Promise<Result<"series/listMany">> {
  const series: Result<"series/listMany">["series"] = [];
  for await (const trialId of inTurns(trialIds, signal)) series.push(...curves.list(trialId));
  return { series };
}

/** One after the other; in between others get their turn. @throws when the caller has gone */
async function* inTurns<T>(items: readonly T[], signal: AbortSignal): AsyncGenerator<T> {
  let turnAt = performance.now();
  for (const item of items) {
    yield item;
    if (performance.now() - turnAt < TURN_MS) continue;
    await nextTurn();
    signal.throwIfAborted();
    turnAt = performance.now();
  }
}
