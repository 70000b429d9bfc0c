import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { PoolEvent } from "../../../../src/cluster/protocol/events.ts";
import type { Notification } from "../../../../src/cluster/protocol/methods.ts";
import { createFeed, type Feed } from "../../../../src/cluster/server/experiments/feed.ts";
import { openDatabase } from "../../../../src/cluster/server/store/database.ts";
import { createPoolStore, type PoolStore } from "../../../../src/cluster/server/store/poolStore.ts";
import type { Broadcaster } from "../../../../src/cluster/server/ports.ts";
import { healthyDisk } from "../../../faults/healthyDisk.ts";

let folder: string;
let store: PoolStore;
let feed: Feed;
let pending: number;
let got: Map<number, PoolEvent[]>;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "trainyard-feed-"));
  pending = 0;
  got = new Map();
  store = createPoolStore(openDatabase(path.join(folder, "pool.sqlite"), "1"), () => {
    feed.schedule();
  });
  const sender: Broadcaster = {
    notify(clientId, name, value) {
      if (name !== "events") return;
      got.set(clientId, [...(got.get(clientId) ?? []), ...(value as Notification<"events">).events]);
    },
    pendingBytes: () => pending,
  };
  feed = createFeed(store, () => sender, healthyDisk);
});
afterEach(() => {
  feed.close();
  store.close();
  rmSync(folder, { recursive: true });
});
const seqs = (clientId: number) => got.get(clientId)?.map(({ seq }) => seq) ?? [];

test("a client gets what comes after its subscription, another what it names", async () => {
  store.putSlots([]);
  expect(feed.subscribe(1, null)).toEqual({ seq: 1, canReplay: false });
  store.putSlots([]);
  await turn();
  expect(seqs(1)).toEqual([2]);
  expect(feed.subscribe(2, 1)).toEqual({ seq: 1, canReplay: true });
  await turn();
  expect(seqs(2)).toEqual([2]);
  feed.clientGone(2);
  store.putSlots([]);
  await turn();
  expect(seqs(1)).toEqual([2, 3]);
  expect(seqs(2)).toEqual([2]);
});

test("a number from another life of the pool, or from too long ago, means a snapshot", () => {
  for (let i = 0; i < 10_002; i++) store.putSlots([]);
  expect(feed.subscribe(1, 20_000)).toEqual({ seq: 10_002, canReplay: false });
  expect(feed.subscribe(1, 1)).toEqual({ seq: 10_002, canReplay: false });
  expect(feed.subscribe(1, 2)).toEqual({ seq: 2, canReplay: true });
});

test("a slow client waits, then gets the newest of each thing only", async () => {
  feed.subscribe(1, null);
  pending = 100 * 1024 * 1024;
  for (let i = 0; i < 100; i++) store.putSlots([]);
  await turn();
  expect(seqs(1)).toEqual([]);
  pending = 0;
  await vi.waitUntil(() => seqs(1).length > 0);
  expect(seqs(1)).toEqual([100]);
});
