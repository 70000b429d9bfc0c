// Pictures of the experiment page without VS Code, to look at while working on it.
//   usage: node test/webviews/look.mts SCENARIO:THEME:WIDTH:TAB ...   e.g. running:dark:1400:curves failed:hc:480:output
// A fifth part is the picture of the Search tab: asha1000:light:900:search:parameters.
//   the page that compares: compare:THEME:WIDTH:SCENARIO; of a pool, with 8 slots and 3 that wait: pool:THEME:WIDTH:8x3
// Scenarios: support/scenarios.ts, support/compareScenarios.ts. Themes: dark, light, hc, hc-light. The pictures are in artifacts/page/.
import { mkdirSync } from "node:fs";
import path from "node:path";
import { artifacts } from "../../scripts/lib/paths.mts";
import { PageLab } from "./support/browserPage.ts";
import { compareState } from "./support/compareScenarios.ts";

const DRAWN_MS = 800;
const folder = path.join(artifacts, "page");
mkdirSync(folder, { recursive: true });
const lab = await PageLab.start();
for (const view of process.argv.slice(2)) {
  const [scenario = "running", theme = "dark", width = "1400", tab = "curves", shown] = view.split(":");
  const searchTab = shown === undefined ? {} : { shown };
  const page = await lab.open(
    scenario === "pool"
      ? { page: "pool", scenario: tab, theme, width: Number(width), state: { poolId: "local", hours: 6 } }
      : scenario === "compare"
        ? { page: "compare", scenario: tab, theme, width: Number(width), state: compareState(tab) }
        : { scenario, theme, width: Number(width), state: { tab, searchTab } },
  );
  await page.waitForTimeout(DRAWN_MS);
  const file = path.join(folder, `${view.replaceAll(":", "-")}.png`);
  await page.screenshot({ path: file });
  console.log(file);
  await page.close();
}
await lab.stop();
