/** A page's document. The extension calls this and sets the result as the webview's html. */

export interface PageHtmlOptions {
  /** `webview.cspSource`. */
  cspSource: string;
  /** Fresh for each document, at least 128 random bits, without quotes (base64 or hex). */
  nonce: string;
  title: string;
  /** `asWebviewUri` of dist/webviews/<page>.js. */
  scriptUri: string;
  /** `asWebviewUri` of dist/webviews/<page>.css; the icon font lies beside it. */
  styleUri: string;
  /** First state of a new page, when `vscode.getState()` has none. */
  state: unknown;
}

/**
 * Nothing is allowed that is not listed: no inline script or style without the nonce, no eval, no network. What the script
 * imports, at once or later, has its nonce.
 * The toolkit reads the `csp-nonce` meta and puts the nonce on the one style element that it probes with.
 */
export function pageHtml(options: PageHtmlOptions): string {
  const csp = [
    "default-src 'none'",
    `script-src 'nonce-${options.nonce}'`,
    `style-src ${options.cspSource} 'nonce-${options.nonce}'`,
    `font-src ${options.cspSource}`,
  ].join("; ");
  const nonce = escapeAttribute(options.nonce);
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="UTF-8">
<meta name="viewport" content="width=device-width, initial-scale=1.0">
<meta http-equiv="Content-Security-Policy" content="${escapeAttribute(csp)}">
<meta property="csp-nonce" content="${nonce}">
<title>${escapeAttribute(options.title)}</title>
<link rel="stylesheet" href="${escapeAttribute(options.styleUri)}">
</head>
<body data-state="${escapeAttribute(JSON.stringify(options.state ?? null))}">
<main id="page"></main>
<script type="module" nonce="${nonce}" src="${escapeAttribute(options.scriptUri)}"></script>
</body>
</html>
`;
}

function escapeAttribute(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll('"', "&quot;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;");
}
