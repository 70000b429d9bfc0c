/** What the webview of every panel has in common: its document, its icon, and what it may load. */
import { randomBytes } from "node:crypto";
import * as vscode from "vscode";
import { pageHtml } from "../../webviews/contract/html.ts";

/** @param page the name of its bundle in dist/webviews */
export function showPage(
  panel: vscode.WebviewPanel,
  extensionUri: vscode.Uri,
  page: { name: string; title: string; state: unknown },
): void {
  const { webview } = panel;
  const dist = vscode.Uri.joinPath(extensionUri, "dist", "webviews");
  const media = vscode.Uri.joinPath(extensionUri, "media");
  webview.options = { enableScripts: true, localResourceRoots: [dist, media] };
  panel.iconPath = {
    light: vscode.Uri.joinPath(media, "panel-light.svg"),
    dark: vscode.Uri.joinPath(media, "panel-dark.svg"),
  };
  webview.html = pageHtml({
    cspSource: webview.cspSource,
    nonce: randomBytes(16).toString("hex"),
    title: page.title,
    scriptUri: webview.asWebviewUri(vscode.Uri.joinPath(dist, `${page.name}.js`)).toString(),
    styleUri: webview.asWebviewUri(vscode.Uri.joinPath(dist, `${page.name}.css`)).toString(),
    state: page.state,
  });
}

/** Beside the code; with the other panels where one of them is active. */
export function columnForPanel(): vscode.ViewColumn {
  const { activeTab } = vscode.window.tabGroups.activeTabGroup;
  if (!activeTab || activeTab.input instanceof vscode.TabInputWebview) return vscode.ViewColumn.Active;
  return vscode.ViewColumn.Beside;
}
