/** The real parser of Python: tree-sitter's grammar as WebAssembly, loaded with the first script. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { Language, Parser } from "web-tree-sitter";

/** Two files beside the bundle (scripts/build.mts); tests have no bundle, and say where they are. */
export interface GrammarFiles {
  readonly runtime: string;
  readonly grammar: string;
}

let files: GrammarFiles = {
  runtime: path.join(import.meta.dirname, "web-tree-sitter.wasm"),
  grammar: path.join(import.meta.dirname, "tree-sitter-python.wasm"),
};
let loading: Promise<Parser> | undefined;

/** Before the first load. */
export function setGrammarFiles(where: GrammarFiles): void {
  files = where;
}

export function loadPython(): Promise<Parser> {
  return (loading ??= load());
}

async function load(): Promise<Parser> {
  const grammar = readFile(files.grammar);
  const wasmBinary = await readFile(files.runtime);
  await Parser.init({ wasmBinary });
  const parser = new Parser();
  parser.setLanguage(await Language.load(await grammar));
  return parser;
}
