import path from "node:path";
import type { Browser } from "playwright-core";
import { artifacts, root } from "../lib/paths.mts";
import { launchBrowser, openWorkbench, type WorkbenchOptions } from "./browser.mts";
import { startVsCode, type VsCode, type VsCodeOptions } from "./server.mts";
import type { Workbench } from "./workbench.mts";

export interface Session {
  readonly vscode: VsCode;
  readonly workbench: Workbench;
  /** A further window of the same VS Code, as a person opens a second one. */
  openWindow(options?: WorkbenchOptions): Promise<Workbench>;
}

/**
 * A VS Code with the built extension and one window, for the time of `use`; everything it started is gone afterwards.
 * When `use` fails, a picture of every window and VS Code's logs are added to the error's message and to artifacts/.
 */
export async function withVsCode<T>(
  name: string,
  options: VsCodeOptions & WorkbenchOptions,
  use: (session: Session) => Promise<T>,
): Promise<T> {
  const vscode = await startVsCode(options);
  let browser: Browser | null = null;
  try {
    const launched = (browser = await launchBrowser());
    const development = options.vsix === undefined ? { extensionDevelopmentPath: root } : {};
    const openWindow = (more: WorkbenchOptions = {}): Promise<Workbench> =>
      openWorkbench(launched, vscode, { ...development, ...options, ...more });
    return await use({ vscode, workbench: await openWindow(), openWindow });
  } catch (error) {
    if (browser !== null) await takePictures(browser, name);
    throw new Error(`${String(error)}\n\nVS Code's logs:\n${vscode.logs()}`, { cause: error });
  } finally {
    await browser?.close();
    await vscode.stop();
  }
}

async function takePictures(browser: Browser, name: string): Promise<void> {
  const pages = browser.contexts().flatMap((context) => context.pages());
  for (const [index, page] of pages.entries()) {
    const file = path.join(artifacts, `failed-${name.replaceAll(/[^\w-]+/g, "-")}-${index}.png`);
    await page.screenshot({ path: file }).catch(() => null);
  }
}
