import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findInside } from "../../../src/cluster/server/insidePath.ts";

let folder: string;
let inside: string;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(path.join(tmpdir(), "trainyard-inside-")));
  inside = path.join(folder, "work");
  mkdirSync(path.join(inside, "sub"), { recursive: true });
  mkdirSync(path.join(folder, "work-other"));
  writeFileSync(path.join(inside, "sub", "file"), "12345");
  writeFileSync(path.join(folder, "secret"), "");
});
afterEach(() => rmSync(folder, { recursive: true }));

test("plain files and folders are found, each only as what it is", async () => {
  expect(await findInside(inside, ".", "folder")).toMatchObject({ path: inside });
  expect(await findInside(inside, "sub", "folder")).toMatchObject({ path: path.join(inside, "sub") });
  expect(await findInside(inside, "sub/file", "file")).toEqual({
    path: path.join(inside, "sub", "file"),
    bytes: 5,
  });
  expect(await findInside(inside, "sub", "file")).toBeNull();
  expect(await findInside(inside, "sub/file", "folder")).toBeNull();
  expect(await findInside(inside, "gone", "file")).toBeNull();
});

test("a folder that is itself reached by a link is no matter", async () => {
  const alias = path.join(folder, "alias");
  symlinkSync("work", alias);
  expect(await findInside(alias, "sub/file", "file")).toMatchObject({
    path: path.join(alias, "sub", "file"),
  });
});

test.each(["../secret", "sub/../../secret", "/etc/passwd", "a\u0000b", "", "sub//file"])(
  "%j is not found",
  async (name) => {
    expect(await findInside(inside, name, "file")).toBeNull();
    expect(await findInside(inside, name, "folder")).toBeNull();
  },
);

test.each(["../secret", "..", "../work-other", "sub", "sub/file", "."])(
  "no link is followed, here to %s",
  async (target) => {
    symlinkSync(target, path.join(inside, "link"));
    for (const name of ["link", "link/secret", "link/file", "link/link"])
      for (const kind of ["file", "folder"] as const) expect(await findInside(inside, name, kind)).toBeNull();
  },
);
