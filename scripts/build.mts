// Bundles everything into dist/.   usage: npm run build [-- --watch]
import { cpSync, rmSync, readFileSync } from "node:fs";
import path from "node:path";
import { build, context, type BuildOptions, type Plugin } from "esbuild";

const root = path.dirname(import.meta.dirname);
const dist = path.join(root, "dist");
const production = !process.argv.includes("--watch");

/** ssh2's optional native parts cannot be bundled; it falls back to JavaScript when loading them throws. */
const withoutNative: Plugin = {
  name: "without-native",
  setup(b) {
    b.onResolve({ filter: /(\.node$|^cpu-features$)/ }, (args) => ({ path: args.path, namespace: "absent" }));
    b.onLoad({ filter: /.*/, namespace: "absent" }, () => ({
      contents: 'throw new Error("optional native module is not bundled")',
    }));
  },
};

/** The client (zod, ws, JSON-RPC) stays out of the first bundle: it is loaded at the first connection. */
const clientIsLazy: Plugin = {
  name: "client-is-lazy",
  setup(b) {
    b.onResolve({ filter: /cluster\/client\/index\.ts$/ }, () => ({ path: "./client.js", external: true }));
  },
};

const shared: BuildOptions = {
  bundle: true,
  sourcemap: production ? false : "linked",
  minify: production,
  legalComments: "none",
  logLevel: "warning",
  absWorkingDir: root,
  define: {
    __VERSION__: JSON.stringify(
      (JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as { version: string }).version,
    ),
  },
};
const node: BuildOptions = {
  ...shared,
  platform: "node",
  format: "cjs",
  target: "node20",
  plugins: [withoutNative],
};
const page: BuildOptions = { ...shared, platform: "browser", format: "iife", target: "es2022" };

const bundles: BuildOptions[] = [
  {
    ...node,
    entryPoints: ["src/extension/main.ts"],
    outfile: "dist/extension.js",
    external: ["vscode"],
    plugins: [clientIsLazy],
  },
  { ...node, entryPoints: ["src/cluster/client/index.ts"], outfile: "dist/client.js" },
  { ...node, entryPoints: ["src/cluster/server/main.ts"], outfile: "dist/server.js" },
  {
    ...node,
    entryPoints: ["src/cluster/cli/main.ts"],
    outfile: "dist/cli.js",
    banner: { js: "#!/usr/bin/env node" },
  },
  {
    ...page,
    entryPoints: ["src/webviews/experiment/main.ts"],
    outfile: "dist/webviews/experiment.js",
    loader: { ".ttf": "file" },
  },
];

rmSync(dist, { recursive: true, force: true });
if (process.argv.includes("--watch")) {
  for (const options of bundles) await (await context(options)).watch();
} else {
  await Promise.all(bundles.map((options) => build(options)));
}
cpSync(path.join(root, "src/cluster/python/trainyard"), path.join(dist, "python/trainyard"), {
  recursive: true,
  filter: (source) => !source.includes("__pycache__"),
});
