/** Tells who watches a trial what can be pulled now: the ends of its curves and of its output. */
import type { Notification } from "../../protocol/methods.ts";
import type { Broadcaster } from "../ports.ts";
import { isFinal } from "./rollup.ts";
import type { Context } from "./context.ts";

const MAX_PENDING_BYTES = 8 * 1024 * 1024;

export type Live = ReturnType<typeof createLive>;

export function createLive(context: Context, broadcaster: () => Broadcaster | null) {
  const { store, curves, output } = context;
  /** client -> trial -> what it was told last */
  const watching = new Map<number, Map<string, string>>();
  /** Trials that had ended when somebody was told of them last: they are as they were, and a person may watch a thousand. */
  const settled = new Set<string>();

  async function stateOf(trialId: string): Promise<Notification<"live"> | null> {
    const trial = store.trial(trialId)?.trial;
    if (trial === undefined) return null;
    if (isFinal(trial.state)) settled.add(trialId);
    const runId = trial.currentRun ?? (trial.attempts > 0 ? `${trialId}.${trial.attempts}` : null);
    return {
      trialId,
      progress: trial.progress,
      series: curves.list(trialId),
      output: runId === null ? null : await output.sizes(runId),
    };
  }

  const isWatched = () => [...watching.values()].some((trials) => trials.size > 0);

  return {
    watch(clientId: number, trialIds: readonly string[]): void {
      const before = watching.get(clientId);
      watching.set(clientId, new Map(trialIds.map((id) => [id, before?.get(id) ?? ""])));
    },
    clientGone(clientId: number): void {
      watching.delete(clientId);
    },
    isWatched,
    /** To be called at most every 100 ms. */
    async tell(): Promise<void> {
      const sender = broadcaster();
      if (sender === null) return;
      if (!isWatched()) return;
      for (const trialId of store.livingTrialIds()) settled.delete(trialId);
      const states = new Map<string, { value: Notification<"live">; text: string } | null>();
      for (const [clientId, trials] of watching) {
        if (sender.pendingBytes(clientId) > MAX_PENDING_BYTES) continue;
        for (const [trialId, told] of trials) {
          if (told !== "" && settled.has(trialId)) continue;
          let state = states.get(trialId);
          if (state === undefined) {
            const value = await stateOf(trialId);
            state = value && { value, text: JSON.stringify(value) };
            states.set(trialId, state);
          }
          if (state === null || state.text === told) continue;
          trials.set(trialId, state.text);
          sender.notify(clientId, "live", state.value);
        }
      }
    },
  };
}
