/** Entry of the panels' bundle, which has zod in it and is loaded with the first panel. */
import { ComparePanels } from "./comparePanels.ts";
import { ExperimentPanels } from "./experimentPanels.ts";
import { PoolPanels } from "./poolPanels.ts";
import type { PanelServices, PanelsBundle } from "./panelServices.ts";

export function createPanels(services: PanelServices): PanelsBundle {
  return {
    experiments: new ExperimentPanels(services),
    comparisons: new ComparePanels(services),
    poolPages: new PoolPanels(services),
  };
}
