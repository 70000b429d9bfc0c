// Runs the suites inside a real VS Code extension host.
//   usage: npm run suite [-- NAME...] [-- --grep TEXT]
// Each folder of test/suite is one suite, with a VS Code of its own: NAME/*.test.ts, and beside them, where there,
// settings.json (added to VS Code's), workspace/ (copied; else the folder is empty), extensions/ (each one loaded, too) and
// environment.mts (`environment()` gives variables that VS Code is started with, and installs what they name).
import {
  closeSync,
  cpSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import path from "node:path";
import { format, parseArgs } from "node:util";
import { build } from "esbuild";
import { artifacts, root } from "./lib/paths.mts";
import { launchBrowser, openWorkbench } from "./vscode/browser.mts";
import { startVsCode } from "./vscode/server.mts";

interface SuiteResult {
  readonly passed: number;
  readonly failed: number;
  readonly pending: number;
}
/** test/suite/index.ts puts it before each line of its report. */
const REPORT_MARK = "[suite]";
const SUITE_TIMEOUT_MS = 5 * 60_000;
const sources = path.join(root, "test/suite");
const bundled = path.join(root, "dist-test/suite");

const { values, positionals } = parseArgs({ allowPositionals: true, options: { grep: { type: "string" } } });
const known = readdirSync(sources, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);
for (const name of positionals.filter((one) => !known.includes(one))) {
  throw new Error(`There is no suite "${name}". The suites: ${known.join(", ")}.`);
}

await bundle();
const total = { passed: 0, failed: 0, pending: 0 };
for (const name of positionals.length > 0 ? positionals : known) {
  console.log(`\nSuite ${name}`);
  const result = await runSuite(name);
  total.passed += result.passed;
  total.failed += result.failed;
  total.pending += result.pending;
}
writeFileSync(path.join(artifacts, "suite.json"), JSON.stringify(total));
console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.pending} skipped`);
process.exit(total.failed > 0 || total.passed === 0 ? 1 : 0);

async function bundle(): Promise<void> {
  rmSync(bundled, { recursive: true, force: true });
  const tests = readdirSync(sources, { recursive: true, encoding: "utf8" }).filter((name) =>
    /\.test\.ts$/.test(name),
  );
  await build({
    entryPoints: ["index.ts", ...tests].map((name) => path.join(sources, name)),
    outdir: bundled,
    outbase: sources,
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node20",
    sourcemap: "inline",
    external: ["vscode", "mocha"],
    logLevel: "warning",
  });
}

async function runSuite(name: string): Promise<SuiteResult> {
  const inSuite = (file: string): string => path.join(sources, name, file);
  const resultFile = path.join(bundled, name, "result.json");
  const vscode = await startVsCode({
    settings: existsSync(inSuite("settings.json"))
      ? (JSON.parse(readFileSync(inSuite("settings.json"), "utf8")) as Record<string, unknown>)
      : {},
    env: {
      TRAINYARD_SUITE: path.join(bundled, name),
      TRAINYARD_SUITE_RESULT: resultFile,
      TRAINYARD_SUITE_GREP: values.grep ?? "",
      ...(await environmentOf(inSuite("environment.mts"))),
    },
  });
  const browser = await launchBrowser();
  try {
    if (existsSync(inSuite("workspace"))) {
      cpSync(inSuite("workspace"), vscode.workspace, { recursive: true });
    }
    mkdirSync(artifacts, { recursive: true });
    const log = openSync(path.join(artifacts, `suite-${name}.log`), "w");
    let end: (code: number) => void = () => undefined;
    const ended = new Promise<number>((resolve) => (end = resolve));
    const workbench = await openWorkbench(browser, vscode, {
      extensionDevelopmentPath: root,
      otherExtensions: foldersIn(inSuite("extensions")),
      extensionTestsPath: path.join(bundled, "index.js"),
      onHostConsole: (_type, [first, ...rest]) => {
        if (first === REPORT_MARK) console.log(...rest);
        else writeSync(log, `${format(first, ...rest)}\n`);
      },
      onTestsEnd: (code) => end(code),
    });
    const timer = setTimeout(() => end(124), SUITE_TIMEOUT_MS);
    const code = await ended;
    clearTimeout(timer);
    closeSync(log);
    if (code !== 0) await workbench.screenshot(path.join(artifacts, `failed-suite-${name}.png`));
    if (existsSync(resultFile)) return JSON.parse(readFileSync(resultFile, "utf8")) as SuiteResult;
    const reason =
      code === 124 ? `did not end within ${SUITE_TIMEOUT_MS / 1000} s` : "ended without a result";
    console.log(`  The suite ${reason}.\n${vscode.logs()}`);
    return { passed: 0, failed: 1, pending: 0 };
  } finally {
    await browser.close();
    await vscode.stop();
  }
}

function foldersIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).map((name) => path.join(folder, name)) : [];
}

async function environmentOf(file: string): Promise<Record<string, string>> {
  if (!existsSync(file)) return {};
  const { environment } = (await import(file)) as { environment: () => Promise<Record<string, string>> };
  return environment();
}
