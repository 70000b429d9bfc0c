/** What runs knew, for the features that show it: a document's history, and its lines then and now. */
import type { ScriptHistory, TrialFacts } from "../../contract.ts";
import type { OpenDocument } from "../documents.ts";
import type { Workspace } from "../workspace.ts";
import { type LineMap, mapLines } from "./lineMap.ts";

/** Texts of snapshots, which never change, and comparisons with documents. */
const MOST_TEXTS = 30;
const MOST_MAPS = 30;

export class Results {
  readonly #workspace: Workspace;
  readonly #texts = new Map<string, string>();
  readonly #maps = new Map<string, LineMap>();

  constructor(workspace: Workspace) {
    this.#workspace = workspace;
  }

  /** Null: it never ran, or the pool cannot be asked. */
  async of({ path, languageId }: OpenDocument): Promise<ScriptHistory | null> {
    if (path === null || languageId !== "python") return null;
    return this.#workspace.ask("trainyard/history", { script: path });
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
    keep(this.#maps, pair, map, MOST_MAPS);
    return map;
  }

  async #read(
    key: string,
    asked: { poolId: string; experimentId: number; path: string },
  ): Promise<string | null> {
    const text = await this.#workspace.ask("trainyard/snapshotText", asked);
    if (text !== null) keep(this.#texts, key, text, MOST_TEXTS);
    return text;
  }
}

function keep<T>(map: Map<string, T>, key: string, value: T, most: number): void {
  map.set(key, value);
  for (const old of [...map.keys()].slice(0, -most)) map.delete(old);
}
