/** A search by blocks finds what a search of the whole file would, whatever is in it and wherever blocks end. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { OutputQuery, type SearchPlace } from "../../../../src/cluster/protocol/output.ts";
import { createMatcher } from "../../../../src/cluster/server/output/matcher.ts";
import { searchSlice, type Slice } from "../../../../src/cluster/server/output/search.ts";
import { StreamFile } from "../../../../src/cluster/server/output/streamFile.ts";

const folder = mkdtempSync(path.join(tmpdir(), "trainyard-search-"));
const file = path.join(folder, "stdout.log");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Asked {
  query: Partial<OutputQuery> & { text: string };
  direction?: "forward" | "backward";
  limit?: number;
  blockBytes?: number;
  dropped?: number;
  secrets?: Record<string, string>;
}

/** All of it, slice after slice. */
function all(content: Buffer | string, asked: Asked): Slice["matches"] {
  writeFileSync(file, content);
  const { query, direction = "forward", limit = 3, blockBytes = 64, dropped = 0, secrets = {} } = asked;
  const matcher = createMatcher(OutputQuery.parse(query));
  const found: Slice["matches"] = [];
  let from: SearchPlace | null = null;
  for (let slices = 0; slices < 10_000; slices++) {
    const stream = new StreamFile({ file, dropped: { bytes: dropped, lines: 0 }, secrets });
    const slice = searchSlice(stream, matcher, { direction, from, limit, until: Infinity, blockBytes });
    stream.close();
    found.push(...slice.matches);
    if (slice.next === null) return found;
    from = slice.next;
  }
  throw new Error("the search does not come to its end");
}

/** Where the lines begin that hold the text. */
function expected(content: Buffer, holds: (line: string) => boolean): number[] {
  const offsets: number[] = [];
  let at = 0;
  for (const line of content.toString("latin1").split("\n")) {
    if (line.split("\r").some((state) => holds(Buffer.from(state, "latin1").toString("utf8"))))
      offsets.push(at);
    at += line.length + 1;
  }
  return offsets;
}

