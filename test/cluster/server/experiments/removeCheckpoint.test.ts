import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { removeFolder } from "../../../../scripts/lib/removeFolder.mts";

const MODULE = path.resolve(
  import.meta.dirname,
  "../../../../src/cluster/server/experiments/removeCheckpoint.ts",
);

test("a stored checkpoint is read-only, and goes all the same for an ordinary account", () => {
  const pool = mkdtempSync(path.join(tmpdir(), "trainyard-remove-"));
  onTestFinished(() => removeFolder(pool));
  const folder = path.join(pool, "checkpoint");
  const files = path.join(folder, "files");
  mkdirSync(path.join(files, "sub"), { recursive: true });
  for (const file of [path.join(folder, "manifest.json"), path.join(files, "sub", "weights")])
    writeFileSync(file, "x", { mode: 0o444 });
  const account = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
  if (account.uid !== undefined)
    for (const place of [pool, folder, files, path.join(files, "sub")])
      chownSync(place, account.uid, account.gid);
  for (const place of [path.join(files, "sub"), files]) chmodSync(place, 0o555);

  const program = `await (await import(process.argv[1])).removeCheckpoint(process.argv[2])`;
  const ran = spawnSync(
    process.execPath,
    ["--input-type=module", "--no-warnings", "-e", program, MODULE, folder],
    {
      ...account,
      encoding: "utf8",
      env: {},
    },
  );
  expect(ran.stderr).toBe("");
  expect(existsSync(folder)).toBe(false);
});
