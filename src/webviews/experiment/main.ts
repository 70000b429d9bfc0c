/** Entry of the experiment page. */
import "../withoutEval.ts";
import { PageState } from "../contract/messages.ts";
import type { VsCodeApi } from "../pageBridge.ts";
import { startPage } from "../startPage.ts";
import { registerToolkit } from "../ui/toolkit.ts";
import { Bridge } from "./bridge.ts";
import { Page } from "./page.ts";
import "./styles/experiment.css";

declare function acquireVsCodeApi(): VsCodeApi;

registerToolkit();

const bridge = new Bridge(acquireVsCodeApi());
const saved = bridge.savedState(document.body.dataset.state);
const page = new Page(bridge, saved ?? PageState.parse({ experimentId: 0 }));
startPage(
  page,
  (data) => {
    const message = bridge.receive(data);
    if (message !== null) page.receive(message);
  },
  (message) => bridge.problem(message),
);
