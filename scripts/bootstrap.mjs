// Runs a script of this repository on a fresh machine: plain Node 20 and npm are all that it needs. It installs
// the pinned packages (Node 24 is one of them) when package-lock.json is newer than what is installed, and then
// hands over to Node 24.   usage: node scripts/bootstrap.mjs SCRIPT [ARGS...]
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const stamp = path.join(root, "node_modules", ".trainyard-stamp");
const wanted = createHash("sha256")
  .update(readFileSync(path.join(root, "package-lock.json")))
  .digest("hex");
const installed = existsSync(stamp) && readFileSync(stamp, "utf8") === wanted;
if (!installed) {
  console.log("Installing the pinned packages (npm ci) ...");
  const { status } = spawnSync("npm", ["ci", "--no-audit", "--no-fund"], { cwd: root, stdio: "inherit" });
  if (status !== 0) {
    console.error("npm ci failed (see above). Is the npm registry reachable?");
    process.exit(status ?? 1);
  }
  writeFileSync(stamp, wanted);
}

const packaged = path.join(root, "node_modules", ".bin", "node");
const node = existsSync(packaged) ? packaged : process.execPath;
const [script, ...args] = process.argv.slice(2);
const child = spawnSync(
  node,
  ["--disable-warning=MODULE_TYPELESS_PACKAGE_JSON", path.join(root, script), ...args],
  {
    cwd: root,
    stdio: "inherit",
    env: {
      ...process.env,
      PATH: `${path.join(root, "node_modules", ".bin")}${path.delimiter}${process.env.PATH ?? ""}`,
    },
  },
);
if (child.signal) process.kill(process.pid, child.signal);
process.exit(child.status ?? 1);
