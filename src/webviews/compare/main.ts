/** Entry of the page that compares trials. */
import "../withoutEval.ts";
import type { VsCodeApi } from "../pageBridge.ts";
import { startPage } from "../startPage.ts";
import { registerToolkit } from "../ui/toolkit.ts";
import { CompareBridge } from "./bridge.ts";
import { ComparePage } from "./page.ts";
import "./compare.css";

declare function acquireVsCodeApi(): VsCodeApi;

registerToolkit();

const bridge = new CompareBridge(acquireVsCodeApi());
const saved = bridge.savedState(document.body.dataset.state);
if (saved === null) throw new Error("the page does not know whom it compares");
const page = new ComparePage(bridge, saved);
startPage(
  page,
  (data) => {
    const message = bridge.receive(data);
    if (message !== null) page.receive(message);
  },
  (message) => bridge.problem(message),
);
