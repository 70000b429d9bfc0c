import js from "@eslint/js";
import ts from "typescript-eslint";

/**
 * The walls of the house (ARCHITECTURE.md). Each folder may import only what its row allows; the arrows run
 * extension -> client -> protocol <- server, and extension -> webviews' contract <- webviews.
 */
const wall = (files, patterns, extra = {}) => ({
  files,
  rules: { "no-restricted-imports": ["error", { patterns, ...extra }] },
});
const no = (group, message) => ({ group, message });
const vscode = { paths: [{ name: "vscode", message: "Only src/extension may import vscode." }] };

export default ts.config(
  {
    ignores: [
      "dist/**",
      "dist-test/**",
      "artifacts/**",
      ".cache/**",
      "node_modules/**",
      "test/golden/**",
      "test/suite/*/extensions/**",
      "examples/**",
    ],
  },
  js.configs.recommended,
  ...ts.configs.recommendedTypeChecked,
  {
    languageOptions: {
      parserOptions: { projectService: { allowDefaultProject: ["*.mjs", "scripts/*.mjs"] } },
    },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      eqeqeq: "error",
      "no-console": "error",
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/switch-exhaustiveness-check": [
        "error",
        { considerDefaultExhaustiveForUnions: true },
      ],
      "@typescript-eslint/no-non-null-assertion": "error",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      "@typescript-eslint/restrict-template-expressions": [
        "error",
        { allowNumber: true, allowBoolean: true },
      ],
    },
  },
  wall(
    ["src/cluster/protocol/**"],
    [
      no(
        [
          "node:*",
          "ws",
          "vscode-jsonrpc*",
          "yaml",
          "**/client/**",
          "**/server/**",
          "**/extension/**",
          "**/webviews/**",
        ],
        "protocol/ imports zod and nothing else.",
      ),
    ],
    vscode,
  ),
  wall(
    ["src/cluster/search/**"],
    [
      no(
        ["node:*", "**/client/**", "**/server/**", "**/extension/**", "**/webviews/**"],
        "search/ is pure and knows only protocol/.",
      ),
    ],
    vscode,
  ),
  wall(
    ["src/cluster/client/**"],
    [no(["**/server/**", "**/extension/**", "**/webviews/**"], "client/ knows only protocol/.")],
    vscode,
  ),
  wall(
    ["src/cluster/server/**"],
    [no(["**/client/**", "**/extension/**", "**/webviews/**"], "server/ knows only protocol/.")],
    vscode,
  ),
  wall(
    ["src/cluster/cli/**", "src/cluster/host/**"],
    [
      no(
        ["**/server/**", "**/extension/**", "**/webviews/**"],
        "The command line is a client, and so is the host program.",
      ),
    ],
    vscode,
  ),
  wall(
    ["src/webviews/contract/**"],
    [
      no(
        ["node:*", "**/extension/**", "**/client/**", "**/server/**"],
        "The contract imports zod and protocol types only.",
      ),
    ],
    vscode,
  ),
  wall(
    ["src/webviews/**"],
    [
      no(
        ["node:*", "**/extension/**", "**/cluster/client/**", "**/cluster/server/**"],
        "A page has no Node and no vscode.",
      ),
    ],
    vscode,
  ),
  wall(
    ["src/webviews/experiment/**", "src/webviews/compare/**", "src/webviews/pool/**"],
    [
      no(
        ["node:*", "**/extension/**", "**/cluster/client/**", "**/cluster/server/**"],
        "A page has no Node and no vscode.",
      ),
      no(["@vscode/webview-ui-toolkit*"], "Only src/webviews/ui/ may import the toolkit (frozen upstream)."),
    ],
    vscode,
  ),
  wall(
    ["src/extension/**"],
    [
      no(
        ["**/cluster/server/**", "**/webviews/experiment/**", "**/webviews/compare/**", "**/webviews/ui/**"],
        "The editor knows client/ and the webviews' contract.",
      ),
    ],
  ),
  wall(
    ["src/extension/language-server/server/**", "src/extension/language-server/contract.ts"],
    [
      no(
        [
          ...["**/commands/**", "**/pool/**", "**/views/**", "**/panels/**", "**/language-server/client/**"],
          ...["**/cluster/server/**", "**/webviews/**", "vscode-languageclient*"],
        ],
        "The language server is a process of its own: it knows the contract, protocol/, search/ and what client/ reads of files.",
      ),
    ],
    { paths: [{ name: "vscode", message: "The language server runs beside the editor, not in it." }] },
  ),
  {
    files: ["test/**/*.ui.mts"],
    rules: {
      "@typescript-eslint/no-floating-promises": [
        "error",
        {
          allowForKnownSafeCalls: [
            { from: "package", package: "node:test", name: ["test", "it", "describe", "before", "after"] },
          ],
        },
      ],
    },
  },
  { files: ["scripts/**", "bench/**", "src/cluster/cli/**", "test/**"], rules: { "no-console": "off" } },
  {
    files: ["**/*.mjs"],
    ...ts.configs.disableTypeChecked,
    languageOptions: { globals: { process: "readonly", console: "readonly", URL: "readonly" } },
  },
);
