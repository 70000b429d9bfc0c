/** What the language server can do is a row of features (features/); each LSP request is put to all of them, and their answers are joined. */
import type {
  CodeAction,
  CodeLens,
  CompletionItem,
  Diagnostic,
  Hover,
  InlayHint,
  Location,
  LocationLink,
  Position,
  PrepareRenameResult,
  Range,
  WorkspaceEdit,
} from "vscode-languageserver/node";
import type { OpenDocument } from "./documents.ts";

/** Where one stands in which document. */
export interface Place {
  readonly document: OpenDocument;
  readonly position: Position;
  readonly offset: number;
}

type Answer<T> = T | Promise<T>;

/** A feature answers for the documents that it knows something about, and with nothing for the others. */
export interface Feature {
  readonly name: string;
  diagnostics?(document: OpenDocument): Answer<Diagnostic[]>;
  completions?(place: Place): Answer<CompletionItem[]>;
  /** Several features' hovers are shown one below the other. */
  hover?(place: Place): Answer<Hover | null>;
  lenses?(document: OpenDocument): Answer<CodeLens[]>;
  hints?(document: OpenDocument, range: Range): Answer<InlayHint[]>;
  /** @param diagnostics those of ours in the range */
  actions?(document: OpenDocument, range: Range, diagnostics: readonly Diagnostic[]): Answer<CodeAction[]>;
  /** What its actions and lenses do in the server, by the command's name: afterwards everything on screen is made anew. */
  readonly commands?: Readonly<Record<string, (argument: unknown) => void>>;
  definition?(place: Place): Answer<LocationLink[]>;
  references?(place: Place): Answer<Location[]>;
  /** The first feature with an answer has the word. */
  prepareRename?(place: Place): Answer<PrepareRenameResult | null>;
  rename?(place: Place, newName: string): Answer<WorkspaceEdit | null>;
}

/** `source` of our diagnostics. */
export const SOURCE = "trainyard";
