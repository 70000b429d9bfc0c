/** The pool page's end of contract 3. */
import type { Answer } from "../contract/messages.ts";
import { POOL_REQUESTS, PoolState, ToPoolPage, type PoolAction } from "../contract/pool.ts";
import { PageBridge, type VsCodeApi } from "../pageBridge.ts";

export class PoolBridge extends PageBridge<
  Exclude<ToPoolPage, Answer>,
  PoolState,
  PoolAction,
  typeof POOL_REQUESTS
> {
  constructor(api: VsCodeApi) {
    super(api, { toPage: ToPoolPage, state: PoolState, requests: POOL_REQUESTS });
  }
}
