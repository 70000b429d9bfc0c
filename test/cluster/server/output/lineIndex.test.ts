/** Numbers of lines by place and places by number, as the file itself has them: while it grows, and after its head is gone. */
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { indexFileOf } from "../../../../src/cluster/server/output/indexFile.ts";
import { countNewlines, nthNewline } from "../../../../src/cluster/server/output/newlines.ts";
import { OutputScanner } from "../../../../src/cluster/server/output/scanner.ts";

const MIB = 1024 * 1024;
let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "trainyard-lines-"));
  file = path.join(folder, "stdout.log");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const NOTHING = { bytes: 0, lines: 0 };
const place = (dropped = NOTHING) => ({ file, dropped, secrets: {} });
/** Of different lengths, one of them longer than what is counted at once. */
function lines(count: number, seed: number): string {
  const text = Array.from({ length: count }, (_, n) => "x".repeat(((n + seed) * 7919) % 200)).join("\n");
  return `${text}\n${"long".repeat(MIB / 2)}\n`;
}

test("newlines are counted in any bytes at any alignment", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 70 }), fc.nat(5), (bytes, skip) => {
      const own = new Uint8Array(bytes.map((byte) => (byte < 128 ? 10 : byte))).subarray(skip);
      const counted = own.filter((byte) => byte === 10).length;
      expect(countNewlines(own)).toBe(counted);
      if (counted > 0) expect(nthNewline(own, counted)).toBe(own.lastIndexOf(10));
      expect(nthNewline(own, counted + 1)).toBe(-1);
    }),
    { numRuns: 1000 },
  );
});

function check(scanner: OutputScanner, dropped = NOTHING): void {
  const content = readFileSync(file);
  const all = content.toString("latin1").split("\n");
  const starts: number[] = [];
  let at = 0;
  for (const line of all) {
    starts.push(at);
    at += line.length + 1;
  }
  const visible = starts.flatMap((offset, index) =>
    offset >= dropped.bytes && offset < content.length ? [{ offset, line: index + 1 }] : [],
  );
  const asked = visible.filter(
    (_, index) => index % Math.ceil(all.length / 20) === 0 || index > visible.length - 5,
  );
  const byOffset = scanner.lines(place(dropped), { offsets: asked.map(({ offset }) => offset), lines: [] });
  expect(byOffset).toMatchObject({ places: asked, counted: content.length, size: content.length });
  const byLine = scanner.lines(place(dropped), { offsets: [], lines: asked.map(({ line }) => line) });
  expect(byLine.places).toEqual(asked);
  const open = content.at(-1) === 10 || content.length === 0 ? 0 : 1;
  expect(byOffset.lineCount).toBe(all.length - 1 + open);
}

test("a file that grows is counted on, by another server too", () => {
  const scanner = new OutputScanner(Infinity);
  writeFileSync(file, "");
  expect(scanner.lines(place(), { offsets: [0], lines: [1] })).toMatchObject({ size: 0, lineCount: 0 });
  for (let round = 0; round < 2; round++) {
    appendFileSync(file, lines(5000, round));
    check(scanner);
    check(new OutputScanner(Infinity));
  }
  appendFileSync(file, "a last one without an end");
  check(scanner);
  expect(scanner.lines(place(), { offsets: [10], lines: [1_000_000] }).places[1]).toBeNull();
  expect(statSync(indexFileOf(file)).size).toBeLessThan(1000);
});

test("in the middle of a line it is that line, however long", () => {
  writeFileSync(file, `first\n${"x".repeat(3 * MIB)}\nthird`);
  const scanner = new OutputScanner(Infinity);
  const { places } = scanner.lines(place(), {
    offsets: [3, 6, 2 * MIB, 3 * MIB + 6, 3 * MIB + 9],
    lines: [],
  });
  expect(places).toEqual([
    { line: 1, offset: 0 },
    { line: 2, offset: 6 },
    { line: 2, offset: 6 },
    { line: 2, offset: 6 },
    { line: 3, offset: 3 * MIB + 7 },
  ]);
});

test("what was dropped keeps its numbers: the lines after it have theirs", () => {
  writeFileSync(file, lines(30_000, 1));
  const content = readFileSync(file);
  const dropped = { bytes: 2 * MIB, lines: countNewlines(content.subarray(0, 2 * MIB)) };
  const before = new OutputScanner(Infinity);
  check(before);
  for (const scanner of [before, new OutputScanner(Infinity)]) {
    check(scanner, dropped);
    const gone = scanner.lines(place(dropped), { offsets: [100], lines: [3] });
    expect(gone.places).toEqual([null, null]);
  }
});

test("another file in its place, and a cut one, are counted anew", () => {
  const scanner = new OutputScanner(Infinity);
  writeFileSync(file, lines(30_000, 1));
  check(scanner);
  writeFileSync(file, lines(10_000, 2));
  check(scanner);
  // The same inode and as long, but other bytes: what is written beside it is not believed.
  writeFileSync(file, lines(500, 5).replaceAll("ng", "\n_"));
  check(new OutputScanner(Infinity));
  writeFileSync(indexFileOf(file), "{not an index");
  check(new OutputScanner(Infinity));
});

test("a search knows numbers as far as lines are counted, and never waits for them", () => {
  writeFileSync(file, `${lines(20_000, 3)}needle\n`);
  const scanner = new OutputScanner(Infinity);
  const query = { text: "needle", kind: "text", matchCase: true } as const;
  const asked = { query, direction: "backward", from: null, limit: 5 } as const;
  expect(scanner.search(place(), asked).matches).toMatchObject([{ line: null }]);
  scanner.lines(place(), { offsets: [], lines: [] });
  expect(scanner.search(place(), asked).matches).toMatchObject([{ line: 20_002 }]);
});

test("a call works for a moment: what it did not come to is said, and the next one goes on", () => {
  writeFileSync(file, lines(100_000, 3));
  const scanner = new OutputScanner(0);
  const { size } = statSync(file);
  let calls = 0;
  for (let counted = 0; counted < size; calls++) {
    const answer = scanner.lines(place(), { offsets: [size - 1], lines: [] });
    expect(answer.counted >= counted || answer.counted === 0).toBe(true);
    counted = answer.counted;
    if (calls > 1000) throw new Error("it does not go on");
    if (calls === 0) expect(answer.places).toEqual([null]);
  }
});
