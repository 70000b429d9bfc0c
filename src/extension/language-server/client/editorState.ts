/** What the language server is told of the workspace and its pools. */
import * as vscode from "vscode";
import type { SubmitMemory } from "../../commands/submitMemory.ts";
import { LOCAL, type Pools } from "../../pool/pools.ts";
import { settings } from "../../settings.ts";
import type { EditorState, Theme } from "../contract.ts";
import type { PoolFactsBook } from "./poolFacts.ts";

const THEMES: Readonly<Record<vscode.ColorThemeKind, Theme>> = {
  [vscode.ColorThemeKind.Light]: "light",
  [vscode.ColorThemeKind.Dark]: "dark",
  [vscode.ColorThemeKind.HighContrast]: "highContrast",
  [vscode.ColorThemeKind.HighContrastLight]: "highContrastLight",
};

/** @param configurations files that were meant as such */
export function editorState(
  pools: Pools,
  memory: SubmitMemory,
  book: PoolFactsBook,
  configurations: readonly string[],
): EditorState {
  return {
    folders: (vscode.workspace.workspaceFolders ?? []).map(({ uri }) => uri.fsPath),
    isTrusted: vscode.workspace.isTrusted,
    settings: { lenses: settings.showInScripts("lenses"), hints: settings.showInScripts("hints") },
    theme: THEMES[vscode.window.activeColorTheme.kind],
    pools: pools.all.map((pool) => book.of(pool)),
    chosenPool: memory.pool ?? LOCAL,
    submitted: memory.recentScripts.map((script) => {
      const { configuration } = memory.optionsOf(script);
      return { script, configuration: configuration === "auto" ? "auto" : (configuration?.file ?? null) };
    }),
    configurations,
  };
}
