/** The client has zod, ws and JSON-RPC in it: it is a bundle of its own, loaded when the pool is first needed. */
import type * as client from "../../cluster/client/index.ts";

export type Client = typeof client;

export function loadClient(): Promise<Client> {
  return import("../../cluster/client/index.ts");
}
