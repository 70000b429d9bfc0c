/**
 * What VS Code itself reports for loading and activating the extension, in a fresh window each time; and, beside it in the
 * same window, for an extension that does nothing: what the machine and VS Code alone need.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { build } from "esbuild";
import { must } from "../scripts/lib/command.mts";
import { root } from "../scripts/lib/paths.mts";
import { launchBrowser, openWorkbench } from "../scripts/vscode/browser.mts";
import { startVsCode } from "../scripts/vscode/server.mts";
import type { Measurements } from "./run.mts";
import { median, rounded } from "./statistics.mts";

const WINDOWS = 5;
const WINDOW_TIMEOUT_MS = 90_000;
const COLUMNS = { load: "Load Code", activate: "Call Activate", finish: "Finish Activate" } as const;
type Row = Record<keyof typeof COLUMNS, number>;

export async function run(): Promise<Measurements> {
  const options = { cwd: root, timeoutMs: 120_000 };
  await must("The build", process.execPath, [path.join(root, "scripts/build.mts")], options);
  const host = path.join(root, "dist-test/bench/activation.js");
  await build({
    entryPoints: [path.join(root, "bench/activation.host.ts")],
    outfile: host,
    bundle: true,
    platform: "node",
    format: "cjs",
    external: ["vscode"],
  });
  const empty = makeEmptyExtension(path.join(path.dirname(host), "empty"));
  const windows: Record<"own" | "empty", Row>[] = [];
  for (let window = 0; window < WINDOWS; window += 1) windows.push(await measure(host, empty));
  const rows = windows.map(({ own }) => own);
  const total = ({ load, activate }: Row): number => load + activate;
  const totals = rows.map(total);
  return {
    total_ms: rounded(median(totals)),
    best_ms: rounded(Math.min(...totals)),
    worst_ms: rounded(Math.max(...totals)),
    load_ms: rounded(median(rows.map(({ load }) => load))),
    activate_ms: rounded(median(rows.map(({ activate }) => activate))),
    finish_ms: rounded(median(rows.map(({ finish }) => finish))),
    empty_extension_ms: rounded(median(windows.map((window) => total(window.empty)))),
    windows: WINDOWS,
  };
}

function makeEmptyExtension(folder: string): string {
  mkdirSync(folder, { recursive: true });
  const manifest = {
    ...{ name: "empty", publisher: "trainyard", version: "0.0.1", engines: { vscode: "^1.105.0" } },
    ...{ main: "./main.js", activationEvents: ["onStartupFinished"] },
  };
  writeFileSync(path.join(folder, "package.json"), JSON.stringify(manifest));
  writeFileSync(path.join(folder, "main.js"), 'require("vscode"); exports.activate = () => undefined;\n');
  return folder;
}

async function measure(host: string, empty: string): Promise<Record<"own" | "empty", Row>> {
  const report = path.join(path.dirname(host), "report.md");
  const vscode = await startVsCode({ env: { TRAINYARD_BENCH_REPORT: report } });
  const browser = await launchBrowser();
  try {
    const code = await new Promise<number>((resolve, reject) => {
      setTimeout(() => resolve(124), WINDOW_TIMEOUT_MS).unref();
      openWorkbench(browser, vscode, {
        extensionDevelopmentPath: root,
        otherExtensions: [empty],
        extensionTestsPath: host,
        onTestsEnd: resolve,
      }).catch(reject);
    });
    if (code !== 0) throw new Error(`the extension host ended with ${code}:\n${vscode.logs()}`);
    const text = readFileSync(report, "utf8");
    return { own: parse(text, "trainyard.trainyard"), empty: parse(text, "trainyard.empty") };
  } finally {
    await browser.close();
    await vscode.stop();
  }
}

/** The report is Markdown; the row of an extension is in the table "Extension Activation Stats". */
function parse(report: string, extension: string): Row {
  const table = report.slice(report.indexOf("## Extension Activation Stats"));
  const cells = (line: string | undefined): string[] => (line ?? "").split("|").map((cell) => cell.trim());
  const lines = table.split("\n");
  const header = cells(lines.find((line) => line.includes(COLUMNS.load)));
  const row = cells(lines.find((line) => line.includes(extension)));
  const read = (column: string): number => {
    const value = Number.parseFloat(row[header.indexOf(column)] ?? "");
    if (Number.isNaN(value))
      throw new Error(`VS Code's report has no "${column}" for the extension:\n${table}`);
    return value;
  };
  return { load: read(COLUMNS.load), activate: read(COLUMNS.activate), finish: read(COLUMNS.finish) };
}
