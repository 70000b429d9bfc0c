/** What every page does in its window: it hears the extension, its own errors, the theme, and that it is back on screen. */

interface Page {
  readonly element: HTMLElement;
  start(): void;
  themeChanged(): void;
  askAgain(): void;
}

/** @param receive takes a message as it came */
export function startPage(
  page: Page,
  receive: (data: unknown) => void,
  problem: (message: string) => void,
): void {
  window.addEventListener("error", (event) =>
    problem(`${event.message} (${event.filename}:${event.lineno})`),
  );
  window.addEventListener("unhandledrejection", (event) => problem(`Unhandled: ${String(event.reason)}`));
  window.addEventListener("message", (event: MessageEvent<unknown>) => receive(event.data));
  document.getElementById("page")?.replaceChildren(page.element);
  // The editor swaps classes of the body when its theme changes; colours on canvases are painted again.
  new MutationObserver(() => page.themeChanged()).observe(document.body, { attributeFilter: ["class"] });
  new MutationObserver(() => page.themeChanged()).observe(document.documentElement, {
    attributeFilter: ["style"],
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") page.askAgain();
  });
  page.start();
}
