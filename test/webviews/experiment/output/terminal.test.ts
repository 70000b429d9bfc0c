import { describe, expect, it } from "vitest";
import { PLAIN } from "../../../../src/webviews/experiment/output/ansi.ts";
import { MOST_ROWS, ROW_CELLS, Terminal } from "../../../../src/webviews/experiment/output/terminal.ts";

const encode = (text: string) => new TextEncoder().encode(text);
function shown(...parts: (string | Uint8Array)[]): string[] {
  const terminal = new Terminal();
  for (const part of parts) terminal.write(typeof part === "string" ? encode(part) : part);
  return terminal.rows.map((row) => row.spans.map((span) => span.text).join(""));
}

describe("Terminal", () => {
  it("keeps the last frame of a progress bar", () => {
    const frames = Array.from({ length: 101 }, (_, percent) => `\rtrain: ${percent}%`).join("");
    expect(shown(`${frames}\ndone\n`)).toEqual(["train: 100%", "done", ""]);
  });

  it("overwrites only as far as the new frame reaches, and erases where asked", () => {
    expect(shown("long line\rshort")).toEqual(["shortline"]);
    expect(shown("long line\r\u001b[Kshort")).toEqual(["short"]);
    expect(shown("abcdef\u001b[3D\u001b[1Kx")).toEqual(["   xef"]);
    expect(shown("abc\u001b[2Kd")).toEqual(["   d"]);
  });

  it("shows nested progress bars, which move the cursor up", () => {
    expect(shown("outer 0\ninner 0\u001b[A\router 1\n\rinner 1")).toEqual(["outer 1", "inner 1"]);
  });

  it("does not go above what it holds", () => {
    expect(shown("one\u001b[99A\rtwo")).toEqual(["two"]);
  });

  it("reads characters that are cut between two parts", () => {
    const bytes = encode("ein Zug fährt über die Brücke 🚂\n");
    const parts = [...bytes].map((byte) => Uint8Array.of(byte));
    expect(shown(...parts)[0]).toBe("ein Zug fährt über die Brücke 🚂");
  });

  it("shows what is not text as replacement characters", () => {
    expect(shown(Uint8Array.of(0x61, 0xff, 0xfe, 0x00, 0x62))).toEqual(["a\ufffd\ufffd\ufffdb"]);
    expect(shown(Uint8Array.of(0xc3), "\nnext")).toEqual(["\ufffd", "next"]);
  });

  it("keeps colours and ignores everything else that terminals understand", () => {
    const terminal = new Terminal();
    terminal.write(encode("\u001b[1;31mred\u001b[0m \u001b]0;title\u0007\u001b[2J\u001b[?25l\u001b(Bplain"));
    expect(terminal.rows[0]?.spans).toEqual([
      { text: "red", style: { ...PLAIN, bold: true, foreground: 1 } },
      { text: " plain", style: PLAIN },
    ]);
  });

  it("goes on with an escape sequence that is cut between two parts", () => {
    expect(shown("a\u001b", "[3", "1mb\u001b]8;;http://x\u001b", "\\c")).toEqual(["abc"]);
  });

  it("folds very long rows instead of growing them", () => {
    const rows = shown("x".repeat(ROW_CELLS * 2 + 5));
    expect(rows.map((row) => row.length)).toEqual([ROW_CELLS, ROW_CELLS, 5]);
    const terminal = new Terminal();
    terminal.write(encode("x".repeat(ROW_CELLS + 1)));
    expect(terminal.rows.map((row) => row.folded)).toEqual([false, true]);
  });

  it("holds a bounded number of rows of any amount of output", () => {
    const terminal = new Terminal();
    const part = encode("epoch\n".repeat(1000));
    for (let index = 0; index < 20; index++) terminal.write(part);
    const { rows } = terminal;
    expect(rows.length).toBeLessThanOrEqual(MOST_ROWS * 1.2);
    expect(rows.at(-1)?.offset).toBe(20 * part.length);
  });

  it("knows the byte offset of each line", () => {
    const terminal = new Terminal(100);
    terminal.write(encode("äb\n"));
    terminal.write(encode("c"));
    terminal.write(encode("d\ne"));
    expect(terminal.rows.map((row) => row.offset)).toEqual([100, 104, 107]);
  });

  it("gives a row out again as it was, until it changes", () => {
    const terminal = new Terminal(0, 100, 7);
    terminal.write(new TextEncoder().encode("one\ntwo"));
    const before = terminal.rows;
    expect(before.map(({ id, line }) => [id, line])).toEqual([
      [100, 7],
      [101, 8],
    ]);
    terminal.write(new TextEncoder().encode("\rTWO\n"));
    const after = terminal.rows;
    expect(after[0]).toBe(before[0]);
    expect(after[1]).not.toBe(before[1]);
    expect(after[2]).toMatchObject({ id: 102, line: 9, offset: 12 });
  });

  it("moves to tab stops and back", () => {
    expect(shown("a\tb")).toEqual(["a       b"]);
    expect(shown("ab\bc")).toEqual(["ac"]);
    expect(shown("\u001b[5Gx")).toEqual(["    x"]);
  });
});
