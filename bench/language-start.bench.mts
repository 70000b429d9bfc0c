/** The built language server: from the start of its process to its first answer about a script, its memory with both files open, its size. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { dist } from "../scripts/lib/paths.mts";
import { LanguageServer } from "./language/server.mts";
import { fileText, scriptText } from "./language/texts.mts";
import type { Measurements } from "./run.mts";
import { median, rounded } from "./statistics.mts";

const STARTS = 7;
const FILES = {
  server: "languageServer.js",
  grammar: "tree-sitter-python.wasm",
  parser: "web-tree-sitter.wasm",
  client: "language.js",
};

export async function run(): Promise<Measurements> {
  const [file, script] = [fileText(), scriptText()];
  const firstMs: number[] = [];
  const memoryMb: number[] = [];
  for (let start = 0; start < STARTS; start++) {
    const began = performance.now();
    const server = new LanguageServer();
    try {
      await server.start();
      await server.open("train.py", script);
      const lenses = await server.document<unknown[]>("textDocument/codeLens", "train.py");
      firstMs.push(performance.now() - began);
      if (lenses.length === 0) throw new Error("the script has no lens");
      const diagnostics = server.diagnostics("train.yaml").of(1);
      await server.open("train.yaml", file);
      await diagnostics;
      await server.document("textDocument/codeLens", "train.yaml");
      memoryMb.push(server.memoryMb);
    } finally {
      await server.stop();
    }
  }
  const bytes = Object.entries(FILES).map(([name, of]) => {
    const content = readFileSync(path.join(dist, of));
    return [name, { raw: content.length / 1e6, packed: gzipSync(content).length / 1e6 }] as const;
  });
  const served = bytes.filter(([name]) => name !== "client").reduce((sum, [, { raw }]) => sum + raw, 0);
  return {
    first_answer_ms: rounded(median(firstMs)),
    first_answer_worst_ms: rounded(Math.max(...firstMs)),
    memory_mb: rounded(median(memoryMb)),
    server_and_grammar_mb: rounded(served, 3),
    ...Object.fromEntries(
      bytes.flatMap(([name, { raw, packed }]) => [
        [`${name}_mb`, rounded(raw, 3)],
        [`${name}_gzip_mb`, rounded(packed, 3)],
      ]),
    ),
    starts: STARTS,
  };
}
