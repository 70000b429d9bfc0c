/** What features know beside the document in front of them: other files, which script belongs to which experiment file, the pools. */
import { readFile, stat } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { TextDocument } from "vscode-languageserver-textdocument";
import type { EditorState, ToExtension } from "../contract.ts";
import { keepLatest } from "../keepLatest.ts";
import { MOST_CHARACTERS, OpenDocument } from "./documents.ts";
import { Pairs } from "./pairs.ts";

const LANGUAGES: Readonly<Record<string, string>> = {
  ".py": "python",
  ".yaml": "yaml",
  ".yml": "yaml",
  ".json": "json",
};
/** Files that are not open and were read, the latest last. */
const MOST_KEPT = 200;

type Ask = <M extends keyof ToExtension>(method: M, params: ToExtension[M][0]) => Promise<ToExtension[M][1]>;

export const NO_STATE: EditorState = {
  folders: [],
  isTrusted: false,
  settings: { lenses: true, hints: true },
  theme: "dark",
  pools: [],
  chosenPool: "local",
  submitted: [],
  configurations: [],
};

interface Opened {
  get(uri: string): OpenDocument | undefined;
  all(): OpenDocument[];
}

export class Workspace {
  readonly pairs = new Pairs(this);
  readonly #opened: Opened;
  readonly #ask: Ask;
  readonly #kept = new Map<string, { stamp: string; document: OpenDocument }>();
  readonly #answers = new Map<string, Promise<unknown>>();
  #state = NO_STATE;

  /** @param opened in the editor */
  constructor(opened: Opened, ask: Ask) {
    this.#opened = opened;
    this.#ask = ask;
  }

  get state(): EditorState {
    return this.#state;
  }
  set state(state: EditorState) {
    this.#state = state;
    this.#answers.clear();
  }

  openDocuments(): readonly OpenDocument[] {
    return this.#opened.all();
  }

  /** The open document, else what is on disk. Null: there is no such file, or none that is read. */
  async document(file: string): Promise<OpenDocument | null> {
    const uri = pathToFileURL(file).href;
    const open = this.#opened.get(uri);
    if (open) return open;
    const languageId = LANGUAGES[path.extname(file)];
    const found = languageId === undefined ? null : await stat(file).catch(() => null);
    if (languageId === undefined || !found?.isFile() || found.size > MOST_CHARACTERS) return null;
    const stamp = `${found.mtimeMs}/${found.size}`;
    const known = this.#kept.get(uri);
    this.#kept.delete(uri);
    if (known?.stamp === stamp) {
      this.#kept.set(uri, known);
      return known.document;
    }
    known?.document.close();
    const text = await readFile(file, "utf8").catch(() => null);
    if (text === null) return null;
    const document = new OpenDocument(TextDocument.create(uri, languageId, 0, text), this.isChosen);
    keepLatest(this.#kept, uri, { stamp, document }, MOST_KEPT, (_uri, old) => old.document.close());
    return document;
  }

  /** A person has submitted with that file as configuration, or has tried. */
  isChosen = (file: string): boolean =>
    this.#state.configurations.includes(file) ||
    this.#state.submitted.some(({ configuration }) => configuration === file);

  /** The script that an experiment file is for, of several the one that trains; null where that cannot be told. */
  async scriptOf(experiment: OpenDocument): Promise<OpenDocument | null> {
    if (experiment.languageId === "python") return experiment;
    const { files } = await this.pairs.linkOf(experiment);
    const scripts = files.filter(({ isEntry }) => isEntry);
    const trains = scripts.find(({ facts }) => facts.metrics.length > 0 || facts.parameters.length > 0);
    return (trains ?? scripts[0])?.document ?? null;
  }

  /** What a script would be submitted with; null: nothing. */
  experimentOf(script: OpenDocument): Promise<OpenDocument | null> {
    return this.pairs.experimentOf(script);
  }

  /** Asked once until the extension says that it may be another. */
  ask<M extends keyof ToExtension>(method: M, params: ToExtension[M][0]): Promise<ToExtension[M][1]> {
    const key = JSON.stringify([method, params]);
    const known = this.#answers.get(key);
    if (known) return known as Promise<ToExtension[M][1]>;
    const asked = this.#ask(method, params).catch(() => null);
    this.#answers.set(key, asked);
    return asked;
  }

  forgetAnswers(): void {
    this.#answers.clear();
  }
}