const words = fc.constantFrom(
  "a",
  "b",
  "ab",
  "needle",
  "Needle",
  "é",
  "needl",
  "\r",
  "\n",
  "\n",
  "\u001b[31m",
  " ",
);
const output = fc.array(words, { maxLength: 80 }).map((parts) => Buffer.from(parts.join("")));
// eslint-disable-next-line no-control-regex -- colours are left out of what is looked at
const plain = (text: string): string => text.replace(/\u001b\[31m/g, "");

describe.each(["forward", "backward"] as const)("%s", (direction) => {
  test("a text is found in each line that has it, once", () => {
    fc.assert(
      fc.property(
        output,
        fc.boolean(),
        fc.integer({ min: 24, max: 90 }),
        (content, matchCase, blockBytes) => {
          // Lines that are longer than a block are another test's.
          fc.pre(
            content
              .toString("latin1")
              .split("\n")
              .every((line) => line.length < blockBytes / 2),
          );
          const found = all(content, { query: { text: "needle", matchCase }, direction, blockBytes });
          const lines = expected(content, (line) =>
            matchCase ? plain(line).includes("needle") : plain(line).toLowerCase().includes("needle"),
          );
          expect(found.map(({ offset }) => offset)).toEqual(
            direction === "forward" ? lines : lines.reverse(),
          );
          for (const one of found)
            expect(one.excerpt.slice(one.found.from, one.found.to).toLowerCase()).toBe("needle");
        },
      ),
      { numRuns: 500 },
    );
  });

  test("an expression is tried on each state of each line", () => {
    fc.assert(
      fc.property(output, (content) => {
        fc.pre(
          content
            .toString("latin1")
            .split("\n")
            .every((line) => line.length < 30),
        );
        const found = all(content, { query: { text: "^(ab|é).*b$", kind: "expression" }, direction });
        const lines = expected(content, (line) => /^(ab|é).*b$/i.test(plain(line)));
        expect(found.map(({ offset }) => offset)).toEqual(direction === "forward" ? lines : lines.reverse());
      }),
      { numRuns: 500 },
    );
  });

  test("in a line that is longer than a block it is found all the same, once", () => {
    const line = `${"x".repeat(500)}needle${"y".repeat(300)}needle${"z".repeat(500)}`;
    const content = `first\n${line}\nlast needle\n`;
    const found = all(content, { query: { text: "needle" }, direction });
    const inOrder = direction === "forward" ? found : found.toReversed();
    expect(inOrder.at(-1)).toMatchObject({ offset: 6 + line.length + 1 });
    expect(inOrder[0]?.at).toBeGreaterThanOrEqual(506);
    if (direction === "forward") expect(inOrder).toMatchObject([{ offset: 6, at: 506 }, {}]);
  });

  test("what was dropped is not looked at", () => {
    const content = Buffer.concat([Buffer.alloc(100), Buffer.from("st needle\nneedle 2\n")]);
    const found = all(content, { query: { text: "needle" }, direction, dropped: 100 });
    expect(found.map(({ offset }) => offset).sort()).toEqual([100, 110]);
    const zeros = all(content, { query: { text: "\\x00", kind: "expression" }, direction, dropped: 100 });
    expect(zeros).toEqual([]);
  });
});

test("a secret is never found, nor in an excerpt, wherever a block cuts it", () => {
  const secrets = { TOKEN: "hunter2hunter2" };
  const line = "the token is hunter2hunter2 and that is it\n";
  for (let blockBytes = 20; blockBytes < 100; blockBytes++) {
    const asked = { blockBytes, secrets };
    expect(all(line.repeat(9), { ...asked, query: { text: "hunter2hunter2" } })).toEqual([]);
    expect(all(line.repeat(9), { ...asked, query: { text: "hunter" } })).toEqual([]);
    expect(all(line.repeat(9), { ...asked, query: { text: "h.nter", kind: "expression" } })).toEqual([]);
    const seen = all(line.repeat(9), { ...asked, query: { text: "that is it" } });
    expect(seen.length).toBe(9);
    for (const { excerpt } of seen) expect(excerpt).not.toMatch(/hunt|ter2/);
  }
});

test("an excerpt is what is around it, without colours, of the state that holds it", () => {
  const bar = "\r 10% loss 3\r\u001b[32m 50%\u001b[0m loss \u001b[1m2\u001b[0m\r100% done\n";
  const [found] = all(`epoch\n${bar}`, { query: { text: "50% loss 2" } });
  expect(found).toMatchObject({ offset: 6, excerpt: " 50% loss 2", found: { from: 1, to: 11 } });
});

test("bytes that are no UTF-8 hide nothing", () => {
  const content = Buffer.concat([
    Buffer.from([0xff, 0xc3, 0x28, 10]),
    Buffer.from("\xff needle é\n", "latin1"),
  ]);
  expect(all(content, { query: { text: "needle" } })).toMatchObject([{ offset: 4, at: 6 }]);
  expect(all(content, { query: { text: "nee.le", kind: "expression" } })).toMatchObject([{ offset: 4 }]);
});

test("an excerpt of a line of a million characters is short", () => {
  const content = `${"a".repeat(500_000)}needle${"b".repeat(500_000)}\n`;
  const [found] = all(content, { query: { text: "needle" }, blockBytes: 4 * 1024 * 1024 });
  expect(found?.excerpt.length).toBeLessThanOrEqual(400);
  expect(found?.excerpt.slice(found.found.from, found.found.to)).toBe("needle");
  const byExpression = all(content, {
    query: { text: "needle", kind: "expression" },
    blockBytes: 4 * 1024 * 1024,
  });
  expect(byExpression[0]?.excerpt).toContain("needle");
});
