/** Open documents, with each one's syntax tree or experiment brought up to date by its edits when it is asked for. */
import { fileURLToPath } from "node:url";
import type {
  Range,
  TextDocumentContentChangeEvent,
  TextDocumentsConfiguration,
} from "vscode-languageserver/node";
import { TextDocument } from "vscode-languageserver-textdocument";
import { readExperiment, type ExperimentDocument } from "./experiment/document.ts";
import { loadPython } from "./python/parser.ts";
import { type Edit, Script } from "./python/script.ts";

/** Longer files are left alone: nobody writes them by hand. */
export const MOST_CHARACTERS = 10 * 1024 * 1024;

export class OpenDocument implements TextDocument {
  #text: TextDocument;
  #script: Script | null = null;
  #experiment: { version: number; isChosen: boolean; value: ExperimentDocument | null } | null = null;

  readonly #isChosen: (file: string) => boolean;

  /** @param isChosen a person has submitted with that file as configuration, whatever is in it */
  constructor(text: TextDocument, isChosen: (file: string) => boolean) {
    this.#text = text;
    this.#isChosen = isChosen;
  }

  get uri(): string {
    return this.#text.uri;
  }
  get languageId(): string {
    return this.#text.languageId;
  }
  get version(): number {
    return this.#text.version;
  }
  get lineCount(): number {
    return this.#text.lineCount;
  }
  getText: TextDocument["getText"] = (range) => this.#text.getText(range);
  positionAt: TextDocument["positionAt"] = (offset) => this.#text.positionAt(offset);
  offsetAt: TextDocument["offsetAt"] = (position) => this.#text.offsetAt(position);

  getLineRange: TextDocument["getLineRange"] = (line) => this.#text.getLineRange(line);
  getEOLCharacters: TextDocument["getEOLCharacters"] = (line) => this.#text.getEOLCharacters(line);

  /** Absolute path; null for a document without a file on this machine. */
  get path(): string | null {
    return pathOf(this.uri);
  }

  get isTooLarge(): boolean {
    return this.offsetAt({ line: this.lineCount, character: 0 }) > MOST_CHARACTERS;
  }

  /** Null for what is no Python. */
  async script(): Promise<Script | null> {
    if (this.languageId !== "python" || this.isTooLarge) return null;
    const parser = await loadPython();
    return (this.#script ??= new Script(parser, () => this.getText()));
  }

  /** The experiment that is written here, in whatever syntax; null where there is none. */
  get experiment(): ExperimentDocument | null {
    const isChosen = this.path !== null && this.#isChosen(this.path);
    if (this.#experiment?.version !== this.version || this.#experiment.isChosen !== isChosen)
      this.#experiment = {
        version: this.version,
        isChosen,
        value: this.isTooLarge ? null : this.#readExperiment(isChosen),
      };
    return this.#experiment.value;
  }

  #readExperiment(isChosen: boolean): ExperimentDocument | null {
    const { path: file, languageId } = this;
    return readExperiment({ file: file ?? this.uri, languageId, text: this.getText(), isChosen });
  }

  update(changes: readonly TextDocumentContentChangeEvent[], version: number): this {
    for (const change of changes) {
      const edit = "range" in change ? this.#editOf(change.range, change.text) : null;
      this.#text = TextDocument.update(this.#text, [change], version);
      if (edit === null) this.close();
      else this.#script?.edit({ ...edit, newEndPosition: pointAt(this.#text, edit.newEndIndex) });
    }
    return this;
  }

  /** Frees the syntax tree, which is no garbage collector's. */
  close(): void {
    this.#script?.close();
    this.#script = null;
  }

  #editOf(range: Range, text: string): Omit<Edit, "newEndPosition"> {
    // What lies outside the text is moved to its end by offsetAt.
    const startIndex = this.offsetAt(range.start);
    const oldEndIndex = this.offsetAt(range.end);
    return {
      startIndex,
      oldEndIndex,
      newEndIndex: startIndex + text.length,
      startPosition: pointAt(this.#text, startIndex),
      oldEndPosition: pointAt(this.#text, oldEndIndex),
    };
  }
}

/** As tree-sitter counts; columns are UTF-16 units there, too. */
function pointAt(text: TextDocument, offset: number): { row: number; column: number } {
  const { line, character } = text.positionAt(offset);
  return { row: line, column: character };
}

/** For `TextDocuments` of vscode-languageserver. */
export function openDocuments(isChosen: (file: string) => boolean): TextDocumentsConfiguration<OpenDocument> {
  return {
    create: (uri, languageId, version, content) =>
      new OpenDocument(TextDocument.create(uri, languageId, version, content), isChosen),
    update: (document, changes, version) => document.update(changes, version),
  };
}

export function pathOf(uri: string): string | null {
  if (!uri.startsWith("file:")) return null;
  try {
    return fileURLToPath(uri);
  } catch {
    return null; // of another machine
  }
}
