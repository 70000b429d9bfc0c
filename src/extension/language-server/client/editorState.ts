/** What the language server is told of the workspace and its pools. */
import * as vscode from "vscode";
import type { SubmitMemory } from "../../commands/submitMemory.ts";
import { LOCAL, type Pools } from "../../pool/pools.ts";
import { settings } from "../../settings.ts";
import type { EditorState } from "../contract.ts";
import type { PoolFactsBook } from "./poolFacts.ts";

export function editorState(pools: Pools, memory: SubmitMemory, book: PoolFactsBook): EditorState {
  return {
    folders: (vscode.workspace.workspaceFolders ?? []).map(({ uri }) => uri.fsPath),
    isTrusted: vscode.workspace.isTrusted,
    settings: { lenses: settings.showInScripts("lenses"), hints: settings.showInScripts("hints") },
    pools: pools.all.map((pool) => book.of(pool)),
    chosenPool: memory.pool ?? LOCAL,
    submitted: memory.recentScripts.map((script) => {
      const { configuration } = memory.optionsOf(script);
      return { script, configuration: configuration === "auto" ? "auto" : (configuration?.file ?? null) };
    }),
  };
}
