// How a webview page is bundled: by the build, and by tests that look at the page in a browser.
import path from "node:path";
import type { BuildOptions, Plugin } from "esbuild";

const root = path.dirname(import.meta.dirname);

/** A page parses with its schemas and never prints them: zod's JSON schema generator (18 KB) stays out. */
const withoutJsonSchema: Plugin = {
  name: "without-json-schema",
  setup(b) {
    const replace = (filter: RegExp, names: string[]) => {
      b.onLoad({ filter }, () => ({
        contents: names.map((name) => `export const ${name} = () => () => undefined;`).join("\n"),
      }));
    };
    replace(/zod\/v4\/core\/to-json-schema\.js$/, [
      "createToJSONSchemaMethod",
      "createStandardJSONSchemaMethod",
    ]);
    replace(/zod\/v4\/core\/json-schema-processors\.js$/, ["toJSONSchema"]);
    replace(/zod\/v4\/core\/json-schema-generator\.js$/, ["JSONSchemaGenerator"]);
  },
};

export const pageEntries = {
  experiment: path.join(root, "src/webviews/experiment/main.ts"),
  pool: path.join(root, "src/webviews/pool/main.ts"),
  compare: path.join(root, "src/webviews/compare/main.ts"),
} as const;

export const pageOptions: BuildOptions = {
  bundle: true,
  minify: true,
  legalComments: "none",
  logLevel: "warning",
  platform: "browser",
  // Modules, so that a tab can be a file of its own, loaded when it is first shown.
  format: "esm",
  splitting: true,
  chunkNames: "experiment-[name]-[hash]",
  target: "es2022",
  loader: { ".ttf": "file" },
  plugins: [withoutJsonSchema],
  // The processors that were taken out are only ever called by the generator.
  logOverride: { "import-is-undefined": "silent" },
};
