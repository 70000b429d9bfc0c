/** The real language server in this process, spoken to by the real protocol; and its parts without it. */
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { PassThrough } from "node:stream";
import { pathToFileURL } from "node:url";
import {
  type CodeAction,
  type CodeLens,
  type CompletionItem,
  createConnection,
  createProtocolConnection,
  type Diagnostic,
  type Hover,
  type InlayHint,
  type Location,
  type LocationLink,
  type Position,
  ProposedFeatures,
  type ProtocolConnection,
  type PublishDiagnosticsParams,
  type Range,
  StreamMessageReader,
  StreamMessageWriter,
  type TextDocumentContentChangeEvent,
  type WorkspaceEdit,
} from "vscode-languageserver/node";
import type { EditorState, ToExtension } from "../../../src/extension/language-server/contract.ts";
import { setGrammarFiles } from "../../../src/extension/language-server/server/python/parser.ts";
import { startServer } from "../../../src/extension/language-server/server/server.ts";
import { NO_STATE } from "../../../src/extension/language-server/server/workspace.ts";

const require = createRequire(import.meta.url);

/** Where node_modules has the grammar that the bundle has beside itself. */
export function useGrammar(): void {
  setGrammarFiles({
    runtime: require.resolve("web-tree-sitter/web-tree-sitter.wasm"),
    grammar: require.resolve("tree-sitter-python/tree-sitter-python.wasm"),
  });
}

/** `|` marks the place of the cursor. */
export function withCursor(marked: string): { text: string; position: Position; offset: number } {
  const offset = marked.indexOf("|");
  if (offset < 0) throw new Error("no | in the text");
  const before = marked.slice(0, offset).split("\n");
  const position = { line: before.length - 1, character: before.at(-1)?.length ?? 0 };
  return { text: marked.slice(0, offset) + marked.slice(offset + 1), position, offset };
}

type Answers = {
  [M in keyof ToExtension]?: (params: ToExtension[M][0]) => ToExtension[M][1] | Promise<ToExtension[M][1]>;
};

/** Ours say what they say in plain text. */
export type Told = Diagnostic & { message: string };

/** One editor window with one folder. */
export class Rig {
  readonly folder = mkdtempSync(path.join(os.tmpdir(), "trainyard-language-"));
  readonly #client: ProtocolConnection;
  readonly #server: { dispose(): void };
  readonly #diagnostics = new Map<string, PublishDiagnosticsParams & { diagnostics: Told[] }>();
  readonly #versions = new Map<string, number>();
  readonly #waiting = new Set<() => void>();
  #refreshes = 0;

