// Builds, then packs what ships into trainyard-VERSION.vsix.   usage: npm run package [-- --out FILE]
import { readFileSync, statSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { must } from "./lib/command.mts";
import { dist, nodeModule, root } from "./lib/paths.mts";

const { values } = parseArgs({ options: { out: { type: "string" } } });
const { version } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as { version: string };
const vsix = path.resolve(values.out ?? path.join(root, `trainyard-${version}.vsix`));
const options = { cwd: root, timeoutMs: 120_000 };

await must("The build", process.execPath, [path.join(root, "scripts/build.mts")], options);
const vsce = nodeModule("@vscode", "vsce", "vsce");
// Everything is bundled: no dependency is packed.
await must("vsce", process.execPath, [vsce, "package", "--no-dependencies", "--out", vsix], options);

const kilobytes = (file: string): string => `${(statSync(file).size / 1000).toFixed(1).padStart(8)} kB`;
console.log(`${kilobytes(path.join(dist, "extension.js"))}  dist/extension.js (loaded at start)`);
console.log(`${kilobytes(vsix)}  ${path.relative(process.cwd(), vsix)}`);
