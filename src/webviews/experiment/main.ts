/** Entry of the experiment page. */
import "./withoutEval.ts";
import { PageState } from "../contract/messages.ts";
import { registerToolkit } from "../ui/toolkit.ts";
import { Bridge, type VsCodeApi } from "./bridge.ts";
import { Page } from "./page.ts";
import "./styles/experiment.css";

declare function acquireVsCodeApi(): VsCodeApi;

registerToolkit();

const bridge = new Bridge(acquireVsCodeApi());
window.addEventListener("error", (event) =>
  bridge.problem(`${event.message} (${event.filename}:${event.lineno})`),
);
window.addEventListener("unhandledrejection", (event) =>
  bridge.problem(`Unhandled: ${String(event.reason)}`),
);

const saved = bridge.savedState(document.body.dataset.state);
const page = new Page(bridge, saved ?? PageState.parse({ experimentId: 0 }));
window.addEventListener("message", (event: MessageEvent<unknown>) => {
  const message = bridge.receive(event.data);
  if (message !== null) page.receive(message);
});
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
