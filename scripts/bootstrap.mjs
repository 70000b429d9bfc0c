// Runs a script of this repository on a fresh machine: plain Node 20 and npm are all that it needs. It installs
// the pinned packages (Node 24 is one of them) when package-lock.json is not what was installed last, and then
// hands over to Node 24.   usage: node scripts/bootstrap.mjs SCRIPT [ARGS...]
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, lstatSync, readFileSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const modules = path.join(root, "node_modules");

install();
await handOver(process.argv.slice(2));

function install() {
  // A linked node_modules belongs to another checkout (git worktree): npm ci would empty that one.
  if (lstatSync(modules, { throwIfNoEntry: false })?.isSymbolicLink()) return;
  const stamp = path.join(modules, ".trainyard-stamp");
  const wanted = createHash("sha256")
    .update(readFileSync(path.join(root, "package-lock.json")))
    .digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  console.log("Installing the pinned packages (npm ci) ...");
  const { status, error } = spawnSync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    stdio: "inherit",
  });
  if (status !== 0) {
    console.error(
      error ? `npm could not be started: ${error.message}` : "npm ci failed; its own message is above.",
    );
    process.exit(status ?? 1);
  }
  writeFileSync(stamp, wanted);
}

async function handOver([script, ...args]) {
  const bin = path.join(modules, ".bin");
  const packaged = path.join(bin, "node");
  const node = existsSync(packaged) ? packaged : process.execPath;
  const child = spawn(
    node,
    ["--disable-warning=MODULE_TYPELESS_PACKAGE_JSON", path.join(root, script), ...args],
    {
      cwd: root,
      stdio: "inherit",
      env: { ...process.env, PATH: `${bin}${path.delimiter}${process.env.PATH ?? ""}` },
    },
  );
  // The script ends its own children (VS Code, Chromium, servers) when it is told to end: pass the word on and wait.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  const [code, signal] = await new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (...result) => resolve(result));
  });
  process.exit(signal ? 128 + os.constants.signals[signal] : code);
}
