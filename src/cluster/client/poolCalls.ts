/** What the parts of the client need of a connection; connection.ts has it. */
import type { Readable } from "node:stream";
import type { PoolInfo } from "../protocol/entities.ts";
import type { Input, MethodName, Result } from "../protocol/methods.ts";

export interface PoolCalls {
  readonly pool: PoolInfo;
  call<M extends MethodName>(method: M, params: Input<M>, signal?: AbortSignal): Promise<Result<M>>;
  bulkGet(
    ticket: string,
    options?: { start?: number; end?: number; signal?: AbortSignal },
  ): Promise<Readable>;
  bulkPut(ticket: string, body: Readable, signal?: AbortSignal): Promise<void>;
}
