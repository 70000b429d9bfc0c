import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { blackenRun } from "../../../../src/cluster/server/experiments/blacken.ts";

test("printed secrets are overwritten, also across the edge of a chunk", async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "trainyard-blacken-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const secret = "hunter2hunter2";
  const edge = 1024 * 1024;
  const text = `${"x".repeat(edge - 5)}${secret}${"y".repeat(edge)}${secret}`;
  writeFileSync(path.join(folder, "stdout.log"), text);
  writeFileSync(path.join(folder, "other"), secret);
  await blackenRun(folder, { KEY: secret });
  expect(
    readFileSync(path.join(folder, "stdout.log"), "utf8") === text.replaceAll(secret, "*".repeat(14)),
  ).toBe(true);
  expect(readFileSync(path.join(folder, "other"), "utf8")).toBe(secret);
});
