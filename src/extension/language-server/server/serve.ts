/** LSP on one side, features on the other: every request is put to each feature, and one that fails does not stop the others. */
import {
  type CancellationToken,
  CodeLensRefreshRequest,
  type Connection,
  type Diagnostic,
  type Hover,
  MarkupKind,
  ResponseError,
  type TextDocumentPositionParams,
  type TextDocuments,
  TextDocumentSyncKind,
} from "vscode-languageserver/node";
import type { OpenDocument } from "./documents.ts";
import { type Feature, type Place, SOURCE } from "./feature.ts";

/** After the last key. */
const PAUSE_MS = 40;
/** After a file was opened: the editor asks for lenses and hints first, and nobody has typed yet. */
const FIRST_PAUSE_MS = 200;

export interface Served {
  /** Diagnostics alone. */
  diagnoseAll(): void;
  /** What all features know may be another: everything on screen is made anew. */
  refresh(): void;
}

export function serve(
  connection: Connection,
  documents: TextDocuments<OpenDocument>,
  features: readonly Feature[],
): Served {
  let canRefresh = { lenses: false, hints: false };
  const timers = new Map<string, NodeJS.Timeout>();
  const commands = new Map(features.flatMap(({ commands: own = {} }) => Object.entries(own)));

  connection.onInitialize(({ capabilities: { workspace } }) => {
    canRefresh = {
      lenses: workspace?.codeLens?.refreshSupport ?? false,
      hints: workspace?.inlayHint?.refreshSupport ?? false,
    };
    return {
      capabilities: {
        textDocumentSync: TextDocumentSyncKind.Incremental,
        completionProvider: { triggerCharacters: [" ", ".", '"', "'", "["] },
        hoverProvider: true,
        codeLensProvider: {},
        codeActionProvider: { codeActionKinds: ["quickfix", "refactor"] },
        inlayHintProvider: true,
        definitionProvider: true,
        referencesProvider: true,
        renameProvider: { prepareProvider: true },
        executeCommandProvider: { commands: [...commands.keys()] },
      },
    };
  });

  /** The answers of all features to one question, in their order. */
  const ask = async <T>(
    what: string,
    question: (feature: Feature) => T | Promise<T> | undefined,
    token?: CancellationToken,
  ): Promise<T[]> => {
    const answers: T[] = [];
    for (const feature of features) {
      if (token?.isCancellationRequested === true) return [];
      try {
        const answer = await question(feature);
        if (answer !== undefined) answers.push(answer);
      } catch (error) {
        if (error instanceof ResponseError) throw error; // words for the person who asked
        connection.console.error(`${feature.name}, ${what}: ${String((error as Error)?.stack ?? error)}`);
      }
    }
    return answers;
  };
  const placeOf = ({ textDocument, position }: TextDocumentPositionParams): Place | null => {
    const document = documents.get(textDocument.uri);
    return document ? { document, position, offset: document.offsetAt(position) } : null;
  };

  const diagnosed = new WeakSet<OpenDocument>();
  const diagnose = async (document: OpenDocument): Promise<void> => {
    const { uri, version } = document;
    diagnosed.add(document);
    const found = await ask("diagnostics", (feature) => feature.diagnostics?.(document));
    if (documents.get(uri)?.version !== version) return; // edited meanwhile: its own turn comes
    await connection.sendDiagnostics({ uri, version, diagnostics: found.flat() });
  };
  let isOver = false;
  /** A message that did not go out: said, unless the editor has gone. */
  const lost = (error: unknown): void => {
    if (!isOver) connection.console.error(String(error));
  };
  connection.onShutdown(() => {
    isOver = true;
    timers.forEach((timer) => clearTimeout(timer));
  });
  const diagnoseSoon = (document: OpenDocument): void => {
    clearTimeout(timers.get(document.uri));
    timers.set(
      document.uri,
      setTimeout(
        () => {
          timers.delete(document.uri);
          void diagnose(document).catch(lost);
        },
        diagnosed.has(document) ? PAUSE_MS : FIRST_PAUSE_MS,
      ),
    );
  };

  documents.onDidChangeContent(({ document }) => {
    diagnoseSoon(document);
    // What is said of an experiment file depends on its script, and the other way round.
    for (const other of documents.all()) if (other.languageId !== document.languageId) diagnoseSoon(other);
  });
  connection.onDidChangeWatchedFiles(() => documents.all().forEach(diagnoseSoon));
  documents.onDidClose(({ document }) => {
    clearTimeout(timers.get(document.uri));
    timers.delete(document.uri);
    document.close();
    void connection.sendDiagnostics({ uri: document.uri, diagnostics: [] }).catch(lost);
  });

  connection.onCompletion(async (params, token) => {
    const place = placeOf(params);
    return place && (await ask("completion", (feature) => feature.completions?.(place), token)).flat();
  });
  connection.onHover(async (params, token) => {
    const place = placeOf(params);
    return place && joined(await ask("hover", (feature) => feature.hover?.(place), token));
  });
  connection.onCodeLens(async ({ textDocument }, token) => {
    const document = documents.get(textDocument.uri);
    return document ? (await ask("lenses", (feature) => feature.lenses?.(document), token)).flat() : [];
  });
  connection.languages.inlayHint.on(async ({ textDocument, range }, token) => {
    const document = documents.get(textDocument.uri);
    return document ? (await ask("hints", (feature) => feature.hints?.(document, range), token)).flat() : [];
  });
  connection.onCodeAction(async ({ textDocument, range, context }, token) => {
    const document = documents.get(textDocument.uri);
    if (!document) return [];
    const ours = context.diagnostics.filter(({ source }: Diagnostic) => source === SOURCE);
    return (await ask("actions", (feature) => feature.actions?.(document, range, ours), token)).flat();
  });
  connection.onDefinition(async (params, token) => {
    const place = placeOf(params);
    return place && (await ask("definition", (feature) => feature.definition?.(place), token)).flat();
  });
  connection.onReferences(async (params, token) => {
    const place = placeOf(params);
    return place && (await ask("references", (feature) => feature.references?.(place), token)).flat();
  });
  connection.onPrepareRename(async (params, token) => {
    const place = placeOf(params);
    const answers =
      place && (await ask("prepare rename", (feature) => feature.prepareRename?.(place), token));
    return answers?.find((answer) => answer !== null) ?? null;
  });
  connection.onRenameRequest(async (params, token) => {
    const place = placeOf(params);
    const answers =
      place && (await ask("rename", (feature) => feature.rename?.(place, params.newName), token));
    return answers?.find((answer) => answer !== null) ?? null;
  });

  const diagnoseAll = (): void => documents.all().forEach(diagnoseSoon);
  const refresh = (): void => {
    if (isOver) return;
    diagnoseAll();
    if (canRefresh.lenses) connection.sendRequest(CodeLensRefreshRequest.type).catch(lost);
    if (canRefresh.hints) connection.languages.inlayHint.refresh().catch(lost);
  };
  connection.onExecuteCommand(({ command, arguments: [argument] = [] }) => {
    commands.get(command)?.(argument);
    refresh();
    return null;
  });
  return { diagnoseAll, refresh };
}

/** One below the other, with a line between them. */
function joined(hovers: readonly (Hover | null)[]): Hover | null {
  const found = hovers.filter((one) => one !== null);
  if (found.length < 2) return found[0] ?? null;
  const texts = found.map(({ contents }) =>
    typeof contents === "object" && "value" in contents ? contents.value : "",
  );
  return {
    contents: { kind: MarkupKind.Markdown, value: texts.join("\n\n---\n\n") },
    range: found[0]?.range,
  };
}
