/** What runs print: read by offset, waited for, searched, its lines numbered. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Stream } from "../../protocol/events.ts";
import type { OutputQuery } from "../../protocol/output.ts";
import { MOST_FOLLOWERS } from "../../protocol/outputLimits.ts";
import { CallError } from "../callError.ts";
import type { Context } from "../experiments/context.ts";
import { patternProblem } from "../experiments/logPolicies.ts";
import type { StreamPlace } from "../output/streamFile.ts";
import type { Handlers } from "../ports.ts";
import { readMaskedOutput } from "./maskedOutput.ts";
import { mustHaveRun } from "./mustHaveRun.ts";

/** Files of a shared folder give no notice: they are looked at. */
const LOOK_EVERY_MS = 150;

type OutputMethod = "output/read" | "output/search" | "output/lines";

export function createOutputHandlers({ store, secrets, output, outputThread }: Context): {
  handlers: Pick<Handlers, OutputMethod>;
  clientGone: (clientId: number) => void;
} {
  /** Reads that wait, by client. */
  const followers = new Map<number, number>();

  async function place(runId: string, stream: Stream): Promise<StreamPlace> {
    const { own } = mustHaveRun(store, runId);
    return { ...(await output.locate(runId, stream)), secrets: secrets.read(own.spec.experiment) };
  }

  async function waiting<T>(clientId: number, wait: () => Promise<T>): Promise<T> {
    const count = followers.get(clientId) ?? 0;
    if (count >= MOST_FOLLOWERS)
      throw new CallError(
        "refused",
        `This connection follows ${MOST_FOLLOWERS} outputs already, which is the most at one time.`,
        "Close one of the terminals that follow output, then try again.",
      );
    followers.set(clientId, count + 1);
    try {
      return await wait();
    } finally {
      const left = (followers.get(clientId) ?? 1) - 1;
      if (left > 0) followers.set(clientId, left);
      else followers.delete(clientId);
    }
  }

  const handlers: Pick<Handlers, OutputMethod> = {
    async "output/read"({ runId, stream, offset, limit, waitMs = 0 }, { clientId, signal }) {
      const { own } = mustHaveRun(store, runId);
      const hidden = secrets.read(own.spec.experiment);
      const until = performance.now() + waitMs;
      const read = async () => {
        // Asked first: what is printed before the end is read after it is known.
        const hasEnded = mustHaveRun(store, runId).run.outcome !== null;
        const part = await readMaskedOutput(output, hidden, runId, stream, offset, limit);
        return { ...part, ended: hasEnded && part.offset + part.bytes.byteLength >= part.size };
      };
      const first = await read();
      if (first.bytes.byteLength > 0 || first.ended || waitMs === 0) return first;
      return waiting(clientId, async () => {
        for (let answer = first; ; answer = await read()) {
          if (answer.bytes.byteLength > 0 || answer.ended || answer.size < offset) return answer;
          if (performance.now() >= until) return answer;
          await sleep(LOOK_EVERY_MS, undefined, { signal });
        }
      });
    },
    async "output/search"({ runId, stream, query, direction, from, limit }, { signal }) {
      refuseBadExpression(query);
      const { dropped, ...where } = await place(runId, stream);
      const found = await outputThread.search(
        { dropped, ...where },
        { query, direction, from, limit },
        signal,
      );
      return { ...found, dropped: Math.min(dropped.bytes, found.size) };
    },
    async "output/lines"({ runId, stream, offsets, lines }, { signal }) {
      const { dropped, ...where } = await place(runId, stream);
      const found = await outputThread.lines({ dropped, ...where }, { offsets, lines }, signal);
      return { ...found, dropped: Math.min(dropped.bytes, found.size), droppedLines: dropped.lines };
    },
  };
  return { handlers, clientGone: (clientId) => void followers.delete(clientId) };
}

function refuseBadExpression({ kind, text }: OutputQuery): void {
  const problem = kind === "expression" ? patternProblem(text) : null;
  if (problem !== null)
    throw new CallError(
      "invalid",
      `\`${text.slice(0, 100)}\` is not a regular expression that is understood here: ${problem}.`,
      "Expressions are RE2's: without lookahead and back references.",
    );
}
