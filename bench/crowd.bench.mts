/** 1,000 curves of 1,000 points each in the panel: first paint, frames while the axis is moved. */
import { measurePanel } from "./curves/panel.mts";
import type { Measurements } from "./run.mts";

export const run = (): Promise<Measurements> => measurePanel(1000, 1000);
