import { chromium, type Browser, type Page } from "playwright-core";
import { ensureChromium } from "./install.mts";
import type { VsCode } from "./server.mts";
import { Workbench } from "./workbench.mts";

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export interface WorkbenchOptions {
  /** The folder to open; the default is the one VS Code was started with. */
  readonly folder?: string;
  /** The extension's source folder, loaded as F5 does. Leave it out where a .vsix was installed. */
  readonly extensionDevelopmentPath?: string;
  /** Further ones beside it. */
  readonly otherExtensions?: readonly string[];
  /** A CommonJS file whose `run()` the extension host calls. With it, VS Code refuses every dialog. */
  readonly extensionTestsPath?: string;
  readonly viewport?: { readonly width: number; readonly height: number };
  /** What the extension host wrote to its console, one formatted line each. */
  readonly onHostConsole?: (type: string, args: readonly unknown[]) => void;
  /** The tests' end: 0 when `run()` resolved. */
  readonly onTestsEnd?: (code: number) => void;
  readonly readyTimeoutMs?: number;
}

export async function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: await ensureChromium(), headless: true, args: FLAGS });
}

/** Opens a window of `vscode` and waits until the workbench is drawn. */
export async function openWorkbench(
  browser: Browser,
  vscode: VsCode,
  options: WorkbenchOptions = {},
): Promise<Workbench> {
  const context = await browser.newContext({ viewport: options.viewport ?? { width: 1400, height: 900 } });
  const page = await context.newPage();
  await page.exposeFunction("codeAutomationLog", (type: string, args: unknown[]) => {
    options.onHostConsole?.(type, args);
  });
  await page.exposeFunction("codeAutomationExit", (code: number) => options.onTestsEnd?.(code));
  await developExtension(page, vscode.authority, options);
  await page.goto(
    `http://${vscode.authority}/?folder=${encodeURIComponent(options.folder ?? vscode.workspace)}`,
  );
  await page.locator(".monaco-workbench").waitFor({ timeout: options.readyTimeoutMs ?? 60_000 });
  return new Workbench(page);
}

/**
 * What F5 gives a desktop VS Code, the web workbench takes from the configuration in its page; a built product ignores
 * the query string. The configuration is changed as it is read. (Answering the page's request ourselves does not work:
 * Chromium then refuses its WebSocket, since a made-up document has no address space.)
 */
async function developExtension(page: Page, authority: string, options: WorkbenchOptions): Promise<void> {
  if (options.extensionDevelopmentPath === undefined) return;
  const remote = (file: string): object => ({ scheme: "vscode-remote", authority, path: file });
  const development = {
    extensions: [options.extensionDevelopmentPath, ...(options.otherExtensions ?? [])].map(remote),
    ...(options.extensionTestsPath === undefined
      ? {}
      : { extensionTestsPath: remote(options.extensionTestsPath) }),
  };
  await page.addInitScript((added) => {
    if (window !== window.top) return;
    // eslint-disable-next-line @typescript-eslint/unbound-method -- called with its element below
    const original = Element.prototype.getAttribute;
    Element.prototype.getAttribute = function (this: Element, name: string) {
      const value = original.call(this, name);
      if (value === null || name !== "data-settings" || this.id !== "vscode-workbench-web-configuration") {
        return value;
      }
      const configuration = JSON.parse(value) as { developmentOptions?: object };
      return JSON.stringify({
        ...configuration,
        developmentOptions: { ...configuration.developmentOptions, ...added },
      });
    };
  }, development);
}
