/** A pool that answers whatever a test wants, since a real one checks what it sends. */
import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { PoolCalls } from "../../../src/cluster/client/poolCalls.ts";
import type { Manifest } from "../../../src/cluster/protocol/runDirectory.ts";

export const UUID = "0b9c1f4e-6a55-4a0c-9c6e-2f4d3c1b0a99";

export function manifestOf(files: Record<string, Buffer>, changes: object = {}): Manifest {
  return {
    version: 1,
    uuid: UUID,
    run: "12.1.1",
    trial: "12.1",
    step: 300,
    createdAt: 1,
    metadata: {},
    metrics: {},
    files: Object.entries(files).map(([path, bytes]) => ({
      path,
      bytes: bytes.length,
      sha256: createHash("sha256").update(bytes).digest("hex"),
    })),
    ...changes,
  };
}

export interface HostilePool extends PoolCalls {
  manifest: unknown;
  files: Record<string, Buffer>;
  /** What `snapshot/fetch` sends. */
  pack: { tree: string; bytes: Buffer };
  /** Before each chunk of 64 KiB. */
  delayMs: number;
  /** False: every request is answered with the whole file. */
  obeysRanges: boolean;
  sentBytes: number;
  /** Then every transfer breaks off. */
  lostAfterBytes: number;
  calls: string[];
}

export function hostilePool(
  files: Record<string, Buffer>,
  manifest: unknown = manifestOf(files),
): HostilePool {
  const pool: HostilePool = {
    pool: { id: UUID } as PoolCalls["pool"],
    manifest,
    files,
    pack: { tree: "", bytes: Buffer.alloc(0) },
    delayMs: 0,
    obeysRanges: true,
    sentBytes: 0,
    lostAfterBytes: Infinity,
    calls: [],
    call: ((method: string, params: { path?: string }) => {
      pool.calls.push(method);
      if (method === "checkpoint/manifest") return Promise.resolve({ manifest: pool.manifest });
      if (method === "bulk/open") return Promise.resolve({ ticket: params.path, bytes: 0 });
      if (method === "snapshot/fetch") return Promise.resolve({ tree: pool.pack.tree, ticket: "pack" });
      return Promise.reject(new Error(`${method} is not expected`));
    }) as unknown as PoolCalls["call"],
    bulkGet: (ticket, range, signal) => {
      const whole = ticket === "pack" ? pool.pack.bytes : pool.files[ticket];
      const bytes = range && pool.obeysRanges ? whole?.subarray(range.start, range.end + 1) : whole;
      if (!bytes) return Promise.reject(new Error("no such file in the pool"));
      const chunks = async function* (): AsyncGenerator<Buffer> {
        for (let at = 0; at < bytes.length; at += 65_536) {
          if (pool.delayMs > 0) await sleep(pool.delayMs, undefined, signal ? { signal } : {});
          if (pool.sentBytes > pool.lostAfterBytes) throw new Error("aborted");
          pool.sentBytes += Math.min(65_536, bytes.length - at);
          yield bytes.subarray(at, at + 65_536);
        }
      };
      return Promise.resolve(Readable.from(chunks(), { objectMode: false }));
    },
    bulkPut: () => Promise.reject(new Error("not expected")),
  };
  return pool;
}
