import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { METHODS } from "../../../../src/cluster/protocol/methods.ts";
import { checkPaths } from "../../../../src/cluster/server/environments/paths.ts";

test("says of each path what is there, and where the home folder's are", async () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), "trainyard-paths-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(path.join(folder, "imagenet"));
  writeFileSync(path.join(folder, "train.csv"), "1\n");
  symlinkSync("nowhere", path.join(folder, "dangling"));
  const at = (name: string): string => path.join(folder, name);
  const asked = [at("imagenet/"), at("train.csv"), at("dangling"), at("train.csv/x"), "~/", "/dev/null"];
  const found = await checkPaths(asked);
  expect(found.map(({ path: one }) => one)).toEqual(asked);
  expect(found.map(({ target, kind, problem }) => [target, kind, problem])).toEqual([
    [at("imagenet"), "folder", null],
    [at("train.csv"), "file", null],
    [at("dangling"), null, "does not exist"],
    [at("train.csv/x"), null, "does not exist"],
    [path.resolve(os.homedir()), "folder", null],
    ["/dev/null", "other", null],
  ]);
});

test("is asked for absolute paths alone, and for those of the home folder", () => {
  const { params } = METHODS["path/check"];
  for (const good of ["/scratch/imagenet", "~/data"])
    expect(params.safeParse({ paths: [good] }).success, good).toBe(true);
  for (const bad of ["data", "../data", "~ada/data", "~", "/a\nb", "/a\0b", `/${"a".repeat(5000)}`])
    expect(params.safeParse({ paths: [bad] }).success, bad).toBe(false);
});
