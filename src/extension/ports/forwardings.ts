/** Ports of pools' hosts that are ports here: each for one run, and closed with it, with its pool and with the window. */
import type { Duplex } from "node:stream";
import * as vscode from "vscode";
import type { ForwardedPort } from "../../cluster/client/forwardPort.ts";
import { messageOf } from "../errors.ts";
import { withoutLinks } from "../links.ts";
import { loadClient } from "../pool/client.ts";
import type { Pool } from "../pool/pool.ts";
import type { Pools } from "../pool/pools.ts";

export interface Forwarding {
  poolId: string;
  runId: string;
  /** Of the host. */
  port: number;
  /** The process that listens there; empty where nobody knows. */
  process: string;
  localPort: number;
}

export class Forwardings implements vscode.Disposable {
  readonly #pools: Pools;
  readonly #open = new Map<Forwarding, ForwardedPort>();
  readonly #emitter = new vscode.EventEmitter<string>();
  readonly #subscriptions: vscode.Disposable;
  /** Told the pool. */
  readonly onDidChange = this.#emitter.event;

  constructor(pools: Pools) {
    this.#pools = pools;
    const look = (): void => this.#closeEnded();
    this.#subscriptions = vscode.Disposable.from(
      this.#emitter,
      pools.onDidChange(look),
      pools.onDidChangeList(look),
      pools.onDidChangeStatus(look),
    );
  }

  dispose(): void {
    for (const forwarded of this.#open.values()) forwarded.close();
    this.#subscriptions.dispose();
  }

  of(poolId: string): Forwarding[] {
    return [...this.#open.keys()].filter((one) => one.poolId === poolId);
  }

  /** @param isListed something listens on that port. @returns the one that there is already, where there is one */
  async forward(
    pool: Pool,
    what: Pick<Forwarding, "runId" | "port" | "process">,
    isListed: boolean,
  ): Promise<Forwarding> {
    const known = this.of(pool.id).find(({ runId, port }) => runId === what.runId && port === what.port);
    if (known) return known;
    const client = await loadClient();
    let isTold = false;
    const onProblem = (error: unknown): void => {
      // A browser tries many times.
      if (isTold) return;
      isTold = true;
      const { remedy } = error as { remedy?: unknown };
      const next = typeof remedy === "string" ? ` ${remedy}` : "";
      void vscode.window.showWarningMessage(withoutLinks(`${messageOf(error)}${next}`));
    };
    const open = async (): Promise<Duplex> => {
      if (pool.status.state !== "connected") throw new Error(`${pool.name} is not connected now.`);
      const { host } = await pool.connection();
      if (host === null) throw new Error(`${pool.name} is on this machine.`);
      return host.openPort(what.port);
    };
    const forwarded = await client.forwardPort(isListed ? what.port : 0, open, onProblem);
    const forwarding = { poolId: pool.id, ...what, localPort: forwarded.localPort };
    this.#open.set(forwarding, forwarded);
    this.#emitter.fire(pool.id);
    // It may have ended meanwhile.
    this.#closeEnded();
    return forwarding;
  }

  close(forwarding: Forwarding): void {
    this.#open.get(forwarding)?.close();
    this.#open.delete(forwarding);
    this.#emitter.fire(forwarding.poolId);
  }

  #closeEnded(): void {
    for (const forwarding of [...this.#open.keys()]) if (!this.#isWanted(forwarding)) this.close(forwarding);
  }

  /** A cut is no end: it goes on when the pool is back. */
  #isWanted({ poolId, runId }: Forwarding): boolean {
    const pool = this.#pools.get(poolId);
    if (!pool || pool.isStopped) return false;
    const run = pool.mirror?.runs.get(runId);
    return run !== undefined && run.outcome === null;
  }
}
