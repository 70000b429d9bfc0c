import { expect, it } from "vitest";
import { OutputTail } from "../../../../src/webviews/experiment/output/outputTail.ts";
import type { Row } from "../../../../src/webviews/experiment/output/terminal.ts";

/** A file that grows, read as the pool reads it. */
function fileOf(initial: string) {
  let content = new TextEncoder().encode(initial);
  const reads: [number, number][] = [];
  const shown = new Map<number, string>();
  let resets = 0;
  const text = (row: Row) => row.spans.map((span) => span.text).join("");
  const tail = new OutputTail(
    (offset, limit) => {
      reads.push([offset, limit]);
      const from = offset < 0 ? Math.max(0, content.length + offset) : Math.min(offset, content.length);
      const bytes = content.slice(from, from + limit).buffer;
      return Promise.resolve({ bytes, offset: from, size: content.length, ended: false });
    },
    {
      onReset: () => {
        resets++;
        shown.clear();
      },
      onRows: (changed, firstId) => {
        for (const row of changed) shown.set(row.id, text(row));
        for (const id of shown.keys()) if (id < firstId) shown.delete(id);
      },
    },
  );
  return {
    tail,
    reads,
    text,
    lines: () => [...shown.values()],
    resets: () => resets,
    append: (more: string) => (content = new TextEncoder().encode(new TextDecoder().decode(content) + more)),
    replace: (other: string) => (content = new TextEncoder().encode(other)),
    size: () => content.length,
  };
}

it("shows the end of a long file from a full line on, and older parts on demand", async () => {
  const lines = Array.from({ length: 40_000 }, (_, index) => `line ${index}`);
  const file = fileOf(`${lines.join("\n")}\n`);
  await file.tail.follow();
  expect(file.reads).toEqual([[-262_144, 262_144]]);
  expect(file.lines().at(-2)).toBe("line 39999");
  const { startOffset } = file.tail;
  const older = await file.tail.older(startOffset);
  expect(older.rows.at(-1)?.spans[0]?.text).toBe(`line ${Number((file.lines()[0] ?? "").split(" ")[1]) - 1}`);
  expect(older.startOffset).toBeLessThan(startOffset);
});

it("reads only what was appended", async () => {
  const file = fileOf("one\n");
  await file.tail.follow();
  file.append("two\nthr");
  await file.tail.follow(file.size());
  file.append("ee\n");
  await file.tail.follow(file.size());
  expect(file.lines()).toEqual(["one", "two", "three", ""]);
  expect(file.reads.slice(1).map(([offset]) => offset)).toEqual([4, 11]);
});

it("starts again near the end when it fell far behind", async () => {
  const file = fileOf("old\n");
  await file.tail.follow();
  file.append(`${"x".repeat(99)}\n`.repeat(50_000));
  await file.tail.follow(file.size());
  expect(file.resets()).toBe(2);
  expect(file.reads.reduce((sum, [, limit]) => sum + limit, 0)).toBeLessThan(1_000_000);
});

it("shows a file that became shorter from its beginning", async () => {
  const file = fileOf("first run\nwith two lines\n");
  await file.tail.follow();
  file.replace("new\n");
  await file.tail.follow(30);
  expect(file.lines()).toEqual(["new", ""]);
});

it("reads to the beginning of the file", async () => {
  const file = fileOf("a\nb\n");
  await file.tail.follow();
  expect(file.tail.startOffset).toBe(0);
});

it("shows the end of a line that is longer than one reading", async () => {
  const file = fileOf(`${"x".repeat(1_000_000)}\nend\n`);
  await file.tail.follow();
  expect(file.lines().slice(-2)).toEqual(["end", ""]);
  expect(file.lines().length).toBeGreaterThan(50);
  const older = await file.tail.older(file.tail.startOffset);
  expect(older.startOffset).toBe(file.tail.startOffset - 262_144);
});
