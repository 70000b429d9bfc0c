import type { PoolConnection } from "./connection.ts";

/** What submitting and restoring need of a connection. */
export type PoolCalls = Pick<PoolConnection, "pool" | "call" | "bulkGet" | "bulkPut">;
