import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { resolveInside } from "../../../../src/cluster/server/handlers/insidePath.ts";

let folder: string;
let inside: string;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(path.join(tmpdir(), "trainyard-inside-")));
  inside = path.join(folder, "work");
  mkdirSync(path.join(inside, "sub"), { recursive: true });
  mkdirSync(path.join(folder, "work-other"));
  writeFileSync(path.join(inside, "sub", "file"), "");
  writeFileSync(path.join(folder, "secret"), "");
});
afterEach(() => rmSync(folder, { recursive: true }));

test("what is inside is found, also through links that stay inside", async () => {
  symlinkSync("sub", path.join(inside, "link"));
  expect(await resolveInside(inside, ".")).toBe(inside);
  expect(await resolveInside(inside, "link/file")).toBe(path.join(inside, "sub", "file"));
});

test.each(["../secret", "sub/../../secret", "/etc/passwd", "a\u0000b", "", "sub//file"])(
  "%j is refused",
  async (name) => {
    await expect(resolveInside(inside, name)).rejects.toMatchObject({ reason: "invalid" });
  },
);

test("a link that leads out is refused, also to a folder with a like name", async () => {
  symlinkSync("../secret", path.join(inside, "a"));
  symlinkSync("..", path.join(inside, "b"));
  symlinkSync("../work-other", path.join(inside, "c"));
  for (const name of ["a", "b/secret", "c"])
    await expect(resolveInside(inside, name)).rejects.toMatchObject({ reason: "refused" });
  await expect(resolveInside(inside, "gone")).rejects.toMatchObject({ reason: "notFound" });
});
