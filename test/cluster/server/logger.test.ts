import { afterEach, expect, test, vi } from "vitest";
import { createLogger } from "../../../src/cluster/server/logger.ts";

afterEach(() => {
  vi.useRealTimers();
});

test("one JSON object a line; the same complaint is not repeated at once", () => {
  vi.useFakeTimers();
  const lines: string[] = [];
  const logger = createLogger((line) => lines.push(line));
  logger.info("listening", { pid: 1, text: 'a "quote"\nand more' });
  for (let i = 0; i < 5; i++) logger.error("disk full", { runId: "1.1.1" });
  logger.error("disk full", { runId: "1.1.2" });
  vi.advanceTimersByTime(60_000);
  logger.error("disk full", { runId: "1.1.1" });
  const parsed = lines.map((line) => JSON.parse(line) as { time: string; level: string; runId?: string });
  expect(parsed).toMatchObject([
    { level: "info", message: "listening", text: 'a "quote"\nand more' },
    { level: "error", runId: "1.1.1" },
    { level: "error", runId: "1.1.2" },
    { level: "error", runId: "1.1.1" },
  ]);
  for (const [index, line] of lines.entries()) {
    expect(line.endsWith("\n")).toBe(true);
    expect(Number.isNaN(Date.parse(parsed[index]?.time ?? ""))).toBe(false);
  }
});
