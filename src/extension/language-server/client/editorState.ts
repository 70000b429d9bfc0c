/** What the language server is told of the workspace and its pools. */
import * as vscode from "vscode";
import type { SubmitMemory } from "../../commands/submitMemory.ts";
import type { Pool } from "../../pool/pool.ts";
import { LOCAL, type Pools } from "../../pool/pools.ts";
import { settings } from "../../settings.ts";
import type { EditorState, PoolFacts } from "../contract.ts";

/** Experiments of a pool, and of each its trials, that are told. */
const MOST_EXPERIMENTS = 200;

/** @param configurations files that were meant as such */
export function editorState(
  pools: Pools,
  memory: SubmitMemory,
  configurations: readonly string[],
): EditorState {
  return {
    folders: (vscode.workspace.workspaceFolders ?? []).map(({ uri }) => uri.fsPath),
    isTrusted: vscode.workspace.isTrusted,
    settings: { lenses: settings.showInScripts("lenses"), hints: settings.showInScripts("hints") },
    pools: pools.all.map(factsOf),
    chosenPool: memory.pool ?? LOCAL,
    submitted: memory.recentScripts.map((script) => {
      const { configuration } = memory.optionsOf(script);
      return { script, configuration: configuration === "auto" ? "auto" : (configuration?.file ?? null) };
    }),
    configurations,
  };
}

function factsOf(pool: Pool): PoolFacts {
  const experiments = [...(pool.mirror?.experiments.values() ?? [])].sort((a, b) => b.id - a.id);
  return {
    id: pool.id,
    name: pool.name,
    isConnected: pool.status.state === "connected",
    slots: [...(pool.mirror?.slots.values() ?? [])].map(({ name, kind, state }) => ({ name, kind, state })),
    experiments: experiments
      .slice(0, MOST_EXPERIMENTS)
      .map(({ id, name, state }) => ({ id, name, state, trials: [] })),
    hasMore: experiments.length > MOST_EXPERIMENTS,
  };
}
