import { describe, expect, it } from "vitest";
import { isInsidePath } from "../../../src/cluster/protocol/base.ts";

describe("a relative path", () => {
  it.each([".", "a", "a/b.py", "a b/c-d_e.pt", ".hidden", "a..b/c", "ünï/x"])("may be %s", (path) => {
    expect(isInsidePath(path)).toBe(true);
  });
  it.each([
    "",
    "/a",
    "..",
    "a/..",
    "a/../b",
    "./a",
    "a//b",
    "a/",
    "a\\b",
    "C:/x",
    "a\u0000b",
    "a\nb",
    "x".repeat(5000),
  ])("is not %j", (path) => {
    expect(isInsidePath(path)).toBe(false);
  });
});
