import fc from "fast-check";
import { TextDocument } from "vscode-languageserver-textdocument";
import { describe, expect, it } from "vitest";
import { OpenDocument } from "../../../../src/extension/language-server/server/documents.ts";
import { corpus, SNIPPETS } from "./corpus.ts";
import { rangesOf } from "./facts.ts";

const open = (text: string): OpenDocument =>
  new OpenDocument(TextDocument.create("file:///train.py", "python", 1, text), () => false);
const texts = corpus().map((text) => text.slice(0, 6000));

const edit = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  removed: fc.oneof({ arbitrary: fc.constant(0), weight: 3 }, fc.nat(30)),
  inserted: fc.oneof(fc.constantFrom("", ...SNIPPETS), fc.string({ maxLength: 8 })),
});

describe("a script that is edited", () => {
  it("has after each of 1,000 edits the tree and the facts of a fresh parse, with ranges that lie in it", async () => {
    let edits = 0;
    const property = fc.asyncProperty(
      fc.constantFrom(...texts),
      fc.array(fc.array(edit, { minLength: 1, maxLength: 2 }), { minLength: 20, maxLength: 20, size: "max" }),
      async (text, rounds) => {
        const document = open(text);
        for (const round of rounds) {
          await (
            await document.script()
          )?.facts; // there is something to be brought up to date
          for (const { at, removed, inserted } of round) {
            const start = Math.floor(at * document.getText().length);
            const range = { start: document.positionAt(start), end: document.positionAt(start + removed) };
            document.update([{ range, text: inserted }], document.version + 1);
            edits += 1;
          }
          await expectFresh(document);
        }
        document.close();
      },
    );
    await fc.assert(property, { seed: 7, numRuns: 50 });
    expect(edits).toBeGreaterThanOrEqual(1000);
  }, 120_000);
});

async function expectFresh(document: OpenDocument): Promise<void> {
  const fresh = open(document.getText());
  const [script, other] = [await document.script(), await fresh.script()];
  expect(script?.tree.rootNode.toString()).toBe(other?.tree.rootNode.toString());
  expect(script?.facts).toEqual(other?.facts);
  for (const range of script ? rangesOf(script.facts) : []) {
    expect(document.positionAt(document.offsetAt(range.start))).toEqual(range.start);
    expect(document.positionAt(document.offsetAt(range.end))).toEqual(range.end);
  }
  fresh.close();
}
