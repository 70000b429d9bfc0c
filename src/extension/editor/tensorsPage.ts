/** A `.safetensors` file as a page: a table without a script. Pure. */
import type { Tensors } from "../../cluster/client/browse/safetensors.ts";
import { formatBytes, plural } from "../format.ts";

/** More rows make the page slow; the file may name a hundred thousand. */
const MOST_ROWS = 5_000;

/** @param cspSource of the webview. @param nonce fresh for each page */
export function tensorsPage(title: string, body: string, nonce: string): string {
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="UTF-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'nonce-${nonce}'">
<title>${text(title)}</title>
<style nonce="${nonce}">
  body { color: var(--vscode-editor-foreground); font-family: var(--vscode-font-family); padding: 0 1.5em 1.5em; }
  table { border-collapse: collapse; font-size: var(--vscode-font-size); }
  th, td { padding: 2px 1.2em 2px 0; text-align: left; vertical-align: top; }
  th { border-bottom: 1px solid var(--vscode-panel-border, currentColor); position: sticky; top: 0;
    background: var(--vscode-editor-background); }
  td { font-family: var(--vscode-editor-font-family); overflow-wrap: anywhere; }
  .number { text-align: right; white-space: nowrap; }
  .quiet { color: var(--vscode-descriptionForeground); }
</style>
</head>
<body>
<h2>${text(title)}</h2>
${body}
</body>
</html>
`;
}

export function tensorsTable({ tensors, metadata, fileBytes }: Tensors): string {
  const values = tensors.reduce((sum, { shape }) => sum + countOf(shape), 0);
  const types = [...new Set(tensors.map(({ type }) => type))].join(", ");
  const facts = [
    plural(tensors.length, "tensor"),
    `${values.toLocaleString("en")} values`,
    ...(types === "" ? [] : [types]),
    formatBytes(fileBytes),
  ];
  const about = Object.entries(metadata).map(([name, value]) => row([name], [value]));
  const rows = tensors
    .slice(0, MOST_ROWS)
    .map(({ name, type, shape, bytes }) =>
      row([name], [type], [`[${shape.join(", ")}]`], [formatBytes(bytes), "number"]),
    );
  const more = tensors.length - MOST_ROWS;
  return [
    `<p class="quiet">${text(facts.join(" · "))}. Read from the header alone.</p>`,
    about.length === 0 ? "" : `<h3>Metadata</h3>\n<table><tbody>\n${about.join("\n")}\n</tbody></table>`,
    "<h3>Tensors</h3>",
    '<table><thead><tr><th>Name</th><th>Type</th><th>Shape</th><th class="number">Size</th></tr></thead><tbody>',
    ...rows,
    "</tbody></table>",
    more > 0 ? `<p class="quiet">and ${plural(more, "more tensor")}</p>` : "",
  ].join("\n");
}

export function problemOf(sentence: string): string {
  return `<p>${text(sentence)}</p>`;
}

function countOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

function row(...cells: readonly (readonly [value: string, className?: string])[]): string {
  const tags = cells.map(
    ([value, name]) => `<td${name === undefined ? "" : ` class="${name}"`}>${text(value)}</td>`,
  );
  return `<tr>${tags.join("")}</tr>`;
}

/** Names are a file's own: nothing in them is markup. */
function text(value: string): string {
  return value
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
