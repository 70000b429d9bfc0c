/**
 * Streams for bulk bytes. Over a long way one SSH connection is bound by its windows (2 MiB a round trip), however fast the
 * link is; so a large transfer there is spread over a few connections, which are opened when they are needed.
 */
import type { Duplex } from "node:stream";
import type { OpenStream } from "../connection.ts";

/** A connection to the host that carries streams. */
export interface Route {
  open: OpenStream;
  onClosed: (listener: () => void) => void;
  close: () => void;
}

const MOST_ROUTES = 4;
/** What is asked for at one time and not yet there, above which a transfer is large. */
const LARGE_BYTES = 8 * 1024 * 1024;
/** The time that opening a stream takes, above which a link is slow: about one round trip. */
const SLOW_MS = 5;
const IDLE_MS = 30_000;
/** On each connection while others are being opened: what is begun on one stays on it. */
const STREAMS_MEANWHILE = 2;

interface Used {
  route: Route;
  streams: number;
  idle: NodeJS.Timeout | null;
}

export class BulkStreams {
  readonly #first: Used;
  readonly #others = new Set<Used>();
  readonly #openAnother: () => Promise<Route | null>;
  /** The quickest stream counts: others have waited for something else. */
  #fastestMs: number | null = null;
  #askedBytes = 0;
  /** Connections that are being opened. */
  readonly #opening = new Set<Promise<void>>();
  #canOpen = true;
  #isClosed = false;

  /** @param openAnother null where none can be had without asking a person; it is then not asked for again */
  constructor(first: Route, openAnother: () => Promise<Route | null>) {
    this.#first = { route: first, streams: 0, idle: null };
    this.#openAnother = openAnother;
    first.onClosed(() => this.#close());
  }

  /** Over the first one, for calls. */
  openForCalls(): Promise<Duplex> {
    return this.#timed(this.#first.route.open);
  }

  /** @param bytes that it will carry, as far as known */
  async open(bytes: number): Promise<Duplex> {
    this.#askedBytes += bytes;
    this.#openMore();
    while (this.#opening.size > 0 && this.#leastUsed().streams >= STREAMS_MEANWHILE)
      await Promise.race(this.#opening);
    const used = this.#leastUsed();
    used.streams += 1;
    if (used.idle !== null) clearTimeout(used.idle);
    used.idle = null;
    const ended = (): void => {
      this.#askedBytes -= bytes;
      used.streams -= 1;
      if (used !== this.#first && used.streams === 0)
        used.idle = setTimeout(() => used.route.close(), IDLE_MS).unref();
    };
    try {
      const stream = await this.#timed(used.route.open);
      stream.once("close", ended);
      return stream;
    } catch (error) {
      ended();
      // One of the others has gone, or takes no more: the first one is what the pool stands on.
      if (used === this.#first) throw error;
      this.#others.delete(used);
      return this.open(bytes);
    }
  }

  /** In the background: what is asked for meanwhile goes over those that there are. */
  #openMore(): void {
    if ((this.#fastestMs ?? 0) <= SLOW_MS || this.#askedBytes < LARGE_BYTES || !this.#canOpen) return;
    while (1 + this.#others.size + this.#opening.size < MOST_ROUTES) {
      const opening = this.#openAnother()
        .catch(() => null)
        .then((route) => {
          this.#opening.delete(opening);
          if (route === null) this.#canOpen = false;
          else if (this.#isClosed) route.close();
          else this.#add(route);
        });
      this.#opening.add(opening);
    }
  }

  #add(route: Route): void {
    const used: Used = { route, streams: 0, idle: null };
    this.#others.add(used);
    used.idle = setTimeout(() => route.close(), IDLE_MS).unref();
    route.onClosed(() => {
      if (used.idle !== null) clearTimeout(used.idle);
      this.#others.delete(used);
    });
  }

  #leastUsed(): Used {
    let least = this.#first;
    for (const used of this.#others) if (used.streams < least.streams) least = used;
    return least;
  }

  async #timed(open: OpenStream): Promise<Duplex> {
    const startedMs = performance.now();
    const stream = await open();
    this.#fastestMs = Math.min(this.#fastestMs ?? Infinity, performance.now() - startedMs);
    return stream;
  }

  #close(): void {
    this.#isClosed = true;
    this.#canOpen = false;
    for (const { route } of this.#others) route.close();
  }
}
