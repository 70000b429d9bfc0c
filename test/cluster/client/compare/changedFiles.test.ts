import { expect, test } from "vitest";
import { changedFiles } from "../../../../src/cluster/client/compare/changedFiles.ts";
import { standsFor } from "../../../../src/cluster/client/compare/standsFor.ts";
import { experiment, trial } from "../../../extension/fixtures.ts";

const file = (path: string, id?: string, bytes = 1) => ({ path, bytes, mode: "100644", id });

test("the script comes first, then what changed, came or went by name", () => {
  const before = [file("a.py", "1"), file("gone.py", "2"), file("same.py", "3"), file("train.py", "4")];
  const after = [file("a.py", "5"), file("new.py", "6"), file("same.py", "3"), file("train.py", "7")];
  expect(changedFiles(before, after, "train.py")).toEqual([
    { path: "train.py", isBefore: true, isAfter: true },
    { path: "a.py", isBefore: true, isAfter: true },
    { path: "gone.py", isBefore: true, isAfter: false },
    { path: "new.py", isBefore: false, isAfter: true },
  ]);
});

test("of a server that tells no content the size has to do", () => {
  expect(changedFiles([file("a"), file("b")], [file("a"), file("b", undefined, 2)], "a")).toMatchObject([
    { path: "b" },
  ]);
});

test("an experiment stands for its best trial, else for its first", () => {
  const trials = [trial({ number: 1 }), trial({ number: 2 })];
  const best = { trialId: "1.2", value: 1, step: 1 };
  expect(standsFor(experiment({ best }), trials)?.number).toBe(2);
  expect(standsFor(experiment(), trials)?.number).toBe(1);
  expect(standsFor(experiment(), [])).toBeNull();
});
