import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach } from "vitest";
import {
  createSnapshotStore,
  type LocalSnapshotStore,
} from "../../../../src/cluster/server/trees/snapshotStore.ts";
import type { Host } from "../../../../src/cluster/server/trees/work.ts";
import { createSender, type Sender, silentLogger, stream } from "./sender.ts";

export const never = new AbortController().signal;

export interface StoreFixture {
  /** Pool folder, sender and store are new for each test. */
  pool: string;
  sender: Sender & Disposable;
  store: LocalSnapshotStore;
  /** Another store over the same folder, as after a restart. */
  reopen(host?: Host): void;
  /** Sends the sender's files as they are. @returns the tree */
  send(...bases: string[]): Promise<string>;
  work(run: string): string;
}

export function useStore(): StoreFixture {
  const self = {
    reopen: (host?: Host) => {
      self.store = createSnapshotStore(self.pool, silentLogger, host);
    },
    send: async (...bases: string[]) => {
      const tree = self.sender.tree();
      await self.store.receivePack(tree, stream(self.sender.pack(tree, ...bases)), never);
      return tree;
    },
    work: (run: string) => path.join(self.pool, "runs", run, "work"),
  } as StoreFixture;
  beforeEach(() => {
    self.pool = mkdtempSync(path.join(tmpdir(), "trainyard-pool-"));
    self.sender = createSender();
    self.reopen();
  });
  afterEach(async () => {
    await self.store.close();
    self.sender[Symbol.dispose]();
    rmSync(self.pool, { recursive: true, force: true });
  });
  return self;
}

/** Paths of all that is no folder. */
export function listing(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .sort();
}
