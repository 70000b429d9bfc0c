import { mkdirSync } from "node:fs";
import path from "node:path";
import type { FrameLocator, Locator, Page } from "playwright-core";

const WAIT_MS = 30_000;

/** The parts of VS Code's interface that tests touch. Every selector of VS Code's own is in this file. */
export class Workbench {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
    page.setDefaultTimeout(WAIT_MS);
  }

  /** Runs a command as a person would: by its title in the palette. */
  async command(title: string): Promise<void> {
    await this.page.keyboard.press("F1");
    await this.pick(title, `>${title}`);
  }

  /** Reloads the window as a person does: VS Code puts its state away first. */
  async reload(): Promise<void> {
    const loaded = this.page.waitForEvent("load");
    await this.command("Developer: Reload Window");
    await loaded;
    await this.page.locator(".monaco-workbench").waitFor();
  }

  /** Opens a file of the workspace by its name. */
  async openFile(name: string): Promise<void> {
    await this.page.keyboard.press("Control+P");
    await this.quickInput.locator(".quick-input-box input").fill(name);
    // A panel's title may end with the name of a file.
    await this.quickPickRow(new RegExp(`^\\s*${name.replaceAll(".", "\\.")}`))
      .first()
      .click();
    await this.page.locator(`.tabs-container .tab.active[data-resource-name="${name}"]`).first().waitFor();
  }

  /** The open quick pick or input box. */
  get quickInput(): Locator {
    return this.page.locator(".quick-input-widget:visible");
  }

  quickPickRow(text: string | RegExp): Locator {
    return this.quickInput.locator(".quick-input-list .monaco-list-row", { hasText: text });
  }

  /** Chooses the first entry with this text in the open quick pick, after typing `filter`. */
  async pick(text: string, filter?: string): Promise<void> {
    const input = this.quickInput.locator(".quick-input-box input");
    await input.waitFor();
    if (filter !== undefined) await input.fill(filter);
    await this.quickPickRow(text).first().click();
  }

  /** Types into the open input box and accepts it. */
  async answer(text: string): Promise<void> {
    await this.quickInput.locator(".quick-input-box input").fill(text);
    await this.page.keyboard.press("Enter");
  }

  /** A button in the title bar of the open editor, by its command's title. */
  editorAction(title: string | RegExp): Locator {
    return this.page.locator(".editor-actions").getByRole("button", { name: title }).first();
  }

  /** The icon of a view container. */
  activityIcon(title: string): Locator {
    return this.page.locator(`.activitybar .action-label[aria-label^="${title}"]`);
  }

  /** Shows a view container; a second call leaves it open. */
  async showContainer(title: string): Promise<void> {
    const icon = this.activityIcon(title);
    await icon.waitFor();
    const label = this.page.locator(`.action-label[aria-label^="${title}"]`);
    const item = this.page.locator(".activitybar .action-item", { has: label });
    // Not the icon: a badge may lie over it.
    if (!/\bchecked\b/.test((await item.getAttribute("class")) ?? "")) await item.click();
  }

  /** The section of one tree in the open view container. */
  view(title: string): Locator {
    return this.page.locator(".pane", { has: this.page.locator(`.pane-header .title:text-is("${title}")`) });
  }

  /** A file in the open explorer. */
  explorerRow(name: string): Locator {
    return this.page.locator(".explorer-folders-view .monaco-list-row").filter({ hasText: name }).first();
  }

  treeRows(view: string): Locator {
    return this.view(view).locator(".monaco-list-row");
  }

  treeRow(view: string, text: string | RegExp): Locator {
    return this.treeRows(view).filter({ hasText: text }).first();
  }

  /** A lens above a line of the open editor. */
  lens(text: string | RegExp): Locator {
    return this.page.locator(".codelens-decoration a", { hasText: text });
  }

  /** A line of the open editor with this text in it: what is written there, or a hint beside it. */
  hint(text: RegExp): Locator {
    return this.page.locator(".editor-instance .view-lines .view-line", { hasText: text }).first();
  }

  squiggle(severity: "error" | "warning" | "info"): Locator {
    return this.page.locator(`.editor-instance .squiggly-${severity}`);
  }

  /** The editor's open hover. */
  hover(text: string): Locator {
    return this.page.locator(".monaco-hover:visible .hover-contents", { hasText: text }).first();
  }

  /** Of the first picture in a hover, in pixels of its own; 0 while it is not there, or cannot be shown. */
  async imageWidth(hover: Locator): Promise<number> {
    const images = hover.locator("img");
    if ((await images.count()) === 0) return 0;
    return images.first().evaluate((image) => (image as HTMLImageElement).naturalWidth);
  }

  /** Puts the cursor at a place of the open editor, both from 1. */
  async goTo(line: number, column: number): Promise<void> {
    await this.page.keyboard.press("Control+G");
    await this.answer(`:${line}:${column}`);
    await this.quickInput.waitFor({ state: "hidden" });
  }

  toast(text: string | RegExp): Locator {
    return this.page.locator(".notifications-toasts .notification-list-item", { hasText: text }).first();
  }

  async pressToastButton(toast: string | RegExp, button: string): Promise<void> {
    const item = this.toast(toast);
    await item.hover();
    await item.locator(".monaco-button", { hasText: button }).click();
  }

  /** An entry of the open context menu. */
  menuItem(label: string): Locator {
    return this.page.locator(".context-view .monaco-menu").getByRole("menuitem", { name: label });
  }

  /** Chooses an entry of the open context menu. One that has just opened passes over a click: then once more. */
  async chooseInMenu(label: string): Promise<void> {
    const item = this.menuItem(label);
    for (let attempt = 0; attempt < 10; attempt += 1) {
      await item.click();
      const isDone = await item.waitFor({ state: "hidden", timeout: 1_000 }).then(
        () => true,
        () => false,
      );
      if (isDone) return;
    }
    throw new Error(`The menu stays open when ${label} is clicked.`);
  }

  /** The open modal dialog. */
  get dialog(): Locator {
    return this.page.locator(".monaco-dialog-box");
  }

  dialogButton(label: string): Locator {
    return this.dialog.locator(".monaco-button", { hasText: label });
  }

  statusBarItem(text: string | RegExp): Locator {
    return this.page.locator(".statusbar-item", { hasText: text });
  }

  /**
   * The output panel while it shows this channel. What the channel holds is not seen in tests: it goes through a native
   * module, which is not installed.
   */
  output(channel: string): Locator {
    return this.page.locator(".part.panel", {
      has: this.page.locator(`.monaco-select-box option:text-is("${channel}")`),
    });
  }

  /** The content of the webview that was opened last. */
  get webview(): FrameLocator {
    return this.page
      .locator("iframe.webview.ready")
      .last()
      .contentFrame()
      .locator("iframe#active-frame")
      .contentFrame();
  }

  /** Waits until this webview page shows `selector`. */
  async webviewReady(selector: string): Promise<FrameLocator> {
    const frame = this.webview;
    await frame.locator(selector).first().waitFor();
    return frame;
  }

  async setTheme(name: string): Promise<void> {
    await this.page.keyboard.press("F1");
    await this.pick("Preferences: Color Theme", ">Preferences: Color Theme");
    // Its list is virtual: what is far down is there only once it is filtered for.
    await this.quickInput.locator('input[placeholder^="Select Color Theme"]').waitFor();
    await this.pick(name, name);
    await this.quickInput.waitFor({ state: "hidden" });
  }

  async screenshot(file: string): Promise<void> {
    mkdirSync(path.dirname(file), { recursive: true });
    await this.page.screenshot({ path: file });
  }
}
