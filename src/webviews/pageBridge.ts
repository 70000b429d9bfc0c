/** A page's end of contract 3: parses what comes in, matches answers with requests. Each page has its own words. */
import type * as z from "zod";
import { CONTRACT_VERSION, type Answer } from "./contract/messages.ts";

/** What `acquireVsCodeApi()` gives. */
export interface VsCodeApi {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: unknown): void;
}
type Requests = Record<string, { params: z.ZodType; result: z.ZodType }>;
export interface Words<Message, State, R extends Requests> {
  toPage: z.ZodType<Message | Answer>;
  state: z.ZodType<State>;
  requests: R;
}

/** An answer that was an error: its message is a sentence for people. */
export class RequestError extends Error {}

export class PageBridge<Message extends { type: string }, State, Action, R extends Requests> {
  private readonly api: VsCodeApi;
  private readonly words: Words<Message, State, R>;
  private readonly pending = new Map<
    number,
    { resolve: (value: unknown) => void; reject: (error: Error) => void }
  >();
  private lastRequest = 0;

  constructor(api: VsCodeApi, words: Words<Message, State, R>) {
    this.api = api;
    this.words = words;
  }

  ready(state: State | null): void {
    this.api.postMessage({ type: "ready", version: CONTRACT_VERSION, state });
  }

  act(action: Action): void {
    this.api.postMessage({ type: "action", action });
  }

  /** Something is wrong with the page itself; for the extension's log. */
  problem(message: string): void {
    this.api.postMessage({ type: "problem", message: message.slice(0, 10_000) });
  }

  /** @throws RequestError when the extension could not answer */
  async request<N extends keyof R & string>(
    name: N,
    params: z.input<R[N]["params"]>,
  ): Promise<z.output<R[N]["result"]>> {
    const request = ++this.lastRequest;
    const value = await new Promise<unknown>((resolve, reject) => {
      this.pending.set(request, { resolve, reject });
      this.api.postMessage({ type: "request", request, name, params });
    });
    return this.words.requests[name]?.result.parse(value) as z.output<R[N]["result"]>;
  }

  protected post(message: object): void {
    this.api.postMessage(message);
  }

  /** @returns the message when it is one for the page's state; answers are handed to who asked */
  receive(data: unknown): Message | null {
    const parsed = this.words.toPage.safeParse(data);
    if (!parsed.success) {
      this.problem(`A message to the page could not be read: ${parsed.error.message}`);
      return null;
    }
    if (!isAnswer(parsed.data)) return parsed.data;
    const { request, value, error } = parsed.data;
    const waiting = this.pending.get(request);
    this.pending.delete(request);
    if (error === null) waiting?.resolve(value);
    else waiting?.reject(new RequestError(error));
    return null;
  }

  /** The state kept over a reload, or the one that the document came with. */
  savedState(initial: string | undefined): State | null {
    for (const candidate of [this.api.getState(), parseJson(initial)]) {
      const parsed = this.words.state.safeParse(candidate);
      if (parsed.success) return parsed.data;
    }
    return null;
  }

  saveState(state: State): void {
    this.api.setState(state);
  }
}

function isAnswer<M extends { type: string }>(message: M | Answer): message is Answer {
  return message.type === "answer";
}

function parseJson(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? "null");
  } catch {
    return null;
  }
}
