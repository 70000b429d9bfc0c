// Pictures of the experiment page without VS Code, to look at while working on it.
//   usage: node test/webviews/look.mts SCENARIO:THEME:WIDTH:TAB ...   e.g. running:dark:1400:curves failed:hc:480:output
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
  const [scenario = "running", theme = "dark", width = "1400", tab = "curves"] = view.split(":");
  const page = await lab.open(
    scenario === "pool"
      ? { page: "pool", scenario: tab, theme, width: Number(width), state: { poolId: "local", hours: 6 } }
      : scenario === "compare"
        ? { page: "compare", scenario: tab, theme, width: Number(width), state: compareState(tab) }
        : { scenario, theme, width: Number(width), state: { tab } },
  );
  await page.waitForTimeout(DRAWN_MS);
  const file = path.join(folder, `${[scenario, theme, width, tab].join("-")}.png`);
  await page.screenshot({ path: file });
  console.log(file);
  await page.close();
}
await lab.stop();
