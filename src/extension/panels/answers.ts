/** Answers the page's requests from the pool, for its own experiment alone. */
import * as z from "zod";
import { REQUESTS, type RequestName } from "../../webviews/contract/messages.ts";
import type { Pool } from "../pool/pool.ts";

type ParamsOf<N extends RequestName> = z.output<(typeof REQUESTS)[N]["params"]>;
type ResultOf<N extends RequestName> = z.input<(typeof REQUESTS)[N]["result"]>;
type Answers = {
  [N in RequestName]: (pool: PoolCall, experimentId: number, params: ParamsOf<N>) => Promise<ResultOf<N>>;
};
type PoolCall = Pick<Pool, "call">;

const ANSWERS: Answers = {
  readCurves: async (pool, experimentId, { reads }) => {
    for (const { trialId } of reads) own(experimentId, trialId);
    const answer = await pool.call("series/readMany", { reads });
    return {
      reads: answer.reads.map(({ count, cursor, total, revision }) => ({ count, cursor, total, revision })),
      columns: joined(answer.reads.map(({ columns }) => columns)),
    };
  },
  readOutput: async (pool, experimentId, params) => {
    own(experimentId, params.runId);
    const { bytes, ...rest } = await pool.call("output/read", params);
    return { ...rest, bytes: bufferOf(bytes) };
  },
  searchOutput: (pool, experimentId, params) => {
    own(experimentId, params.runId);
    return pool.call("output/search", params);
  },
  outputLines: (pool, experimentId, params) => {
    own(experimentId, params.runId);
    return pool.call("output/lines", params);
  },
  listFiles: (pool, experimentId, params) => {
    own(experimentId, params.runId);
    return pool.call("run/files", params);
  },
  provenance: (pool, experimentId, params) => {
    own(experimentId, params.runId);
    return pool.call("run/provenance", params);
  },
  // The panel answers these itself: it knows what it holds, and the baseline may be another pool's.
  moreTrials: () => Promise.reject(new Error("The trials cannot be read now.")),
  readBaseline: () => Promise.reject(new Error("There is no baseline any more.")),
  searchState: (pool, experimentId) => pool.call("search/state", { experimentId }),
  waiting: async (pool, experimentId, { trialId }) => {
    own(experimentId, trialId);
    const { waiting } = await pool.call("queue/state", {});
    return { waiting: waiting.find((one) => one.trialId === trialId) ?? null };
  },
  snapshotFiles: (pool, experimentId) => pool.call("snapshot/files", { experimentId }),
};

/** @throws with one sentence for people */
export async function answerRequest(
  pool: PoolCall,
  experimentId: number,
  name: string,
  params: unknown,
): Promise<unknown> {
  if (!isRequest(name)) throw new Error(`The panel asked for something unknown: ${name}.`);
  const parsed = REQUESTS[name].params.safeParse(params);
  if (!parsed.success)
    throw new Error(`The panel's request ${name} is wrong: ${z.prettifyError(parsed.error)}`);
  const answer = ANSWERS[name] as (pool: PoolCall, experimentId: number, params: unknown) => Promise<unknown>;
  return answer(pool, experimentId, parsed.data);
}

function isRequest(name: string): name is RequestName {
  return Object.hasOwn(REQUESTS, name);
}

/** Ids of trials and runs begin with their experiment's. */
function own(experimentId: number, id: string): void {
  if (!id.startsWith(`${experimentId}.`)) throw new Error(`${id} is not of experiment ${experimentId}.`);
}

/** A page gets plain ArrayBuffers: the editor would turn a Buffer into an object of numbered keys. */
export function bufferOf(bytes: Uint8Array): ArrayBuffer {
  return joined([bytes]);
}

function joined(parts: readonly Uint8Array[]): ArrayBuffer {
  const whole = new Uint8Array(parts.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let position = 0;
  for (const part of parts) {
    whole.set(part, position);
    position += part.byteLength;
  }
  return whole.buffer;
}
