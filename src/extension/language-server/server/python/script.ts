/** A Python file's syntax tree, kept up to date by edits, and what is read from it. */
import { Edit as TreeEdit, type Parser, type Tree } from "web-tree-sitter";
import { readFacts, type ScriptFacts } from "./facts.ts";

/** An edit as tree-sitter wants it: offsets and columns in UTF-16 units. */
export type Edit = Pick<
  TreeEdit,
  "startIndex" | "oldEndIndex" | "newEndIndex" | "startPosition" | "oldEndPosition" | "newEndPosition"
>;

export class Script {
  readonly #parser: Parser;
  readonly #text: () => string;
  #tree: Tree | null = null;
  #isCurrent = false;
  #facts: ScriptFacts | null = null;

  /** @param text the present text, at any time */
  constructor(parser: Parser, text: () => string) {
    this.#parser = parser;
    this.#text = text;
  }

  get text(): string {
    return this.#text();
  }

  /** A tree there always is: of an unfinished file with ERROR and MISSING nodes in it. Not to be kept beyond the next edit. */
  get tree(): Tree {
    if (this.#tree !== null && this.#isCurrent) return this.#tree;
    const parsed = this.#parser.parse(this.#text(), this.#tree);
    if (parsed === null) throw new Error("tree-sitter gave up without having been asked to");
    this.#tree?.delete();
    this.#tree = parsed;
    this.#isCurrent = true;
    return parsed;
  }

  get facts(): ScriptFacts {
    return (this.#facts ??= readFacts(this.tree, this.#text()));
  }

  /** The text has become another one by this edit. */
  edit(edit: Edit): void {
    this.#tree?.edit(new TreeEdit(edit));
    this.#isCurrent = false;
    this.#facts = null;
  }

  close(): void {
    this.#tree?.delete();
    this.#tree = null;
    this.#isCurrent = false;
    this.#facts = null;
  }
}
