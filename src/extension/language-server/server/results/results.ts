/**
 * What runs knew, for the features that show it: a script's history, and lines then and now. Who types does not wait for a pool
 * far away: what is not there in a moment is taken as it was, and all is made anew when it has come.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { ScriptHistory, TrialFacts } from "../../contract.ts";
import { keepLatest } from "../../keepLatest.ts";
import type { OpenDocument } from "../documents.ts";
import type { Workspace } from "../workspace.ts";
import { type LineMap, mapLines } from "./lineMap.ts";

const MOST_HISTORIES = 50;
/** Texts of snapshots, which never change, and comparisons with documents. */
const MOST_TEXTS = 30;
const MOST_MAPS = 30;

export class Results {
  readonly #workspace: Workspace;
  readonly #momentMs: number;
  readonly #arrived: () => void;
  readonly #histories = new Map<string, ScriptHistory | null>();
  readonly #texts = new Map<string, string>();
  readonly #maps = new Map<string, LineMap>();
  /** What was not there in a moment, and is told of when it comes. */
  readonly #awaited = new WeakSet<Promise<unknown>>();

  /** @param arrived something has come that was shown without */
  constructor(workspace: Workspace, momentMs: number, arrived: () => void) {
    this.#workspace = workspace;
    this.#momentMs = momentMs;
    this.#arrived = arrived;
  }

  /** Null: it never ran, or that is not known yet. */
  async of({ path, languageId }: OpenDocument): Promise<ScriptHistory | null> {
    return path === null || languageId !== "python" ? null : this.ofScript(path);
  }

  /** @param script absolute path */
  async ofScript(script: string): Promise<ScriptHistory | null> {
    const asked = this.#workspace.ask("trainyard/history", { script });
    const history = await this.#inAMoment(asked);
    if (history === undefined) return this.#histories.get(script) ?? null;
    keepLatest(this.#histories, script, history, MOST_HISTORIES);
    return history;
  }

  /** @param file relative to the snapshot's root @returns null where the text that ran cannot be had now */
  async linesOf(
    document: OpenDocument,
    poolId: string,
    { experimentId, tree }: TrialFacts,
    file: string,
  ): Promise<LineMap | null> {
    const key = JSON.stringify([tree, file]);
    const text = this.#texts.get(key) ?? (await this.#read(key, { poolId, experimentId, path: file }));
    if (text === null) return null;
    const pair = JSON.stringify([document.uri, document.version, key]);
    const known = this.#maps.get(pair);
    if (known) return known;
    const map = mapLines(text, document.getText());
    keepLatest(this.#maps, pair, map, MOST_MAPS);
    return map;
  }

  async #read(
    key: string,
    asked: { poolId: string; experimentId: number; path: string },
  ): Promise<string | null> {
    const text = await this.#inAMoment(this.#workspace.ask("trainyard/snapshotText", asked));
    if (typeof text === "string") keepLatest(this.#texts, key, text, MOST_TEXTS);
    return text ?? null;
  }

  /** Undefined: it has not come yet. */
  async #inAMoment<T>(asked: Promise<T>): Promise<T | undefined> {
    const tooLong = new AbortController();
    const moment = sleep(this.#momentMs, undefined, { signal: tooLong.signal }).catch(() => undefined);
    let isThere = false;
    const first = await Promise.race([asked.finally(() => (isThere = true)), moment]);
    tooLong.abort();
    if (isThere) return first ?? asked;
    if (!this.#awaited.has(asked)) {
      this.#awaited.add(asked);
      void asked.then(this.#arrived);
    }
    return undefined;
  }
}
