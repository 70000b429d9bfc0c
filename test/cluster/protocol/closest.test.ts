import { describe, expect, it } from "vitest";
import { closest, editDistance } from "../../../src/cluster/protocol/closest.ts";

describe("editDistance", () => {
  it.each([
    ["", "", 0],
    ["", "abc", 3],
    ["kitten", "sitting", 3],
    ["naem", "name", 1],
    ["max_trial", "max_trials", 1],
  ])("%s to %s is %i", (from, to, edits) => {
    expect(editDistance(from, to)).toBe(edits);
    expect(editDistance(to, from)).toBe(edits);
  });
});

describe("closest", () => {
  it("names what is near and nothing that is not", () => {
    const names = ["name", "data", "searcher", "resources"];
    expect(closest("Sercher", names)).toBe("searcher");
    expect(closest("resource", names)).toBe("resources");
    expect(closest("x", names)).toBeNull();
    expect(closest("hyperparameters", names)).toBeNull();
  });
});
