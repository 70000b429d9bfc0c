import { mkdirSync } from "node:fs";
import path from "node:path";
import { artifacts, root } from "../lib/paths.mts";
import { launchBrowser, openWorkbench, type WorkbenchOptions } from "./browser.mts";
import { startVsCode, type VsCode, type VsCodeOptions } from "./server.mts";
import type { Workbench } from "./workbench.mts";

/** A VS Code with the built extension (or a packaged one) and one window. */
export interface Session {
  readonly vscode: VsCode;
  readonly workbench: Workbench;
  /** A further window of the same VS Code, as a person opens a second one. */
  openWindow(options?: WorkbenchOptions): Promise<Workbench>;
  /** Runs `work`; when it fails, pictures of all windows go to artifacts/ and VS Code's logs into the error's message. */
  reporting<T>(name: string, work: () => Promise<T>): Promise<T>;
  /** Ends everything that this session started. */
  close(): Promise<void>;
}

export async function openSession(options: VsCodeOptions & WorkbenchOptions = {}): Promise<Session> {
  const vscode = await startVsCode(options);
  const browser = await launchBrowser().catch(async (error: unknown) => {
    await vscode.stop();
    throw error;
  });
  const close = async (): Promise<void> => {
    await browser.close();
    await vscode.stop();
  };
  const pictures = async (name: string): Promise<void> => {
    mkdirSync(artifacts, { recursive: true });
    const pages = browser.contexts().flatMap((context) => context.pages());
    for (const [index, page] of pages.entries()) {
      const file = `failed-${name.replaceAll(/[^\w-]+/g, "-")}-${index}.png`;
      await page.screenshot({ path: path.join(artifacts, file) }).catch(() => null);
    }
  };
  const reporting: Session["reporting"] = async (name, work) => {
    try {
      return await work();
    } catch (error) {
      await pictures(name);
      throw new Error(`${String(error)}\n\nVS Code's logs:\n${vscode.logs()}`, { cause: error });
    }
  };
  const openWindow: Session["openWindow"] = (more = {}) =>
    openWorkbench(browser, vscode, {
      ...(options.vsix === undefined ? { extensionDevelopmentPath: root } : {}),
      ...options,
      ...more,
    });
  try {
    const workbench = await reporting("start", () => openWindow());
    return { vscode, workbench, openWindow, reporting, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** A session for the time of `use`. */
export async function withVsCode<T>(
  name: string,
  options: VsCodeOptions & WorkbenchOptions,
  use: (session: Session) => Promise<T>,
): Promise<T> {
  const session = await openSession(options);
  try {
    return await session.reporting(name, () => use(session));
  } finally {
    await session.close();
  }
}
