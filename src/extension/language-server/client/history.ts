/** Answers what the language server asks of a script's runs, from the pool that submits go to; and says when that is another. */
import path from "node:path";
import * as vscode from "vscode";
import type { MirrorChange } from "../../../cluster/client/mirror.ts";
import type { PoolCalls } from "../../../cluster/client/poolCalls.ts";
import { isCancelled } from "../../errors.ts";
import type { Pool } from "../../pool/pool.ts";
import type { Pools } from "../../pool/pools.ts";
import { isFinal } from "../../views/states.ts";
import { realPath, WorkspaceFolders } from "../../workspaceFolders.ts";
import { keepLatest } from "../keepLatest.ts";
import type { ScriptHistory, ToExtension } from "../contract.ts";
import { gather, type HistoryPool, scriptOf } from "./history/gather.ts";
import { summarise } from "./history/summary.ts";

/** The server is told at most this often, and is answered with what is known until then. */
const TELL_MS = 2000;
/** A pool that does not answer in that time counts as not connected. */
const CALL_MS = 10_000;
const MOST_KEPT = 50;

interface Known {
  readonly poolId: string;
  /** As a submit resolves it. */
  readonly script: string;
  readonly answer: Promise<ScriptHistory | null>;
}

export class History implements vscode.Disposable {
  readonly #pools: Pools;
  readonly #chosenPool: () => string;
  readonly #tell: (scripts: string[] | null) => void;
  readonly #log: vscode.LogOutputChannel;
  readonly #subscriptions: vscode.Disposable[];
  readonly #follows = new Map<Pool, vscode.Disposable>();
  /** By the path that the server asked with; the latest last. */
  readonly #known = new Map<string, Known>();
  /** What is another by now, and has not been told yet. */
  readonly #changed = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #toldAt = 0;

  /** @param tell whose results may be others */
  constructor(
    pools: Pools,
    chosenPool: () => string,
    tell: (scripts: string[] | null) => void,
    log: vscode.LogOutputChannel,
  ) {
    this.#pools = pools;
    this.#chosenPool = chosenPool;
    this.#tell = tell;
    this.#log = log;
    this.#subscriptions = [
      pools.onDidChange(({ pool, change }) => this.#onChange(pool, change)),
      pools.onDidChangeStatus((pool) => this.#changedWhere(({ poolId }) => poolId === pool.id)),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => this.#forget(uri.fsPath)),
    ];
  }

  dispose(): void {
    clearTimeout(this.#timer);
    vscode.Disposable.from(...this.#subscriptions, ...this.#follows.values()).dispose();
    for (const pool of this.#follows.keys()) pool.watch(this, []);
  }

  async of({ script: file }: { script: string }): Promise<ScriptHistory | null> {
    const pool = this.#pools.get(this.#chosenPool());
    if (!pool) return null;
    const known = this.#known.get(file);
    if (known?.poolId === pool.id) return known.answer;
    this.#follow(pool);
    const script = path.join(realPath(path.dirname(file)), path.basename(file));
    const answer = this.#read(pool, script);
    keepLatest(this.#known, file, { poolId: pool.id, script, answer }, MOST_KEPT, (old) => this.#forget(old));
    await answer;
    this.#watch();
    return answer;
  }

  async snapshotText({
    poolId,
    experimentId,
    path: file,
  }: ToExtension["trainyard/snapshotText"][0]): Promise<string | null> {
    const pool = this.#pools.get(poolId);
    const call = pool ? callOf(pool) : null;
    if (call === null) return null;
    try {
      const { bytes } = await call("snapshot/file", { experimentId, path: file });
      return new TextDecoder().decode(bytes);
    } catch (error) {
      this.#failed(error);
      return null;
    }
  }

  async #read(pool: Pool, script: string): Promise<ScriptHistory | null> {
    const folders = new WorkspaceFolders(vscode.workspace.workspaceFolders);
    try {
      const where: HistoryPool = { mirror: pool.mirror, call: callOf(pool) };
      const gathered = await gather(where, script).catch((error: unknown) => {
        this.#failed(error);
        return gather({ ...where, call: null }, script);
      });
      return summarise(gathered, {
        poolId: pool.id,
        poolName: pool.name,
        asOpened: (file) => folders.asOpened(file),
      });
    } catch (error) {
      this.#failed(error);
      return null;
    }
  }

  #failed(error: unknown): void {
    if (!isCancelled(error)) this.#log.debug(`The history of a script: ${String(error)}`);
  }

  #onChange(pool: Pool, { everything, experiments }: MirrorChange): void {
    if (this.#known.size === 0) return;
    const scripts = new Set(
      [...experiments].map((id) => {
        const experiment = pool.mirror?.experiments.get(id);
        return experiment ? scriptOf(experiment) : null;
      }),
    );
    // One that was deleted is of a script that nobody can tell any more.
    const isUnknown = scripts.has(null);
    this.#changedWhere(
      ({ poolId, script }) => poolId === pool.id && (everything || isUnknown || scripts.has(script)),
    );
  }

  /** What runs of the open scripts report. */
  #follow(pool: Pool): void {
    if (this.#follows.has(pool)) return;
    const follow = pool.onLive(({ series }) => {
      const experiments = new Set(series.map(({ trialId }) => Number(trialId.split(".")[0])));
      const scripts = new Set(
        [...experiments].map((id) => {
          const experiment = pool.mirror?.experiments.get(id);
          return experiment ? scriptOf(experiment) : null;
        }),
      );
      this.#changedWhere(({ poolId, script }) => poolId === pool.id && scripts.has(script));
    });
    this.#follows.set(pool, follow);
  }

  #watch(): void {
    for (const pool of this.#follows.keys()) {
      const scripts = new Set(
        [...this.#known.values()].filter(({ poolId }) => poolId === pool.id).map(({ script }) => script),
      );
      const live = [...(pool.mirror?.experiments.values() ?? [])]
        .filter((one) => !isFinal(one.state) && scripts.has(scriptOf(one) ?? ""))
        .flatMap(({ id }) => pool.mirror?.holdingOf(id) ?? []);
      pool.watch(
        this,
        live.map(({ id }) => id),
      );
    }
  }

  #forget(file: string): void {
    this.#known.delete(file);
    this.#changed.delete(file);
  }

  #changedWhere(isMeant: (known: Known) => boolean): void {
    for (const [file, known] of this.#known) if (isMeant(known)) this.#changed.add(file);
    if (this.#changed.size === 0) return;
    this.#timer ??= setTimeout(
      () => {
        this.#timer = undefined;
        this.#toldAt = Date.now();
        const scripts = [...this.#changed];
        for (const file of scripts) this.#known.delete(file);
        this.#changed.clear();
        this.#tell(scripts);
      },
      Math.max(100, this.#toldAt + TELL_MS - Date.now()),
    );
  }
}

/** Null while the pool is not connected: nobody is made to wait, and nothing is started. */
function callOf(pool: Pool): PoolCalls["call"] | null {
  if (pool.status.state !== "connected") return null;
  return async (method, params) => {
    const signal = AbortSignal.timeout(CALL_MS);
    return (await pool.whenConnected(signal)).call(method, params, { signal });
  };
}
