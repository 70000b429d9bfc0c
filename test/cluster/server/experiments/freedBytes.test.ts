import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { freedBy } from "../../../../src/cluster/server/experiments/freedBytes.ts";

test("a file is counted once, when all of its names go", async () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), "trainyard-freed-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const at = (name: string): string => path.join(folder, name);
  mkdirSync(at("run/deep"), { recursive: true });
  mkdirSync(at("tree"));
  writeFileSync(at("run/deep/own"), "1");
  writeFileSync(at("tree/shared"), "22");
  linkSync(at("tree/shared"), at("run/shared"));
  writeFileSync(at("tree/kept"), "4444");
  linkSync(at("tree/kept"), at("kept"));
  symlinkSync("/", at("run/root"));
  expect(await freedBy([at("run")])).toBe(1 + 1);
  expect(await freedBy([at("run"), at("tree"), at("gone")])).toBe(1 + 1 + 2);
});
