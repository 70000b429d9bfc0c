/** The page's end of contract 3: parses what comes in, matches answers with requests. */
import type * as z from "zod";
import {
  CONTRACT_VERSION,
  PageState,
  REQUESTS,
  ToPage,
  type Action,
  type FromPage,
  type RequestName,
} from "../contract/messages.ts";

/** What `acquireVsCodeApi()` gives. */
export interface VsCodeApi {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: unknown): void;
}
type ParamsOf<N extends RequestName> = z.input<(typeof REQUESTS)[N]["params"]>;
export type ResultOf<N extends RequestName> = z.output<(typeof REQUESTS)[N]["result"]>;

/** An answer that was an error: its message is a sentence for people. */
export class RequestError extends Error {}

export class Bridge {
  private readonly api: VsCodeApi;
  private readonly pending = new Map<
    number,
    { resolve: (value: unknown) => void; reject: (error: Error) => void }
  >();
  private lastRequest = 0;

  constructor(api: VsCodeApi) {
    this.api = api;
  }

  ready(state: PageState | null): void {
    this.post({ type: "ready", version: CONTRACT_VERSION, state });
  }

  act(action: Action): void {
    this.post({ type: "action", action });
  }

  compare(trialIds: string[]): void {
    this.post({ type: "compare", trialIds });
  }

  /** Something is wrong with the page itself; for the extension's log. */
  problem(message: string): void {
    this.post({ type: "problem", message: message.slice(0, 10_000) });
  }

  /** @throws RequestError when the extension could not answer */
  async request<N extends RequestName>(name: N, params: ParamsOf<N>): Promise<ResultOf<N>> {
    const request = ++this.lastRequest;
    const value = await new Promise<unknown>((resolve, reject) => {
      this.pending.set(request, { resolve, reject });
      this.post({ type: "request", request, name, params });
    });
    return REQUESTS[name].result.parse(value) as ResultOf<N>;
  }

  /** @returns the message when it is one for the page's state; answers are handed to who asked */
  receive(data: unknown): Exclude<ToPage, { type: "answer" }> | null {
    const parsed = ToPage.safeParse(data);
    if (!parsed.success) {
      this.problem(`A message to the page could not be read: ${parsed.error.message}`);
      return null;
    }
    if (parsed.data.type !== "answer") return parsed.data;
    const { request, value, error } = parsed.data;
    const waiting = this.pending.get(request);
    this.pending.delete(request);
    if (error === null) waiting?.resolve(value);
    else waiting?.reject(new RequestError(error));
    return null;
  }

  /** The state kept over a reload, or the one that the document came with. */
  savedState(initial: string | undefined): PageState | null {
    for (const candidate of [this.api.getState(), parseJson(initial)]) {
      const parsed = PageState.safeParse(candidate);
      if (parsed.success) return parsed.data;
    }
    return null;
  }

  saveState(state: PageState): void {
    this.api.setState(state);
  }

  private post(message: FromPage): void {
    this.api.postMessage(message);
  }
}

function parseJson(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? "null");
  } catch {
    return null;
  }
}
