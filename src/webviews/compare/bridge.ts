/** The compare page's end of contract 3. */
import { COMPARE_REQUESTS, CompareState, ToComparePage, type CompareAction } from "../contract/compare.ts";
import type { Answer } from "../contract/messages.ts";
import { PageBridge, type VsCodeApi } from "../pageBridge.ts";

export class CompareBridge extends PageBridge<
  Exclude<ToComparePage, Answer>,
  CompareState,
  CompareAction,
  typeof COMPARE_REQUESTS
> {
  constructor(api: VsCodeApi) {
    super(api, { toPage: ToComparePage, state: CompareState, requests: COMPARE_REQUESTS });
  }
}
