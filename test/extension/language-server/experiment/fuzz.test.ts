import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Range } from "vscode-languageserver/node";
import { TextDocument } from "vscode-languageserver-textdocument";
import type { Located } from "../../../../src/cluster/client/configuration/places.ts";
import { completeKeys } from "../../../../src/extension/language-server/server/experiment/completeKeys.ts";
import { completeValues } from "../../../../src/extension/language-server/server/experiment/completeValues.ts";
import {
  type ExperimentDocument,
  readExperiment,
} from "../../../../src/extension/language-server/server/experiment/document.ts";
import { hoverText } from "../../../../src/extension/language-server/server/experiment/hovers.ts";
import { diagnosticOf } from "../../../../src/extension/language-server/server/features/experimentFiles.ts";
import { watchdog } from "../watchdog.ts";
import { SCRIPTS, YAML } from "./corpus.ts";

const FILES = 10_000;
const PIECES = [
  ...[
    "\t",
    "  ",
    "\r\n",
    "\n",
    "\uFEFF",
    "{",
    "}",
    "[",
    "]",
    ":",
    ": ",
    "=",
    "- ",
    "#",
    '"',
    "'",
    "|",
    ">",
    "&x ",
    "*x",
  ],
  ...["<<: *x", "---", "...", "? ", "!!int ", "null", "1e999", ".inf", "0x", "__proto__: 1", "__proto__ = 1"],
  ...[
    "[[tool.trainyard]]",
    "# ///\n",
    "# /// script\n",
    '"""',
    "'''",
    "\u2028",
    "\u{1F600}",
    "\0",
    "type: log",
    "a.b.c = 1",
  ],
];

/** Deletes, inserts or doubles a piece, a few times. `at` and `length` are parts of the text. */
const damage = fc.array(
  fc.record({
    kind: fc.constantFrom("delete", "insert", "double", "cut"),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    length: fc.nat({ max: 40 }),
    piece: fc.constantFrom(...PIECES),
  }),
  { minLength: 1, maxLength: 6 },
);

function damaged(
  text: string,
  edits: readonly { kind: string; at: number; length: number; piece: string }[],
): string {
  return edits.reduce((now, { kind, at, length, piece }) => {
    const from = Math.floor(at * now.length);
    const to = Math.min(now.length, from + length);
    if (kind === "cut") return now.slice(0, Math.max(1, from));
    const middle = kind === "delete" ? "" : kind === "insert" ? piece : now.slice(from, to).repeat(2);
    return now.slice(0, from) + middle + now.slice(kind === "insert" ? from : to);
  }, text);
}

/** All that a person could ask of it at one place; every range is one of the text. */
function ask(file: string, languageId: string, text: string, offset: number): void {
  const document = TextDocument.create("file:///x", languageId, 1, text);
  const inside = (range: Range): void => {
    expect(document.positionAt(document.offsetAt(range.start))).toEqual(range.start);
    expect(document.positionAt(document.offsetAt(range.end))).toEqual(range.end);
    expect(document.offsetAt(range.start)).toBeLessThanOrEqual(document.offsetAt(range.end));
  };
  const experiment = readExperiment({ file, languageId, text, isChosen: true });
  if (experiment === null) return;
  const said = (one: Located): void => {
    const { range } = diagnosticOf(one, 1);
    inside(range);
    if (one.fix) experiment.edits(one.fix, range).forEach((edit) => inside(edit.range));
  };
  experiment.problems.forEach(said);
  experiment.notes.forEach(said);
  const pointed = experiment.pathAt(offset);
  if (pointed) {
    inside(pointed.range);
    hoverText(experiment, pointed.path, pointed.what);
  }
  complete(experiment, offset, inside);
  inside(experiment.insertion(["searcher", "max_trials"], 3).range);
  inside(experiment.insertion(["hyperparameters", "lr", "count"], 3).range);
}

function complete(experiment: ExperimentDocument, offset: number, inside: (range: Range) => void): void {
  const typing = experiment.typingAt(offset);
  if (!typing) return;
  inside(typing.range);
  completeKeys(experiment, typing);
  completeValues(experiment, typing);
}

describe("a file that is damaged in any way", () => {
  it.each([
    ["YAML", "train.yaml", "yaml", YAML],
    ["a script", "train.py", "python", SCRIPTS],
  ] as const)(
    "is read as far as it goes, and every place lies in it: %s",
    async (_, file, languageId, corpus) => {
      const dog = watchdog();
      fc.assert(
        fc.property(
          fc.constantFrom(...corpus),
          damage,
          fc.boolean(),
          fc.double({ min: 0, max: 1, noNaN: true }),
          (text, edits, isWindows, at) => {
            dog.beat();
            const now = damaged(isWindows ? text.replaceAll("\n", "\r\n") : text, edits);
            ask(file, languageId, now, Math.floor(at * now.length));
          },
        ),
        { numRuns: FILES, seed: 7 },
      );
      await dog.stop();
    },
    300_000,
  );

  it("each place of a good file can be asked about", () => {
    for (const text of YAML) for (let at = 0; at <= text.length; at++) ask("train.yaml", "yaml", text, at);
    for (const text of SCRIPTS) for (let at = 0; at <= text.length; at++) ask("train.py", "python", text, at);
  }, 60_000);
});
