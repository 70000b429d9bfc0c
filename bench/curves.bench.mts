/** 50 curves of 1,000,000 points each in the panel: first paint, a zoom, memory. */
import { measurePanel } from "./curves/panel.mts";
import type { Measurements } from "./run.mts";

export const run = (): Promise<Measurements> => measurePanel(50, 1_000_000);
