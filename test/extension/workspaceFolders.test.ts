import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { opened } from "./fixtures.ts";

function scratch(): string {
  const folder = realpathSync(mkdtempSync(path.join(os.tmpdir(), "trainyard-folders-")));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test("a folder that was opened through a link is the one that its experiments were submitted from", () => {
  const place = scratch();
  const [real, link] = [path.join(place, "real"), path.join(place, "link")];
  mkdirSync(real);
  symlinkSync(real, link);
  const folders = opened(link);
  expect(folders.folderOf({ workspace: real })?.fsPath).toBe(link);
  expect(folders.asOpened(path.join(real, "src", "train.py"))).toBe(path.join(link, "src", "train.py"));
  expect(folders.asOpened("/elsewhere/train.py")).toBe("/elsewhere/train.py");
});

test("what was submitted inside of a folder belongs to it, what only begins with its name does not", () => {
  const folders = opened("/home/ada/project");
  expect(folders.has({ workspace: "/home/ada/project" })).toBe(true);
  expect(folders.has({ workspace: "/home/ada/project/models/small" })).toBe(true);
  expect(folders.has({ workspace: "/home/ada/project/..hidden" })).toBe(true);
  expect(folders.has({ workspace: "/home/ada/project2" })).toBe(false);
  expect(folders.has({ workspace: "/home/ada" })).toBe(false);
});

test("of several open folders the innermost counts; without one there is none", () => {
  const folders = opened("/home/ada", "/home/ada/project");
  expect(folders.folderOf({ workspace: "/home/ada/project/a" })?.fsPath).toBe("/home/ada/project");
  expect(opened().isEmpty).toBe(true);
  expect(opened().has({ workspace: "/home/ada" })).toBe(false);
});

test("what was rebuilt, and has no folder that is known, is shown with each, and is in none", () => {
  const folders = opened(process.cwd());
  expect(folders.has({ workspace: "" })).toBe(true);
  expect(folders.folderOf({ workspace: "" })).toBeUndefined();
});
