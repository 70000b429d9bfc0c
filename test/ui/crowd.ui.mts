/** Many curves in one chart, in a real browser: a crowd, those in front of it, and moving along the x axis. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Page } from "playwright-core";
import { PageLab } from "../webviews/support/browserPage.ts";

let lab: PageLab;
before(async () => {
  lab = await PageLab.start();
});
after(() => lab.stop());

interface Saved {
  zoom: { from: number; to: number } | null;
  searchTab: { chosen: string[] };
}
const saved = (page: Page) => page.evaluate(() => host.saved as unknown as Saved);
const readings = (page: Page) =>
  page.evaluate(() => host.requests.filter((name) => name === "readCurves").length);
const plotOf = (page: Page, chart: string) => page.locator(`[data-chart="${chart}"] .plot`);

async function onPage(scenario: string, body: (page: Page) => Promise<void>): Promise<void> {
  const page = await lab.open({ scenario, state: { tab: "curves" } });
  try {
    const chart = scenario.startsWith("crowd") ? "loss" : "layer0/grad_norm";
    await page.waitForSelector(`[data-chart="${chart}"] .plot:not(.is-waiting)`);
    await body(page);
    const seen = await page.evaluate(() => ({ problems: host.problems, violations }));
    assert.deepEqual(seen, { problems: [], violations: [] });
  } finally {
    await page.close();
  }
}

/** Share of the plot's pixels that are not the background, in these columns of it. */
const inked = (page: Page, chart: string) =>
  page.evaluate((id) => {
    const canvas = document.querySelector<HTMLCanvasElement>(`[data-chart="${id}"] canvas`);
    const pixels = canvas?.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height).data ?? [];
    let count = 0;
    for (let at = 3; at < pixels.length; at += 4) if ((pixels[at] ?? 0) > 20) count++;
    return count / (pixels.length / 4);
  }, chart);

describe("many curves", () => {
  test("a thousand are a crowd with the best in front, read in few messages", () =>
    onPage("crowd1000", async (page) => {
      await page.waitForFunction(() =>
        document.querySelector('[data-chart="loss"] .chart-note')?.textContent?.includes("1,000 curves"),
      );
      assert.ok((await readings(page)) < 10);
      const words = await page.locator('[data-chart="loss"] p.spoken').innerText();
      assert.match(words, /^1,000 curves\. trial 3: /);
      for (let look = 0; (await inked(page, "loss")) < 0.05; look++) {
        assert.ok(look < 100, "the crowd was not painted");
        await page.waitForTimeout(50);
      }
    }));

  test("a click selects the trial whose curve is looked at, the tooltip lists what is selected with its last value", () =>
    onPage("crowd50", async (page) => {
      const box = await plotOf(page, "loss").boundingBox();
      assert.ok(box);
      const at = { x: box.x + 90, y: box.y + 90 };
      await page.mouse.move(at.x, at.y);
      await page.mouse.down();
      await page.mouse.up();
      const { chosen } = (await saved(page)).searchTab;
      assert.equal(chosen.length, 1);
      await page.mouse.move(at.x + 1, at.y);
      const number = chosen[0]?.split(".")[1] ?? "";
      const told = await page.locator("#view-curves .tooltip").innerText();
      assert.match(told, new RegExp(`^step \\d+\n(.*\n)*trial ${number}\n[\\d.]+`));
      assert.match(told, /trial 3\n[\d.]+\n(at step \d+\n)?last [\d.]+/);
      await page.getByRole("button", { name: "Clear Selection" }).click();
      assert.deepEqual((await saved(page)).searchTab.chosen, []);
    }));

  test("by keys: the curve above or below comes to the front, Enter selects its trial", () =>
    onPage("crowd50", async (page) => {
      await plotOf(page, "loss").focus();
      await page.keyboard.press("ArrowUp");
      await page.keyboard.press("ArrowUp");
      assert.ok(await page.locator("#view-curves .tooltip-row.is-front").isVisible());
      await page.keyboard.press("Enter");
      assert.equal((await saved(page)).searchTab.chosen.length, 1);
    }));

  test("zoomed in it is moved by the wheel, by Shift and the pointer, and by keys, not beyond what there is", () =>
    onPage("crowd1000", async (page) => {
      const plot = plotOf(page, "loss");
      await plot.focus();
      await page.keyboard.press("+");
      const zoomed = (await saved(page)).zoom;
      assert.ok(zoomed);
      const width = zoomed.to - zoomed.from;
      const moved = async (from: number) => {
        const now = (await saved(page)).zoom;
        assert.ok(now);
        assert.ok(Math.abs(now.to - now.from - width) < width / 1000);
        return now.from - from;
      };
      await page.keyboard.press("Control+ArrowRight");
      assert.ok((await moved(zoomed.from)) > 0);
      const box = await plot.boundingBox();
      assert.ok(box);
      await page.mouse.move(box.x + 100, box.y + 50);
      const before = (await saved(page)).zoom?.from ?? 0;
      await page.mouse.wheel(-40, 0);
      await page.waitForFunction(
        (from) => ((host.saved as unknown as Saved).zoom?.from ?? from) < from,
        before,
      );
      await page.keyboard.down("Shift");
      await page.mouse.down();
      await page.mouse.move(box.x + 200, box.y + 50, { steps: 4 });
      await page.mouse.up();
      await page.keyboard.up("Shift");
      assert.ok((await moved(before)) < 0);
      for (let press = 0; press < 30; press++) await page.keyboard.press("Control+ArrowLeft");
      assert.ok(((await saved(page)).zoom?.to ?? 0) > 0);
    }));

  test("charts that are out of sight hold no points, and read them again when they are looked at", () =>
    onPage("charts50", async (page) => {
      const before = await readings(page);
      await page.locator('[data-chart="layer49/grad_norm"]').scrollIntoViewIfNeeded();
      await page.waitForTimeout(5000);
      const there = await readings(page);
      assert.ok(there > before);
      await page.locator('[data-chart="layer0/grad_norm"]').scrollIntoViewIfNeeded();
      for (let look = 0; (await readings(page)) === there; look++) {
        assert.ok(look < 100, "nothing was read again");
        await page.waitForTimeout(50);
      }
      await page.waitForSelector('[data-chart="layer0/grad_norm"] .plot:not(.is-waiting)');
    }));
});