  /** @param momentMs so long an answer of a pool is waited for: nothing hurries here, unless a test is about that */
  constructor(answers: Answers = {}, momentMs = 10_000) {
    useGrammar();
    const [up, down] = [new PassThrough(), new PassThrough()];
    const connection = createConnection(
      ProposedFeatures.all,
      new StreamMessageReader(up),
      new StreamMessageWriter(down),
    );
    startServer(connection, { momentMs });
    this.#server = connection;
    this.#client = createProtocolConnection(new StreamMessageReader(down), new StreamMessageWriter(up));
    for (const method of [
      "trainyard/history",
      "trainyard/forecast",
      "trainyard/snapshotText",
      "trainyard/checkpoints",
    ] as const)
      this.#client.onRequest<unknown, void>(
        method,
        (params: unknown) => answers[method]?.(params as never) ?? null,
      );
    this.#client.onNotification(
      "textDocument/publishDiagnostics",
      (params: PublishDiagnosticsParams & { diagnostics: Told[] }) => {
        this.#diagnostics.set(params.uri, params);
        this.#waiting.forEach((look) => look());
      },
    );
    for (const method of ["workspace/codeLens/refresh", "workspace/inlayHint/refresh"])
      this.#client.onRequest(method, () => {
        this.#refreshes += 1;
        return null;
      });
    this.#client.onRequest("client/registerCapability", () => null);
    this.#client.listen();
  }

  /** How often the editor was asked to draw lenses or hints anew. */
  get refreshes(): number {
    return this.#refreshes;
  }

  async start(state: Partial<EditorState> = {}): Promise<this> {
    const refreshSupport = true;
    await this.#client.sendRequest("initialize", {
      processId: null,
      rootUri: pathToFileURL(this.folder).href,
      capabilities: { workspace: { codeLens: { refreshSupport }, inlayHint: { refreshSupport } } },
    });
    await this.#client.sendNotification("initialized", {});
    await this.tell(state);
    return this;
  }

  async tell(state: Partial<EditorState>): Promise<void> {
    await this.#client.sendNotification("trainyard/state", {
      ...NO_STATE,
      folders: [this.folder],
      isTrusted: true,
      ...state,
    });
  }

  async historyChanged(scripts: readonly string[] | null = null): Promise<void> {
    await this.#client.sendNotification("trainyard/historyChanged", { scripts });
  }

  /** Absolute path of a file in the folder. */
  file(name: string): string {
    return path.join(this.folder, name);
  }
  uri(name: string): string {
    return pathToFileURL(this.file(name)).href;
  }

  write(name: string, text: string): string {
    mkdirSync(path.dirname(this.file(name)), { recursive: true });
    writeFileSync(this.file(name), text);
    return this.file(name);
  }

  async open(
    name: string,
    text: string,
    languageId = name.endsWith(".py") ? "python" : name.endsWith(".json") ? "json" : "yaml",
  ): Promise<void> {
    this.#versions.set(name, 1);
    await this.#client.sendNotification("textDocument/didOpen", {
      textDocument: { uri: this.uri(name), languageId, version: 1, text },
    });
  }

  async change(name: string, ...contentChanges: TextDocumentContentChangeEvent[]): Promise<void> {
    const version = (this.#versions.get(name) ?? 0) + 1;
    this.#versions.set(name, version);
    await this.#client.sendNotification("textDocument/didChange", {
      textDocument: { uri: this.uri(name), version },
      contentChanges,
    });
  }

  async close(name: string): Promise<void> {
    await this.#client.sendNotification("textDocument/didClose", { textDocument: { uri: this.uri(name) } });
  }

  /** Of the present version, once they satisfy `until`. */
  async diagnostics(name: string, until: (found: Told[]) => boolean = () => true): Promise<Told[]> {
    const look = (): Told[] | null => {
      const found = this.#diagnostics.get(this.uri(name));
      const told = found?.diagnostics;
      return told !== undefined && found?.version === this.#versions.get(name) && until(told) ? told : null;
    };
    const now = look();
    if (now) return now;
    return new Promise((resolve) => {
      const again = (): void => {
        const found = look();
        if (!found) return;
        this.#waiting.delete(again);
        resolve(found);
      };
      this.#waiting.add(again);
    });
  }

  async completions(name: string, position: Position): Promise<CompletionItem[]> {
    return (await this.#at("textDocument/completion", name, position)) ?? [];
  }
  hover(name: string, position: Position): Promise<Hover | null> {
    return this.#at("textDocument/hover", name, position);
  }
  async lenses(name: string): Promise<CodeLens[]> {
    return this.request("textDocument/codeLens", { textDocument: { uri: this.uri(name) } });
  }
  async hints(name: string): Promise<InlayHint[]> {
    const range = { start: { line: 0, character: 0 }, end: { line: 100_000, character: 0 } };
    return this.request("textDocument/inlayHint", { textDocument: { uri: this.uri(name) }, range });
  }
  async actions(name: string, range: Range, diagnostics: Diagnostic[] = []): Promise<CodeAction[]> {
    return this.request("textDocument/codeAction", {
      textDocument: { uri: this.uri(name) },
      range,
      context: { diagnostics },
    });
  }

  async definition(name: string, position: Position): Promise<LocationLink[]> {
    return (await this.#at<LocationLink[] | null>("textDocument/definition", name, position)) ?? [];
  }
  async references(name: string, position: Position): Promise<Location[]> {
    const textDocument = { uri: this.uri(name) };
    const context = { includeDeclaration: true };
    return this.request("textDocument/references", { textDocument, position, context });
  }
  prepareRename(name: string, position: Position): Promise<{ range: Range; placeholder: string } | null> {
    return this.#at("textDocument/prepareRename", name, position);
  }
  rename(name: string, position: Position, newName: string): Promise<WorkspaceEdit | null> {
    return this.request("textDocument/rename", { textDocument: { uri: this.uri(name) }, position, newName });
  }
  /** Files on disk are others now. */
  async filesChanged(): Promise<void> {
    await this.#client.sendNotification("workspace/didChangeWatchedFiles", { changes: [] });
  }

  request<T>(method: string, params: unknown): Promise<T> {
    return this.#client.sendRequest(method, params);
  }

  #at<T>(method: string, name: string, position: Position): Promise<T> {
    return this.request(method, { textDocument: { uri: this.uri(name) }, position });
  }

  async stop(): Promise<void> {
    await this.#client.sendRequest("shutdown");
    this.#client.dispose();
    this.#server.dispose();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
