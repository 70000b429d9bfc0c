import path from "node:path";
import { artifacts } from "../lib/paths.mts";
import type { TrainyardUi } from "../vscode/trainyard.mts";
import { step, until } from "./steps.mts";

/** Of examples/digits/search.yaml. */
const TRIALS = 10;
const SEARCH_MS = 10 * 60_000;

/** Watches a search that was submitted: its Search tab with the rung ladder live, then all of its trials at its end. */
export async function watchSearch({ panel, workbench }: TrainyardUi): Promise<void> {
  const screenshot = (name: string) => workbench.screenshot(path.join(artifacts, `demo-search${name}.png`));
  await step("the Search tab, in front", () => panel.activeTab("Search").waitFor({ timeout: 60_000 }));
  await step("the first trial on the rung ladder", async () => {
    await panel.rung(/[1-9]\d* came/).waitFor({ timeout: SEARCH_MS });
    await until(async () => (await panel.ladderPixels()) > 20, 10_000, "the ladder has no coloured dot");
    await screenshot("-live");
  });
  await step(`the end of ${TRIALS} trials`, async () => {
    await panel.inState("completed").waitFor({ timeout: SEARCH_MS });
    await until(
      async () => (await panel.trialRows.count()) === TRIALS,
      10_000,
      `the table does not have ${TRIALS} trials`,
    );
  });
  await step(
    `a ladder on which ${TRIALS} trials came to the first rung and one trained to the end`,
    async () => {
      await panel.rung(new RegExp(`${TRIALS} came, [1-9]\\d* went on$`)).waitFor();
      await panel.rung(/2,403 steps[1-9]\d* came$/).waitFor();
      await screenshot("");
    },
  );
  await step("a trial's own curves, one click from the table", async () => {
    await panel.trialRows.first().click();
    await panel.tab("Curves").click();
    await panel.chart("val_loss").waitFor();
    await until(async () => (await panel.points("val_loss")) > 0, 60_000, "no point of it is drawn");
  });
}
