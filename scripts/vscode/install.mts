import { existsSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { aptInstall } from "../lib/apt.mts";
import { cleanEnvironment, must } from "../lib/command.mts";
import { once } from "../lib/once.mts";
import { cache } from "../lib/paths.mts";

/** code-server carries a complete VS Code web server and workbench on npm, without Microsoft's download sites. */
export const CODE_SERVER_VERSION = "4.139.1";

/** Parts that no test of ours touches; without them the folder has 300 MB instead of 600. */
const NOT_NEEDED = [
  "node_modules/@github",
  "node_modules/@microsoft/mxc-sdk",
  "node_modules/@devcontainers",
  "node_modules/@vscode/sqlite3",
  "node_modules/node-pty/prebuilds/darwin-arm64",
  "node_modules/node-pty/prebuilds/darwin-x64",
  "node_modules/node-pty/prebuilds/win32-arm64",
  "node_modules/node-pty/prebuilds/win32-x64",
  "node_modules/node-pty/prebuilds/linux-arm64",
  "extensions/copilot",
  "extensions/ms-vscode.js-debug",
  "extensions/ms-vscode.js-debug-companion",
  "extensions/ms-vscode.vscode-js-profile-table",
  "extensions/microsoft-authentication",
  "extensions/github",
  "extensions/tunnel-forwarding",
  "extensions/mermaid-markdown-features",
];

/** Installs VS Code's server once. Returns the path of its main program, to be run with our Node. */
export async function installVsCode(): Promise<string> {
  const recipe = JSON.stringify([CODE_SERVER_VERSION, NOT_NEEDED]);
  const folder = await once(path.join(cache, `vscode-${CODE_SERVER_VERSION}`), recipe, async (target) => {
    console.log(`Installing VS Code's server (code-server ${CODE_SERVER_VERSION}) from npm ...`);
    writeFileSync(path.join(target, "package.json"), '{ "name": "vscode-for-tests", "private": true }\n');
    // No scripts: they would compile native modules (a compiler, Kerberos' headers) that nothing here needs.
    await npmInstall(target, `code-server@${CODE_SERVER_VERSION}`);
    const server = serverFolder(target);
    // Not `npm ci`: the shipped shrinkwrap does not match its package.json.
    await npmInstall(server, "--omit=dev");
    await npmInstall(path.join(server, "extensions"), "--omit=dev");
    for (const part of NOT_NEEDED) rmSync(path.join(server, part), { recursive: true, force: true });
  });
  return path.join(serverFolder(folder), "out", "server-main.js");
}

const serverFolder = (folder: string): string => path.join(folder, "node_modules/code-server/lib/vscode");

async function npmInstall(cwd: string, ...args: readonly string[]): Promise<void> {
  await must(
    "Installing VS Code's server",
    "npm",
    ["install", "--ignore-scripts", "--no-audit", "--no-fund", ...args],
    {
      cwd,
      env: cleanEnvironment(),
      timeoutMs: 600_000,
    },
  );
}

/** Path of a Chromium: $CHROMIUM, the system's, or Debian's, installed now. */
export async function ensureChromium(): Promise<string> {
  const candidates = [
    process.env.CHROMIUM,
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/usr/bin/google-chrome",
  ];
  const find = (): string | undefined => candidates.find((one) => one !== undefined && existsSync(one));
  const found = find();
  if (found !== undefined) return found;
  await aptInstall("chromium", "fonts-dejavu-core");
  const installed = find();
  if (installed === undefined) throw new Error("apt installed chromium, but /usr/bin/chromium is not there.");
  return installed;
}
