/** Entry of the page of a pool. */
import "../withoutEval.ts";
import type { VsCodeApi } from "../pageBridge.ts";
import { startPage } from "../startPage.ts";
import { registerToolkit } from "../ui/toolkit.ts";
import { PoolBridge } from "./bridge.ts";
import { PoolPage } from "./page.ts";
import "./pool.css";

declare function acquireVsCodeApi(): VsCodeApi;

registerToolkit();

const bridge = new PoolBridge(acquireVsCodeApi());
const saved = bridge.savedState(document.body.dataset.state);
if (saved === null) throw new Error("the page does not know which pool it is of");
const page = new PoolPage(bridge, saved);
startPage(
  page,
  (data) => {
    const message = bridge.receive(data);
    if (message !== null) page.receive(message);
  },
  (message) => bridge.problem(message),
);
