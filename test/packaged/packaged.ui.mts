import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { cleanEnvironment } from "../../scripts/lib/command.mts";
import { root } from "../../scripts/lib/paths.mts";
import { withVsCode } from "../../scripts/vscode/session.mts";

describe("the package", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "trainyard-packaged-"));
  const vsix = path.join(folder, "trainyard.vsix");
  const unpacked = path.join(folder, "unpacked", "extension");

  before(() => {
    execFileSync(process.execPath, [path.join(root, "scripts/package.mts"), "--out", vsix], {
      timeout: 180_000,
    });
    execFileSync("python3", ["-m", "zipfile", "-e", vsix, path.dirname(unpacked)]);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("the package holds what ships and nothing else", () => {
    const program = "import sys, zipfile; print('\\n'.join(zipfile.ZipFile(sys.argv[1]).namelist()))";
    const files = execFileSync("python3", ["-c", program, vsix], { encoding: "utf8" }).trim().split("\n");
    const ships =
      /^extension\/(dist\/|media\/|package(\.nls)?\.json$|readme\.md$|changelog\.md$|LICENSE\.txt$)/;
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

  it("the package and the bundle that VS Code loads first stay small", () => {
    assert.ok(statSync(path.join(unpacked, "dist/extension.js")).size < 200_000);
    // It would double the bundle that every window loads.
    assert.ok(!readFileSync(path.join(unpacked, "dist/extension.js"), "utf8").includes("ZodError"));
    assert.ok(statSync(vsix).size < 3_000_000);
  });

  it("the command line of the package trains, far from any node_modules", () => {
    const workspace = path.join(folder, "workspace");
    mkdirSync(workspace);
    writeFileSync(
      path.join(workspace, "train.py"),
      "import trainyard\nrun = trainyard.init()\nfor step in range(5):\n    run.report(step, loss=1 / (step + 1))\n",
    );
    const env = cleanEnvironment({
      TRAINYARD_HOME: path.join(folder, "pool"),
      TRAINYARD_LEASES: path.join(folder, "leases"),
    });
    const trainyard = (...args: string[]): string =>
      execFileSync(process.execPath, [path.join(unpacked, "dist/cli.js"), ...args], {
        cwd: workspace,
        env,
        encoding: "utf8",
        timeout: 120_000,
      });
    try {
      trainyard("submit", "train.py", "--wait");
      assert.match(trainyard("metrics", "1"), /loss\s+5\s/);
    } finally {
      trainyard("server", "stop");
    }
  });

  it("installed into a fresh VS Code, it shows its views and its commands work", async () => {
    await withVsCode("packaged", { vsix }, async ({ workbench }) => {
      await workbench.showContainer("Trainyard");
      await workbench.view("Pools").waitFor();
      await workbench.command("Trainyard: Submit as Experiment");
      // Without an open script it says so; a command that failed to load would say "not found".
      await workbench.toast(/script|file/i).waitFor();
    });
  });
});
