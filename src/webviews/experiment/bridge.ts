/** The experiment page's end of contract 3. */
import type * as z from "zod";
import {
  PageState,
  REQUESTS,
  ToPage,
  type Action,
  type Answer,
  type RequestName,
} from "../contract/messages.ts";
import { PageBridge, type VsCodeApi } from "../pageBridge.ts";

export type ResultOf<N extends RequestName> = z.output<(typeof REQUESTS)[N]["result"]>;

export class Bridge extends PageBridge<Exclude<ToPage, Answer>, PageState, Action, typeof REQUESTS> {
  constructor(api: VsCodeApi) {
    super(api, { toPage: ToPage, state: PageState, requests: REQUESTS });
  }

  compare(trialIds: string[]): void {
    this.post({ type: "compare", trialIds });
  }
}
