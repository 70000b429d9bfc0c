/** Bytes of the bundle that VS Code loads at start, and of the package. */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { must } from "../scripts/lib/command.mts";
import { dist, root } from "../scripts/lib/paths.mts";
import type { Measurements } from "./run.mts";

export async function run(): Promise<Measurements> {
  const folder = mkdtempSync(path.join(tmpdir(), "trainyard-size-"));
  try {
    const vsix = path.join(folder, "trainyard.vsix");
    const pack = [path.join(root, "scripts/package.mts"), "--out", vsix];
    await must("Packaging", process.execPath, pack, { cwd: root, timeoutMs: 180_000 });
    return {
      extension_bytes: statSync(path.join(dist, "extension.js")).size,
      vsix_bytes: statSync(vsix).size,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
