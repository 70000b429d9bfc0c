import { expect, test } from "vitest";
import { notesPath, parseNotesPath } from "../../../src/extension/editor/notesUri.ts";

test("an experiment's and a trial's notes have an address that says whose they are", () => {
  for (const of of [
    { experimentId: 12, trialId: null },
    { experimentId: 12, trialId: "12.3" },
  ])
    expect(parseNotesPath(notesPath(of))).toEqual(of);
  expect(notesPath({ experimentId: 12, trialId: "12.3" })).toBe("/notes-12.3.md");
});

test.each(["/notes-0.md", "/notes-1.md/x", "/notes-1.2.3.md", "/../notes-1.md", "/notes-1.txt", "/"])(
  "%s is no address of notes",
  (path) => expect(parseNotesPath(path)).toBeNull(),
);
