import { expect, it } from "vitest";
import { applySgr, PLAIN } from "../../../../src/webviews/experiment/output/ansi.ts";

it.each([
  ["", {}],
  ["0", {}],
  ["1;3;4", { bold: true, italic: true, underline: true }],
  ["31", { foreground: 1 }],
  ["97;40", { foreground: 15, background: 0 }],
  ["104", { background: 12 }],
  ["38;5;9", { foreground: 9 }],
  ["38;5;208", { foreground: "#ff8700" }],
  ["48;5;244", { background: "#808080" }],
  ["38;2;1;2;300;1", { foreground: "#0102ff", bold: true }],
  ["38;5", {}],
  ["38;2;1", {}],
  ["38;5;999", {}],
  ["1;22;7;27", {}],
  ["31;39", {}],
  ["53;99", {}],
])("SGR %s", (parameters, expected) =>
  expect(applySgr(PLAIN, parameters)).toEqual({ ...PLAIN, ...expected }),
);
