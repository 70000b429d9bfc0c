/**
 * Sends numbered events to subscribed clients, from the table: a slow client has no buffer here, only the number that it has.
 * When it catches up it gets the newest state of each thing, not every state on the way.
 */
import type { PoolEvent } from "../../protocol/events.ts";
import type { Broadcaster } from "../ports.ts";
import type { DiskWatch } from "../resources/diskWatch.ts";
import type { PoolStore } from "../store/poolStore.ts";

const BATCH = 500;
const MAX_PENDING_BYTES = 8 * 1024 * 1024;
/** Further behind than this, a snapshot is cheaper than the events. */
const MAX_REPLAY = 10_000;
const RETRY_MS = 200;

export type Feed = ReturnType<typeof createFeed>;

/** @param disk what is said of it to who subscribes, and again when it is another */
export function createFeed(
  store: PoolStore,
  broadcaster: () => Broadcaster | null,
  disk: Pick<DiskWatch, "state" | "onChange">,
) {
  /** client -> number of the last event that was sent to it */
  const sent = new Map<number, number>();
  let isScheduled = false;
  let isClosed = false;
  let retry: NodeJS.Timeout | null = null;

  function schedule(): void {
    if (isScheduled) return;
    isScheduled = true;
    // After the answer to the call that caused it.
    setImmediate(() => {
      isScheduled = false;
      flush();
    });
  }

  function flush(): void {
    const sender = broadcaster();
    if (sender === null || isClosed) return;
    const last = store.lastSeq();
    for (const [clientId, seq] of sent) {
      if (seq >= last) continue;
      if (sender.pendingBytes(clientId) > MAX_PENDING_BYTES) {
        retry ??= setTimeout(() => {
          retry = null;
          flush();
        }, RETRY_MS);
        continue;
      }
      const events = store.eventsAfter(seq, BATCH);
      const newest = events.at(-1);
      if (newest === undefined) continue;
      sent.set(clientId, newest.seq);
      sender.notify(clientId, "events", { after: seq, events: coalesce(events) });
      if (newest.seq < last) schedule();
    }
  }

  disk.onChange(() => {
    for (const clientId of sent.keys()) broadcaster()?.notify(clientId, "disk", disk.state);
  });

  return {
    schedule,
    /** @returns whether the table still reaches back to what the client has */
    subscribe(clientId: number, after: number | null): { seq: number; canReplay: boolean } {
      const last = store.lastSeq();
      const canReplay =
        after !== null && after <= last && after + 1 >= store.firstSeq() && last - after <= MAX_REPLAY;
      sent.set(clientId, canReplay ? after : last);
      setImmediate(() => broadcaster()?.notify(clientId, "disk", disk.state)); // after the answer
      if (canReplay && after < last) schedule();
      return { seq: canReplay ? after : last, canReplay };
    },
    clientGone(clientId: number): void {
      sent.delete(clientId);
    },
    hasSubscribers: () => sent.size > 0,
    close(): void {
      isClosed = true;
      if (retry !== null) clearTimeout(retry);
      sent.clear();
    },
  };
}

/** The last event of each thing, in order of their numbers. */
export function coalesce(events: readonly PoolEvent[]): PoolEvent[] {
  const newest = new Map<string, PoolEvent>();
  for (const event of events) {
    const id = idOf(event.change);
    newest.delete(id);
    newest.set(id, event);
  }
  return [...newest.values()];
}

function idOf(change: PoolEvent["change"]): string {
  switch (change.type) {
    case "experiment":
      return `experiment ${change.experiment.id}`;
    case "experimentDeleted":
      return `experiment ${change.id}`;
    case "trial":
      return `trial ${change.trial.id}`;
    case "run":
      return `run ${change.run.id}`;
    case "checkpoint":
      return `checkpoint ${change.checkpoint.uuid}`;
    case "checkpointDeleted":
      return `checkpoint ${change.uuid}`;
    case "slots":
      return "slots";
  }
}
