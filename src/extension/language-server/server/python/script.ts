/** A Python file's syntax tree, kept up to date by edits, and what is read from it. */
import { Edit as TreeEdit, type Parser, type Tree } from "web-tree-sitter";
import type { Statements } from "./copy.ts";
import { NOT_READ, readFacts, type ScriptFacts } from "./facts.ts";
import { type Glance, readGlance } from "./glance.ts";

/** An edit as tree-sitter wants it: offsets and columns in UTF-16 units. */
export type Edit = Pick<
  TreeEdit,
  "startIndex" | "oldEndIndex" | "newEndIndex" | "startPosition" | "oldEndPosition" | "newEndPosition"
>;

/** Characters, of some 15,000 lines. Of a longer script nothing is known: nobody trains with one, and to read it takes a second. */
export const MOST_READ = 512 * 1024;

export class Script {
  readonly #parser: Parser;
  readonly #text: () => string;
  #tree: Tree | null = null;
  #isCurrent = false;
  #facts: ScriptFacts | null = null;
  /** Of one that is being edited: others are read once. */
  #statements: Statements | undefined;

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
    const old = this.#tree;
    let parsed = this.#parse(old);
    // How tree-sitter goes on after a mistake depends on what it reuses, and so on what was typed before: a text shall have one tree.
    if (old !== null && parsed.rootNode.hasError) {
      parsed.delete();
      parsed = this.#parse(null);
    }
    old?.delete();
    this.#tree = parsed;
    this.#isCurrent = true;
    return parsed;
  }

  /** Of the facts those that are quickly read. */
  get glance(): Glance {
    if (this.#facts !== null) return this.#facts;
    return this.#text().length > MOST_READ ? NOT_READ : readGlance(this.tree.rootNode, this.#text());
  }

  get facts(): ScriptFacts {
    if (this.#facts !== null) return this.#facts;
    const text = this.#text();
    return (this.#facts = text.length > MOST_READ ? NOT_READ : readFacts(this.tree, text, this.#statements));
  }

  #parse(old: Tree | null): Tree {
    const parsed = this.#parser.parse(this.#text(), old);
    if (parsed === null) throw new Error("tree-sitter gave up without having been asked to");
    return parsed;
  }

  /** The text has become another one by this edit. */
  edit(edit: Edit): void {
    this.#tree?.edit(new TreeEdit(edit));
    this.#isCurrent = false;
    this.#facts = null;
    this.#statements ??= new Map();
  }

  close(): void {
    this.#tree?.delete();
    this.#tree = null;
    this.#isCurrent = false;
    this.#facts = null;
    this.#statements = undefined;
  }
}
