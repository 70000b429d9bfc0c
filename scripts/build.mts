// Bundles everything into dist/.   usage: npm run build [-- --watch]
import { chmodSync, cpSync, mkdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import path from "node:path";
import { build, context, type BuildOptions, type Plugin } from "esbuild";
import { pageOptions } from "./pageBundle.mts";
import { dist, nodeModule, root } from "./lib/paths.mts";

const watch = process.argv.includes("--watch");
const { version } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as { version: string };

/** ssh2's optional native parts cannot be bundled; it falls back to JavaScript when loading them throws. */
const withoutNative: Plugin = {
  name: "without-native",
  setup(b) {
    b.onResolve({ filter: /(\.node$|^cpu-features$)/ }, (args) => ({
      path: args.path,
      namespace: "absent",
    }));
    b.onLoad({ filter: /.*/, namespace: "absent" }, () => ({
      contents: 'throw new Error("optional native module is not bundled")',
    }));
  },
};

/**
 * Bundles of their own, loaded when they are first needed, so that the first bundle starts fast: the client (zod, ws,
 * JSON-RPC) with the first connection, the panels (zod) with the first panel, the language client with the first experiment
 * file or training script.
 */
const lazyBundles: Plugin = {
  name: "lazy-bundles",
  setup(b) {
    b.onResolve({ filter: /cluster\/client\/index\.ts$/ }, () => ({ path: "./client.js", external: true }));
    b.onResolve({ filter: /\/panelsBundle\.ts$/ }, ({ kind }) =>
      kind === "dynamic-import" ? { path: "./panels.js", external: true } : undefined,
    );
    b.onResolve({ filter: /\/languageBundle\.ts$/ }, ({ kind }) =>
      kind === "dynamic-import" ? { path: "./language.js", external: true } : undefined,
    );
  },
};

/**
 * `import * as vscode` of a CommonJS module is a copy of all its names, made anew in each file that has it: hundreds of names in a
 * hundred files, at each start. The module itself is meant.
 */
const vscodeItself: Plugin = {
  name: "vscode-itself",
  setup(b) {
    b.onLoad({ filter: /src\/extension\/.*\.ts$/ }, ({ path: file }) => ({
      contents: readFileSync(file, "utf8").replace(
        /^import \* as vscode from "vscode";$/m,
        'const vscode = require("vscode");',
      ),
      loader: "ts",
    }));
  },
};

/** ssh2, loaded with the first connection over SSH. */
const lazySsh2: Plugin = {
  name: "lazy-ssh2",
  setup(b) {
    b.onResolve({ filter: /^ssh2$/ }, ({ kind }) =>
      kind === "dynamic-import" ? { path: "./ssh2.js", external: true } : undefined,
    );
  },
};

const shared: BuildOptions = {
  bundle: true,
  sourcemap: watch ? "linked" : false,
  minify: !watch,
  legalComments: "none",
  logLevel: "warning",
  absWorkingDir: root,
  define: { __VERSION__: JSON.stringify(version) },
};
const node: BuildOptions = {
  ...shared,
  platform: "node",
  format: "cjs",
  target: "node20",
  plugins: [withoutNative, lazySsh2],
};
const page: BuildOptions = { ...shared, ...pageOptions, minify: shared.minify };

const bundles: readonly { entry: string; out: string; options: BuildOptions }[] = [
  {
    entry: "src/extension/main.ts",
    out: "dist/extension.js",
    options: { ...node, external: ["vscode"], plugins: [lazyBundles, vscodeItself] },
  },
  {
    entry: "src/extension/panels/panelsBundle.ts",
    out: "dist/panels.js",
    options: { ...node, external: ["vscode"], plugins: [lazyBundles, vscodeItself] },
  },
  {
    entry: "src/extension/language-server/client/languageBundle.ts",
    out: "dist/language.js",
    options: { ...node, external: ["vscode"], plugins: [lazyBundles, vscodeItself] },
  },
  {
    entry: "src/extension/language-server/server/main.ts",
    out: "dist/languageServer.js",
    options: {
      ...node,
      // Its module for `import` asks for its own address, which a bundle has not.
      alias: { "web-tree-sitter": nodeModule("web-tree-sitter", "web-tree-sitter.cjs") },
      define: { ...shared.define, "import.meta.dirname": "__dirname" },
    },
  },
  { entry: "src/cluster/client/index.ts", out: "dist/client.js", options: node },
  { entry: "ssh2", out: "dist/ssh2.js", options: node },
  { entry: "src/cluster/server/main.ts", out: "dist/server.js", options: node },
  { entry: "src/cluster/server/output/worker.ts", out: "dist/outputWorker.js", options: node },
  { entry: "src/cluster/server/requestThread.ts", out: "dist/requestThread.js", options: node },
  { entry: "src/cluster/host/main.ts", out: "dist/host.js", options: node },
  {
    entry: "src/cluster/cli/main.ts",
    out: "dist/cli.js",
    options: { ...node, banner: { js: "#!/usr/bin/env node" } },
  },
  {
    entry: "src/webviews/experiment/main.ts",
    out: "dist/webviews/experiment.js",
    options: page,
  },
  {
    entry: "src/webviews/pool/main.ts",
    out: "dist/webviews/pool.js",
    options: page,
  },
  {
    entry: "src/webviews/compare/main.ts",
    out: "dist/webviews/compare.js",
    options: page,
  },
];

/** What the language server reads Python with. */
const GRAMMAR = [
  ["web-tree-sitter", "web-tree-sitter.wasm"],
  ["tree-sitter-python", "tree-sitter-python.wasm"],
] as const;

/** `npx trainyard` in the checkout runs what was just built, as an installed package would. */
function linkCommandLine(): void {
  const cli = path.join(dist, "cli.js");
  chmodSync(cli, 0o755);
  const link = nodeModule(".bin", "trainyard");
  mkdirSync(path.dirname(link), { recursive: true });
  rmSync(link, { force: true });
  symlinkSync(path.join("..", "..", "dist", "cli.js"), link);
}

rmSync(dist, { recursive: true, force: true });
const options = bundles.map(({ entry, out, options }) => ({
  ...options,
  entryPoints: { [path.basename(out, ".js")]: entry },
  outdir: path.dirname(out),
}));
if (watch) {
  for (const one of options) {
    const bundle = await context(one);
    await bundle.rebuild();
    await bundle.watch();
  }
} else {
  await Promise.all(options.map((one) => build(one)));
}
cpSync(path.join(root, "src/cluster/python/trainyard"), path.join(dist, "python/trainyard"), {
  recursive: true,
  filter: (source) => !source.includes("__pycache__"),
});
for (const [name, file] of GRAMMAR) cpSync(nodeModule(name, file), path.join(dist, file));
linkCommandLine();
