/** The server's end of the thread for output: begun when it is first needed, ended when nobody has needed it for a while. */
import { Worker } from "node:worker_threads";
import { CallError } from "../callError.ts";
import { messageOf } from "../errors.ts";
import type { LinesAnswer, LinesAsked, SearchAnswer, SearchAsked } from "./scanner.ts";
import type { StreamPlace } from "./streamFile.ts";

const IDLE_MS = 60_000;

export interface ThreadCall {
  id: number;
  place: StreamPlace;
  asked: SearchAsked | LinesAsked;
}
export type ThreadAnswer = { id: number; value: SearchAnswer | LinesAnswer } | { id: number; error: string };
interface Pending {
  resolve: (value: never) => void;
  reject: (error: Error) => void;
}

export class OutputThread {
  readonly #entry: string | URL;
  readonly #pending = new Map<number, Pending>();
  #worker: Worker | null = null;
  #nextId = 1;
  #idle: NodeJS.Timeout | undefined;

  /** @param entry the thread's program */
  constructor(entry: string | URL) {
    this.#entry = entry;
  }

  search(place: StreamPlace, asked: SearchAsked, signal: AbortSignal): Promise<SearchAnswer> {
    return this.#call(place, asked, signal);
  }
  lines(place: StreamPlace, asked: LinesAsked, signal: AbortSignal): Promise<LinesAnswer> {
    return this.#call(place, asked, signal);
  }

  async close(): Promise<void> {
    clearTimeout(this.#idle);
    const worker = this.#worker;
    this.#worker = null;
    await worker?.terminate();
    this.#failAll("the pool server is stopping");
  }

  #call<T>(place: StreamPlace, asked: SearchAsked | LinesAsked, signal: AbortSignal): Promise<T> {
    signal.throwIfAborted();
    clearTimeout(this.#idle);
    const id = this.#nextId++;
    return new Promise<T>((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#open().postMessage({ id, place, asked } satisfies ThreadCall);
    });
  }

  #open(): Worker {
    if (this.#worker !== null) return this.#worker;
    const worker = new Worker(this.#entry, { name: "trainyard-output" });
    worker.unref();
    worker.on("message", (answer: ThreadAnswer) => this.#take(answer));
    worker.on("error", (error) => this.#failAll(messageOf(error)));
    worker.on("exit", () => {
      // One that was ended for want of work has been replaced by now, or there is none.
      if (this.#worker !== worker) return;
      this.#worker = null;
      this.#failAll("its thread ended");
    });
    return (this.#worker = worker);
  }

  #take(answer: ThreadAnswer): void {
    const pending = this.#pending.get(answer.id);
    this.#pending.delete(answer.id);
    if ("error" in answer) pending?.reject(unreadable(answer.error));
    else pending?.resolve(answer.value as never);
    if (this.#pending.size > 0) return;
    this.#idle = setTimeout(() => {
      const worker = this.#worker;
      this.#worker = null;
      void worker?.terminate();
    }, IDLE_MS);
    this.#idle.unref();
  }

  #failAll(reason: string): void {
    for (const { reject } of this.#pending.values()) reject(unreadable(reason));
    this.#pending.clear();
  }
}

const unreadable = (reason: string): CallError =>
  new CallError(
    "unavailable",
    `The output could not be read: ${reason}.`,
    "Try again; the pool server's log may say more.",
  );
