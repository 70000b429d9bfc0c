import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { blackenManifest, blackenRun } from "../../../../src/cluster/server/experiments/blacken.ts";

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

test("so are those in events and in the supervisor's log, as JSON has them", async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "trainyard-blacken-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const secret = 'geh"eim\u00e9';
  mkdirSync(path.join(folder, "events"));
  const event = { seq: 1, type: "warning", code: "x", message: secret };
  const ascii = JSON.stringify(event).replace("\u00e9", "\\u00e9");
  writeFileSync(path.join(folder, "events", "0-a.jsonl"), `${JSON.stringify(event)}\n${ascii}\n`);
  writeFileSync(path.join(folder, "supervisor.log"), `env: ${secret}`);
  await blackenRun(folder, { KEY: secret });
  const lines = readFileSync(path.join(folder, "events", "0-a.jsonl"), "utf8")
    .trim()
    .split("\n");
  for (const line of lines) {
    const parsed = JSON.parse(line) as typeof event;
    expect({ ...parsed, message: /^\*+$/.test(parsed.message) }).toEqual({ ...event, message: true });
  }
  expect(readFileSync(path.join(folder, "supervisor.log"), "utf8")).toMatch(/^env: \*+$/);
});

test("of a checkpoint what the script said, never the names of its files", async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "trainyard-blacken-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = path.join(folder, "manifest.json");
  const files = [{ path: "hunter2", bytes: 1 }];
  writeFileSync(file, JSON.stringify({ files, metadata: { note: "by hunter2" } }));
  await blackenManifest(folder, { KEY: "hunter2" });
  expect(JSON.parse(readFileSync(file, "utf8"))).toEqual({ files, metadata: { note: "by ***" } });
});
