/** What a run has printed as a read-only document: all of it, or of a large one the last part. */
import * as vscode from "vscode";
import { OUTPUT } from "../commands/commandIds.ts";
import { formatBytes } from "../format.ts";
import { loadClient } from "../pool/client.ts";
import type { Pool } from "../pool/pool.ts";
import { LOCAL, type Pools } from "../pool/pools.ts";
import { withProgress } from "../progress.ts";
import { documentText } from "./outputText.ts";
import { authorityOf, poolIdOf } from "./poolUri.ts";

/** What the editor opens without a question. */
const MOST_BYTES = 50_000_000;
const NEWLINE = 10;

export interface OutputOfRun {
  runId: string;
  stream: "stdout" | "stderr";
}

export class OutputDocuments implements vscode.TextDocumentContentProvider, vscode.Disposable {
  readonly #pools: Pools;
  readonly #emitter = new vscode.EventEmitter<vscode.Uri>();
  readonly #registration: vscode.Disposable;
  readonly onDidChange = this.#emitter.event;

  constructor(pools: Pools) {
    this.#pools = pools;
    this.#registration = vscode.workspace.registerTextDocumentContentProvider(OUTPUT, this);
  }
  dispose(): void {
    this.#registration.dispose();
    this.#emitter.dispose();
  }

  /** Opens it at its end. Once more: as it is now. */
  async open(pool: Pool, { runId, stream }: OutputOfRun): Promise<void> {
    const { size, dropped = 0 } = await pool.call("output/read", { runId, stream, offset: -1, limit: 1 });
    const isCut = size - dropped > MOST_BYTES;
    if (isCut && !(await askForThePart(runId, stream, size - dropped))) return;
    const name = isCut ? `${stream}, last ${formatBytes(MOST_BYTES)}` : stream;
    const uri = vscode.Uri.from({
      scheme: OUTPUT,
      authority: authorityOf(pool.id, LOCAL),
      path: `/${runId}/${name}.log`,
      query: stream,
    });
    const isOpen = vscode.workspace.textDocuments.some(
      (document) => document.uri.toString() === uri.toString(),
    );
    if (isOpen) this.#emitter.fire(uri);
    const document = await vscode.workspace.openTextDocument(uri);
    const end = new vscode.Position(Math.max(0, document.lineCount - 1), 0);
    const editor = await vscode.window.showTextDocument(document, { preview: false });
    editor.selection = new vscode.Selection(end, end);
    editor.revealRange(new vscode.Range(end, end));
  }

  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    await this.#pools.ready();
    const pool = this.#pools.must(poolIdOf(uri.authority, LOCAL));
    const [, runId = ""] = uri.path.split("/");
    const stream = uri.query === "stderr" ? "stderr" : "stdout";
    const client = await loadClient();
    return withProgress(`Reading ${stream} of ${runId}`, async (signal, report) => {
      const parts: Uint8Array[] = [];
      let bytes = 0;
      let isCut = false;
      const calls = await pool.connection(signal);
      for await (const part of client.readOutput(calls, { runId, stream }, -MOST_BYTES, signal)) {
        if (bytes === 0) isCut = part.offset > part.dropped;
        parts.push(part.bytes);
        bytes += part.bytes.byteLength;
        report({ fraction: bytes / Math.max(1, Math.min(MOST_BYTES, part.size)) });
        // One that is printed faster than it is read has no end.
        if (bytes >= MOST_BYTES) break;
      }
      const all = Buffer.concat(parts);
      return documentText(all.toString("utf8", isCut ? all.indexOf(NEWLINE) + 1 : 0));
    });
  }
}

async function askForThePart(runId: string, stream: string, bytes: number): Promise<boolean> {
  const open = `Open the Last ${formatBytes(MOST_BYTES)}`;
  const answer = await vscode.window.showWarningMessage(
    `${stream} of ${runId} has ${formatBytes(bytes)}: too much for a document.`,
    {
      modal: true,
      detail:
        "Its last part can be opened; lines are numbered from 1 there. The Output tab of the panel shows, and searches, all of it.",
    },
    open,
  );
  return answer === open;
}
