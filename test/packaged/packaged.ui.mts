import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { root } from "../../scripts/lib/paths.mts";
import { withVsCode } from "../../scripts/vscode/session.mts";

const folder = mkdtempSync(path.join(tmpdir(), "trainyard-packaged-"));
const vsix = path.join(folder, "trainyard.vsix");

before(() => {
  execFileSync(process.execPath, [path.join(root, "scripts/package.mts"), "--out", vsix], {
    timeout: 180_000,
  });
});
after(() => rmSync(folder, { recursive: true, force: true }));

await test("the package holds what ships and nothing else", () => {
  const program = "import sys, zipfile; print('\\n'.join(zipfile.ZipFile(sys.argv[1]).namelist()))";
  const files = execFileSync("python3", ["-c", program, vsix], { encoding: "utf8" }).trim().split("\n");
  const ships = /^extension\/(dist\/|media\/|package\.json$|readme\.md$|changelog\.md$|LICENSE\.txt$)/;
  const foreign = files.filter((name) => !ships.test(name));
  assert.deepEqual(foreign.sort(), ["[Content_Types].xml", "extension.vsixmanifest"]);
  assert.deepEqual(
    files.filter((name) => /\.(map|pyc|ts|mts)$|__pycache__|\/test/.test(name)),
    [],
  );
  for (const needed of ["dist/extension.js", "dist/server.js", "dist/python/trainyard/supervisor.py"]) {
    assert.ok(files.includes(`extension/${needed}`), `${needed} is missing`);
  }
});

await test("installed into a fresh VS Code, it shows its views and its commands work", async () => {
  await withVsCode("packaged", { vsix }, async ({ workbench }) => {
    await workbench.showContainer("Trainyard");
    await workbench.view("Pools").waitFor();
    await workbench.command("Trainyard: Submit as Experiment");
    // Without an open script it says so; a command that failed to load would say "not found".
    await workbench.toast(/script|file/i).waitFor();
  });
});
