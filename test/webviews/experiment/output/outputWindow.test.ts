import fc from "fast-check";
import { expect, it } from "vitest";
import { OutputWindow } from "../../../../src/webviews/experiment/output/outputWindow.ts";
import type { Row } from "../../../../src/webviews/experiment/output/terminal.ts";

const text = (row: Row | null | undefined) => row?.spans.map((span) => span.text).join("") ?? "";

/** A file that grows, and loses its head, read as the pool reads it. */
function fileOf(initial: string, dropped = 0) {
  let content = new TextEncoder().encode(initial);
  const reads: [number, number][] = [];
  let changes = 0;
  const window = new OutputWindow(
    (offset, limit) => {
      reads.push([offset, limit]);
      const asked = offset < 0 ? content.length + offset : offset;
      const from = Math.min(content.length, Math.max(dropped, asked));
      const bytes = content.slice(from, from + limit).buffer;
      return Promise.resolve({ bytes, offset: from, size: content.length, ended: false, dropped });
    },
    () => changes++,
  );
  return {
    window,
    reads,
    changes: () => changes,
    lines: () => window.rows.map(text),
    append: (more: string) => (content = new TextEncoder().encode(new TextDecoder().decode(content) + more)),
    replace: (other: string) => (content = new TextEncoder().encode(other)),
    drop: (bytes: number) => (dropped = bytes),
    size: () => content.length,
  };
}
const numbered = (count: number) => Array.from({ length: count }, (_, n) => `line ${n}\n`).join("");
/** The rows are those of the file, without a gap, each with the number of its line. */
function check({ window, lines }: ReturnType<typeof fileOf>): void {
  const shown = lines().filter((line) => line !== "");
  const first = Number(shown[0]?.split(" ")[1]);
  expect(shown).toEqual(shown.map((_, index) => `line ${first + index}`));
  const zero = first - (window.rows[0]?.line ?? 0);
  for (const row of window.rows) if (text(row) !== "") expect(text(row)).toBe(`line ${zero + row.line}`);
  expect(new Set(window.rows.map(({ id }) => id)).size).toBe(window.rows.length);
}

it("opens at the end with one reading, from a full line on", async () => {
  const file = fileOf(numbered(200_000));
  await file.window.follow();
  expect(file.reads).toEqual([[-262_144, 262_144]]);
  expect(file.lines().at(-2)).toBe("line 199999");
  check(file);
});

it("goes anywhere with one reading, and grows on either side, to the end and to the start", async () => {
  const file = fileOf(numbered(200_000));
  await file.window.follow();
  const row = await file.window.moveTo(1_000_000);
  expect(file.reads.length).toBe(2);
  expect(row?.offset).toBeLessThanOrEqual(1_000_000);
  expect((row?.offset ?? 0) + text(row).length).toBeGreaterThanOrEqual(1_000_000 - 1);
  expect(file.window.isAttached).toBe(false);
  check(file);
  for (const grow of ["growBefore", "growAfter"] as const) {
    for (let step = 0; step < 60; step++) {
      await file.window[grow]();
      if (step % 10 === 0) check(file);
      expect(file.window.rows.length).toBeLessThanOrEqual(12_000);
    }
    if (grow === "growBefore") expect(file.lines()[0]).toBe("line 0");
    else expect(file.lines().at(-2)).toBe("line 199999");
  }
  expect(file.window.isAttached).toBe(true);
});

it("any way through a file shows its lines without a gap", async () => {
  const step = fc.oneof(
    fc.constantFrom("growBefore", "growAfter", "toEnd", "append", "follow"),
    fc.nat(1_400_000),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
      const file = fileOf(numbered(100_000));
      let next = 100_000;
      await file.window.follow();
      for (const one of steps) {
        if (typeof one === "number") await file.window.moveTo(one);
        else if (one === "append") {
          file.append(`line ${next++}\n`);
          await file.window.follow(file.size());
        } else await file.window[one]();
        check(file);
        if (file.window.isAttached) expect(file.lines().at(-2)).toBe(`line ${next - 1}`);
      }
    }),
    { numRuns: 15 },
  );
});

it("reads only what was appended", async () => {
  const file = fileOf("one\n");
  await file.window.follow();
  file.append("two\nthr");
  await file.window.follow(file.size());
  file.append("ee\n");
  await file.window.follow(file.size());
  expect(file.lines()).toEqual(["one", "two", "three", ""]);
  expect(file.reads.slice(1).map(([offset]) => offset)).toEqual([4, 11]);
});

it("stays where it is while the file grows, and knows its size", async () => {
  const file = fileOf(numbered(200_000));
  await file.window.follow();
  await file.window.moveTo(1000);
  const before = file.lines();
  file.append("more\n");
  await file.window.follow(file.size());
  expect(file.lines()).toEqual(before);
  expect(file.window.size).toBe(file.size());
});

it("starts again near the end when it fell far behind", async () => {
  const file = fileOf("old\n");
  await file.window.follow();
  file.append(`${"x".repeat(99)}\n`.repeat(50_000));
  await file.window.follow(file.size());
  expect(file.lines()).not.toContain("old");
  expect(file.reads.reduce((sum, [, limit]) => sum + limit, 0)).toBeLessThan(1_000_000);
});

it("shows a file that became shorter from its beginning", async () => {
  const file = fileOf("first run\nwith two lines\n");
  await file.window.follow();
  file.replace("new\n");
  await file.window.follow(30);
  expect(file.lines()).toEqual(["new", ""]);
});

it("begins after what was dropped, also when that happens meanwhile", async () => {
  const file = fileOf(numbered(200_000), 1_048_576);
  await file.window.follow();
  const row = await file.window.moveTo(0);
  expect(row?.offset).toBe(1_048_576);
  expect(file.window).toMatchObject({ isAtStart: true, dropped: 1_048_576 });
  await file.window.moveTo(1_500_000);
  file.drop(1_500_000);
  await file.window.growBefore();
  await file.window.growBefore();
  expect(file.window.isAtStart).toBe(true);
});

it("shows the end of a line that is longer than one reading", async () => {
  const file = fileOf(`${"x".repeat(1_000_000)}\nend\n`);
  await file.window.follow();
  expect(file.lines().slice(-2)).toEqual(["end", ""]);
  expect(file.lines().length).toBeGreaterThan(50);
  const { start } = file.window;
  await file.window.growBefore();
  expect(file.window.start).toBe(start - 65_536);
});
