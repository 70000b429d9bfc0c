/**
 * The real page in a real browser: the bundle as it is built, under the same content security policy, served from
 * 127.0.0.1, with a host inside that speaks the real contract.
 */
import { createServer, type Server } from "node:http";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { text } from "node:stream/consumers";
import path from "node:path";
import { build } from "esbuild";
import type { Browser, Page } from "playwright-core";
import { launchBrowser } from "../../../scripts/vscode/browser.mts";
import { pageEntries, pageOptions } from "../../../scripts/pageBundle.mts";
import { pageHtml } from "../../../src/webviews/contract/html.ts";

const TYPES: Record<string, string> = { ".js": "text/javascript", ".css": "text/css", ".ttf": "font/ttf" };

/** Who plays the extension instead of the made-up one: a script in the page, and what it fetches from here. */
export interface OtherHost {
  script: string;
  /** Answers what is posted to `/host`. */
  answer: (request: string) => Promise<Uint8Array>;
}

export interface PageOptions {
  page?: keyof typeof pageEntries;
  scenario?: string;
  theme?: string;
  width?: number;
  height?: number;
  state?: Record<string, unknown>;
  reducedMotion?: boolean;
}

export class PageLab {
  readonly folder: string;
  private readonly server: Server;
  private readonly browser: Browser;
  private readonly hostScript: string;

  /** The page may fetch from here, which its policy forbids. */
  private readonly mayFetch: boolean;

  private constructor(
    folder: string,
    server: Server,
    browser: Browser,
    hostScript: string,
    mayFetch: boolean,
  ) {
    this.folder = folder;
    this.server = server;
    this.browser = browser;
    this.hostScript = hostScript;
    this.mayFetch = mayFetch;
  }

  static async start(other: OtherHost | null = null): Promise<PageLab> {
    const folder = await mkdtemp(path.join(tmpdir(), "trainyard-page-"));
    await build({
      ...pageOptions,
      entryPoints: pageEntries,
      outdir: folder,
    });
    const host = await build({
      entryPoints: [other?.script ?? path.join(import.meta.dirname, "fakeHost.ts")],
      bundle: true,
      write: false,
      format: "iife",
      target: "es2022",
    });
    const server = createServer((request, response) => {
      const { pathname, searchParams } = new URL(request.url ?? "/", "http://page");
      if (pathname === "/") {
        response.setHeader("content-type", "text/html");
        const name = searchParams.get("page") ?? "experiment";
        response.end(html(request.headers.host ?? "", name, searchParams.get("state")));
        return;
      }
      if (pathname === "/host" && other !== null) {
        void text(request)
          .then((asked) => other.answer(asked))
          .then((bytes) => response.end(bytes));
        return;
      }
      readFile(path.join(folder, path.basename(pathname))).then(
        (content) => {
          response.setHeader("content-type", TYPES[path.extname(pathname)] ?? "application/octet-stream");
          response.end(content);
        },
        () => response.writeHead(404).end(),
      );
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const browser = await launchBrowser();
    return new PageLab(folder, server, browser, host.outputFiles[0]?.text ?? "", other !== null);
  }

  async open(options: PageOptions = {}): Promise<Page> {
    const page = await this.browser.newPage({
      viewport: { width: options.width ?? 1400, height: options.height ?? 900 },
      bypassCSP: this.mayFetch,
      reducedMotion: options.reducedMotion === true ? "reduce" : "no-preference",
    });
    page.on("pageerror", (error) => console.error(`page: ${error.stack ?? error.message}`));
    await page.addInitScript({ content: this.hostScript });
    const address = this.server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const state = JSON.stringify({ experimentId: 12, ...options.state });
    const query = new URLSearchParams({
      page: options.page ?? "experiment",
      scenario: options.scenario ?? "running",
      theme: options.theme ?? "dark",
      state,
    });
    await page.goto(`http://127.0.0.1:${port}/?${query.toString()}`);
    await page.waitForSelector(".page:not(.is-waiting)", { timeout: 10_000 });
    return page;
  }

  async stop(): Promise<void> {
    await this.browser.close();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
    await rm(this.folder, { recursive: true, force: true });
  }
}

function html(host: string, name: string, state: string | null): string {
  const origin = `http://${host}`;
  return pageHtml({
    cspSource: origin,
    nonce: "dGVzdC1ub25jZS10ZXN0LW5vbmNl",
    title: name,
    scriptUri: `${origin}/${name}.js`,
    styleUri: `${origin}/${name}.css`,
    state: JSON.parse(state ?? "null") as unknown,
  });
}
