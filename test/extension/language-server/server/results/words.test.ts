import fc from "fast-check";
import { expect, test } from "vitest";
import { sparkline } from "../../../../../src/extension/language-server/server/results/sparkline.ts";
import {
  escaped,
  lensText,
  trialsTable,
} from "../../../../../src/extension/language-server/server/results/words.ts";
import { trialFacts } from "../../histories.ts";

test("names in Markdown are text alone: no link, picture, HTML, table cell, autolink, icon or line of their own", () => {
  const hostile = [
    "a | b",
    "[x](command:evil)",
    "![](https://evil.example/x.png)",
    "<img src=x onerror=y>",
    "`code` **bold**",
    "www.evil.example",
    "$(trash)",
    "a\n# heading",
    "\u202egnp.exe",
  ];
  for (const name of hostile) {
    const text = escaped(name);
    expect(text).not.toMatch(/(?<!\\)[|[\]()<>`*_!#$&.:/~@]/);
    expect(text).not.toMatch(/[\n\r\u202e]/);
  }
  // One backslash before each, and nothing else: what is shown is the name.
  expect(escaped("val_loss/top-1").replaceAll("\\", "")).toBe("val_loss/top-1");
});

test("a table has as many cells in each row, whatever the values are (property)", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (title, value) => {
      const columns = [{ title, isNumber: false, text: () => value }];
      const trial = trialFacts();
      const rows = trialsTable("a) b(c", [trial], columns, trial).split("\n");
      expect(rows).toHaveLength(3);
      for (const row of rows) expect(row.replaceAll(/\\./g, "").match(/\|/g)).toHaveLength(3);
      expect(rows[2]).toMatch(/^\| \[12\\\.1\]\(command:trainyard\.openPanel\?[\w%.-]+\) \| /);
    }),
  );
});

test("a lens shows a name's `$(icon)` as it is written", () => {
  expect(lensText("loss $(trash)")).toBe("loss \\$(trash)");
});

test("a curve in one word", () => {
  expect(sparkline([1, 0.5, 0.25, 0.2])).toBe("█▃▁▁");
  expect(sparkline(Array.from({ length: 100 }, (_, at) => at))).toBe("▁▂▃▄▅▆▇█");
  expect(sparkline([NaN, 1, Infinity, 2, 3])).toBe("▁▅█");
  expect([
    sparkline([]),
    sparkline([1]),
    sparkline([2, 2, 2]),
    sparkline([NaN, NaN]),
    sparkline([0, 5e-324, 0]),
  ]).toEqual(["", "", "", "", ""]);
  fc.assert(
    fc.property(fc.array(fc.double()), (values) => {
      expect(sparkline(values)).toMatch(/^[▁▂▃▄▅▆▇█]{0,8}$/);
    }),
  );
});
