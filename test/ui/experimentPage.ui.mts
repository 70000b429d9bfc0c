/** The experiment page in a real browser, under its real content security policy, with a host that speaks the contract. */
import assert from "node:assert/strict";
import { readFile, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import type { Page } from "playwright-core";
import { PageLab, type PageOptions } from "../webviews/support/browserPage.ts";

/** What the host inside the page (fakeHost.ts) offers to tests. */
interface Host {
  actions: unknown[];
  problems: string[];
  requests: string[];
  readies: number;
  saved: Record<string, unknown> | undefined;
  change: (change: object) => void;
  lose: () => void;
  post: (message: object) => void;
  report: (name: string, step: number, value: number) => void;
  reportNew: (series: { group: string; name: string }, step: number, value: number) => void;
  print: (text: string, stream?: "stdout" | "stderr") => void;
  scenario: {
    snapshot: {
      trials: object[];
      runs: object[];
      checkpoints: object[];
      experiment: object;
      snapshot: { leftOut: object[] };
    };
    output: { stdout: string; stderr: string };
    search?: { brackets: { rungs: { coming: string[] }[] }[] | null };
  };
}
declare global {
  var host: Host, violations: string[], applyTheme: (name: string) => void, axe: { run: AxeRun };
}
type AxeRun = (
  context: { exclude: string[] },
  options: object,
) => Promise<{
  violations: { id: string; impact: string; nodes: { html: string; failureSummary: string }[] }[];
}>;

let lab: PageLab;
before(async () => {
  lab = await PageLab.start();
});
after(() => lab.stop());

/** Runs `body` on a fresh page; afterwards nothing may have gone against the policy or been thrown. */
async function onPage(options: PageOptions, body: (page: Page) => Promise<void>): Promise<void> {
  const page = await lab.open(options);
  try {
    await body(page);
    const seen = await page.evaluate(() => ({ problems: host.problems, violations }));
    assert.deepEqual(seen, { problems: [], violations: [] });
  } finally {
    await page.close();
  }
}
const actions = (page: Page) => page.evaluate(() => host.actions);
const tab = (page: Page, name: string) => page.getByRole("tab", { name: new RegExp(`^${name}`) });
/** Sum of what is painted on a chart: differs whenever a pixel does. */
const painted = (page: Page, chart: string) =>
  page.evaluate((id) => {
    const canvas = document.querySelector<HTMLCanvasElement>(`[data-chart="${id}"] canvas`);
    const pixels = canvas?.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height).data ?? [];
    let sum = 0;
    for (let at = 0; at < pixels.length; at++) sum = (sum * 31 + (pixels[at] ?? 0)) | 0;
    return sum;
  }, chart);
async function paintedAnew(page: Page, chart: string, before: number): Promise<void> {
  for (let turn = 0; turn < 200; turn++) {
    if ((await painted(page, chart)) !== before) return;
    await page.waitForTimeout(25);
  }
  assert.fail(`the chart ${chart} was not painted again`);
}
async function drawn(page: Page, chart: string): Promise<void> {
  await page.waitForSelector(`[data-chart="${chart}"] .plot:not(.is-waiting)`);
}

describe("experiment page", () => {
  test("what a page loads stays below 448 KiB, and a search's tab is loaded when it is shown", () =>
    onPage({ scenario: "trials8", state: { tab: "curves" } }, async (page) => {
      const scripts = () =>
        page.evaluate(() =>
          performance
            .getEntriesByType("resource")
            .map(({ name }) => new URL(name).pathname)
            .filter((name) => name.endsWith(".js")),
        );
      const first = await scripts();
      const sizes = first.map(async (name) => (await stat(path.join(lab.folder, name))).size);
      const bytes = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
      assert.ok(bytes < 448 * 1024, `${bytes} bytes`);
      await tab(page, "Search").click();
      await page.waitForSelector(".trials tbody tr");
      assert.deepEqual(
        (await scripts())
          .filter((name) => !first.includes(name))
          .map((name) => name.replace(/-\w+\.js$/, "")),
        ["/experiment-searchView"],
      );
    }));

  test("a tab whose file is gone says so, and can be tried again", async () => {
    const page = await lab.open({ scenario: "trials8", state: { tab: "curves" } });
    try {
      await page.route(/searchView/, (route) => route.abort());
      await tab(page, "Search").click();
      await page.waitForSelector("text=This tab could not be loaded");
      await page.getByRole("button", { name: "Try Again" }).waitFor();
    } finally {
      await page.close();
    }
  });

  test("shows what matters in one line, and only tabs that have something", () =>
    onPage({ scenario: "running" }, async (page) => {
      const header = await page.locator(".header-line").innerText();
      assert.match(
        header,
        /#12\s+digits-mlp\s+Running\s+12 min · step 900 · 45 % · best val_loss 0\.0613 \(step 880\) · ends in about/,
      );
      // Of the last minute, asked for once it is known that there is something to ask for.
      await page.waitForSelector("text=/^GPU \\d\\d% busy; [56]\\d% of each step waits for data$/");
      assert.equal(await page.locator(".notice").count(), 0);
      assert.deepEqual(await page.getByRole("tab").allInnerTexts(), [
        "Curves",
        "Output",
        "System",
        "Checkpoints\n8",
        "Files",
        "Code",
        "Configuration",
        "Provenance",
      ]);
    }));

  test("a waiting experiment says why, and has no tabs of what is not there", () =>
    onPage({ scenario: "waiting" }, async (page) => {
      assert.match(await page.locator(".notice").innerText(), /^Waits for 1 slot/);
      assert.deepEqual(await page.getByRole("tab").allInnerTexts(), ["Curves", "Code", "Configuration"]);
      await page.getByRole("button", { name: "Pause" }).click({ force: true });
      await page.getByRole("button", { name: "Stop", exact: true }).click();
      assert.deepEqual(await actions(page), [{ action: "stop", trialId: null }]);
    }));

  test("a failure is one click from its line", () =>
    onPage({ scenario: "failed" }, async (page) => {
      assert.equal(
        await page.locator(".notice").first().innerText(),
        "ValueError: loss is NaN (train.py:41)",
      );
      await page.getByRole("button", { name: "train.py:41" }).click();
      assert.deepEqual(await actions(page), [{ action: "openSource", file: "train.py", line: 41 }]);
    }));

  test("data that was not sent is one click from the next run", () =>
    onPage({ scenario: "notSent" }, async (page) => {
      const notice = page.locator(".notice").first();
      assert.match(
        await notice.innerText(),
        /^data\/train\.csv is ignored by git and was not sent .*\(train\.py:12\) Send It Use a Path on the Pool…$/,
      );
      await notice.getByRole("button", { name: "Send It" }).click();
      await notice.getByRole("button", { name: "Use a Path on the Pool…" }).click();
      assert.deepEqual(await actions(page), [
        { action: "sendData", trialId: "12.1" },
        { action: "mapData", trialId: "12.1" },
      ]);
    }));

  test("data of this machine can be linked too; what is never sent is not offered to be", () =>
    onPage({ scenario: "notSent" }, async (page) => {
      const ways = page.locator(".notice").first().getByRole("button");
      const leftOut = (change: object): Promise<void> =>
        page.evaluate((changed) => {
          const { snapshot } = host.scenario.snapshot;
          Object.assign(snapshot.leftOut[0] ?? {}, changed);
          host.post({ type: "snapshot", version: 1, snapshot: host.scenario.snapshot });
        }, change);
      await leftOut({ linkable: true });
      await ways.filter({ hasText: "Link" }).waitFor();
      assert.deepEqual(await ways.allInnerTexts(), [
        "train.py:12",
        "Link",
        "Send It",
        "Use a Path on the Pool…",
      ]);
      await ways.filter({ hasText: "Link" }).click();
      assert.deepEqual(await actions(page), [{ action: "link", path: "data" }]);
      await leftOut({ linkable: false, sendable: false });
      await ways.filter({ hasText: "Link" }).waitFor({ state: "detached" });
      assert.deepEqual(await ways.allInnerTexts(), ["train.py:12", "Use a Path on the Pool…"]);
    }));

  test("draws a chart for each name; new points reach the pixels", () =>
    onPage({ scenario: "running" }, async (page) => {
      await drawn(page, "loss");
      const titles = await page.locator(".chart-title").allInnerTexts();
      assert.deepEqual(titles, ["loss", "val_loss", "accuracy", "lr"]);
      const before = await painted(page, "loss");
      await page.evaluate(() => host.report("loss", 901, 2.4));
      await paintedAnew(page, "loss", before);
      assert.match(await page.locator('[data-chart="loss"] .spoken').innerText(), /901 points, .* to 2\.4, /);
    }));

  test("a series of 20,000 points is read reduced, and goes on from its end", () =>
    onPage({ scenario: "long" }, async (page) => {
      await drawn(page, "loss");
      const count = () => page.evaluate(() => host.requests.filter((name) => name === "readCurves").length);
      const reads = await count();
      assert.ok(reads <= 6, `${reads} readings`);
      const before = await painted(page, "loss");
      await page.evaluate(() => host.report("loss", 20_000, 2));
      await paintedAnew(page, "loss", before);
      assert.equal(await count(), reads + 1);
      await page.locator('[data-chart="loss"]').hover();
      await page.getByRole("button", { name: "Show loss as a table" }).click();
      assert.ok((await page.locator(".points-table tbody tr").count()) < 60);
      assert.match(await page.locator(".points-table p").innerText(), /of 20,001/);
    }));

  test("the table of a chart has a column for each curve, also for one that comes later", () =>
    onPage({ scenario: "running" }, async (page) => {
      await drawn(page, "loss");
      await page.locator('[data-chart="loss"]').hover();
      await page.getByRole("button", { name: "Show loss as a table" }).click();
      const table = page.locator('[data-chart="loss"] .points-table');
      assert.deepEqual(await table.locator("th").allInnerTexts(), ["Step", "training", "Time"]);
      await page.evaluate(() => host.reportNew({ group: "validation", name: "loss" }, 0, 7.25));
      await table.locator("th", { hasText: "validation" }).waitFor();
      // Its point is read after its column is there.
      await table.locator("tbody tr").first().filter({ hasText: "7.25" }).waitFor();
      assert.match(await table.locator("tbody tr").first().innerText(), /^0\s+[12]\.\d+\s+7\.25\s/);
    }));

  test("a gap in the changes asks for a new snapshot", () =>
    onPage({ scenario: "running" }, async (page) => {
      await page.evaluate(() => {
        host.lose();
        host.change({ connection: { state: "connected", pool: "x", detail: null } });
      });
      assert.equal(await page.evaluate(() => host.readies), 2);
    }));

  test("all values at the crosshair, by pointer and by keys, spoken for who cannot see", () =>
    onPage({ scenario: "running" }, async (page) => {
      await drawn(page, "accuracy");
      const plot = page.locator('[data-chart="accuracy"] .plot');
      const box = await plot.boundingBox();
      assert.ok(box);
      await page.mouse.move(box.x + box.width / 2, box.y + 60);
      assert.match(
        await page.locator("#view-curves .tooltip").innerText(),
        /^step \d+\ntraining\n0\.\d+\nvalidation\n0\.\d+/,
      );
      await page.mouse.move(5, 5);
      assert.equal(await page.locator("#view-curves .tooltip").isVisible(), false);
      await plot.focus();
      await page.keyboard.press("ArrowRight");
      assert.match(await page.locator("#view-curves .tooltip").innerText(), /^step 0/);
      await page.waitForFunction(() =>
        document.querySelector(".board [aria-live]")?.textContent?.startsWith("step 0"),
      );
    }));

  test("zooms by drag, keeps the zoom over a reload, and resets", () =>
    onPage({ scenario: "running" }, async (page) => {
      await drawn(page, "loss");
      const box = await page.locator('[data-chart="loss"] .plot').boundingBox();
      assert.ok(box);
      await page.mouse.move(box.x + 80, box.y + 80);
      await page.mouse.down();
      await page.mouse.move(box.x + 160, box.y + 80);
      await page.mouse.up();
      const zoom = await page.evaluate(() => host.saved?.zoom as { from: number; to: number });
      assert.ok(zoom.from > 50 && zoom.to < 500 && zoom.from < zoom.to);
      await page.reload();
      await page.getByRole("button", { name: "Reset Zoom" }).click();
      assert.equal(await page.evaluate(() => host.saved?.zoom), null);
    }));

  test("says that a filter is not a regular expression, and filters by one", () =>
    onPage({ scenario: "running" }, async (page) => {
      const field = page.locator("vscode-text-field").locator("input");
      await field.fill("val|(");
      assert.match(await page.locator(".field-error").innerText(), /^Not a regular expression/);
      await field.fill("^val|lr");
      assert.deepEqual(await page.locator(".chart-title").allInnerTexts(), ["val_loss", "lr"]);
      await field.fill("nothing like that");
      await page.getByRole("button", { name: "Clear the Filter" }).click();
      assert.equal(await page.locator(".chart-title").count(), 4);
    }));

  test("output follows its end, shows tqdm as a terminal would, and links to lines", () =>
    onPage({ scenario: "running", state: { tab: "output" } }, async (page) => {
      await page.waitForSelector(".line >> text=saved checkpoint");
      await page.evaluate(() => host.print("\r 50%|#####     |\r100%|##########|\nlast line\n"));
      await page.waitForSelector(".line >> text=last line");
      const lines = await page.locator(".line").allInnerTexts();
      assert.equal(lines.at(-3), "100%|##########|");
      await page.waitForFunction(() => {
        const output = document.querySelector(".output");
        return output !== null && output.scrollHeight - output.scrollTop - output.clientHeight < 2;
      });
      await page.locator(".output").evaluate((element) => (element.scrollTop = 0));
      await page.getByRole("button", { name: "Jump to the End" }).waitFor();
      await page.evaluate(() => host.print("more\n"));
      await page.waitForSelector(".line >> text=more");
      assert.equal(await page.locator(".output").evaluate((element) => element.scrollTop), 0);
      await page.getByRole("button", { name: "train.py:41" }).click();
      await page.getByLabel("Stream").selectOption("stderr");
      await page.getByRole("button", { name: /^File .*line 41$/ }).click();
      assert.deepEqual(await actions(page), [
        { action: "openSource", file: "train.py", line: 41 },
        { action: "openSource", file: "train.py", line: 41 },
      ]);
    }));

  test("output of any size: some screens on the page, a bar over all of it, numbers, a search on the pool", () =>
    onPage({ scenario: "running", state: { tab: "output" } }, async (page) => {
      await page.waitForSelector(".line >> text=saved checkpoint");
      await page.evaluate(() => {
        const lines = Array.from(
          { length: 60_000 },
          (_, n) => `row ${n}${n % 20_000 === 7 ? " Needle" : ""}`,
        );
        host.print(`${lines.join("\n")}\n`);
      });
      await page.waitForSelector(".line >> text=row 59999");
      assert.ok((await page.locator(".line").count()) <= 400);
      const last = page.locator(".line", { hasText: "row 59999" });
      await page.waitForFunction(
        () => document.querySelector(".line:nth-last-child(2)")?.getAttribute("data-line") === "60123",
      );
      assert.equal(await last.getAttribute("data-line"), "60123");
      // By the keys of a text: its start, and its end.
      await page.locator(".output").focus();
      await page.keyboard.press("Home");
      await page.waitForSelector(".line >> text=Training digits-mlp");
      assert.equal(await page.locator(".line").first().getAttribute("data-line"), "1");
      assert.equal(
        await page.getByRole("scrollbar", { name: "Place in the output" }).getAttribute("aria-valuenow"),
        "0",
      );
      await page.keyboard.press("End");
      await page.waitForSelector(".line >> text=row 59999");
      // By the bar: the middle.
      const bar = await page.locator(".byte-bar").boundingBox();
      assert.ok(bar);
      await page.mouse.click(bar.x + bar.width / 2, bar.y + bar.height / 2);
      await page.waitForSelector(".line >> text=/^row 3[0-9]{4}$/");
      assert.ok((await page.locator(".line").count()) <= 400);
      await page.getByRole("button", { name: "Jump to the End" }).waitFor();
      // A search: the nearest one before what is on the screen, then round.
      await page.locator(".output").focus();
      await page.keyboard.press("Control+f");
      await page.getByLabel("Find in the output").last().fill("needle");
      const found = page.locator(".line.is-found");
      await page.waitForSelector(".line.is-found >> text=row 20007 Needle");
      await page.waitForSelector(".find-words >> text=2 of 3 lines");
      assert.equal(await found.getAttribute("data-line"), "20131");
      await page.keyboard.press("Enter");
      await page.waitForSelector(".line.is-found >> text=row 40007 Needle");
      await page.keyboard.press("Enter");
      await page.waitForSelector(".line.is-found >> text=row 7 Needle");
      await page.keyboard.press("Shift+Enter");
      await page.waitForSelector(".line.is-found >> text=row 40007 Needle");
      await page.getByRole("button", { name: "Match Case" }).click();
      await page.waitForSelector(".find-words >> text=No results");
      await page.getByLabel("Find in the output").last().press("Escape");
      assert.equal(await found.count(), 0);
      await page.getByRole("button", { name: "Open Output as Document" }).click();
      await page.getByRole("button", { name: "Follow Output in a Terminal" }).click();
      assert.deepEqual(await actions(page), [
        { action: "openOutput", runId: "12.1.1", stream: "stdout" },
        { action: "followOutput", runId: "12.1.1", stream: "stdout" },
      ]);
    }));

  test("output shows the stream that has something, and its traceback when the run fails, until one is chosen", () =>
    onPage({ scenario: "running" }, async (page) => {
      await page.evaluate(() => {
        host.scenario.output = { stdout: "", stderr: "" };
        host.post({ type: "show", tab: "output", trialId: null });
      });
      await page.waitForSelector("text=Nothing was printed here yet.");
      await page.evaluate(() => host.print("\r 50%|#####     |", "stderr"));
      await page.waitForSelector(".line >> text=50%");
      const stream = page.getByLabel("Stream");
      assert.match(await stream.innerText(), /stdout \(empty\)\s+stderr \(17 B\)/);
      await page.evaluate(() => host.print("epoch 1\n"));
      await stream.locator("option", { hasText: "stdout (8 B)" }).waitFor({ state: "attached" });
      assert.equal(await stream.inputValue(), "stderr");
      await stream.selectOption("stdout");
      await page.waitForSelector(".line >> text=epoch 1");
      await page.evaluate(() => {
        host.print("\nValueError: loss is NaN\n", "stderr");
        host.change({ runs: host.scenario.snapshot.runs.map((run) => ({ ...run, outcome: "failed" })) });
      });
      await stream.locator("option", { hasText: "stderr (42 B)" }).waitFor({ state: "attached" });
      assert.equal(await stream.inputValue(), "stdout");
    }));

  test("output of a failed run opens at its traceback", () =>
    onPage({ scenario: "failed", state: { tab: "output" } }, async (page) => {
      await page.waitForSelector(".line >> text=ValueError: loss is NaN");
      assert.match(await page.getByLabel("Stream").innerText(), /stdout \(\d.* KB\)/);
    }));

  test("Enter restores a checkpoint, arrows move between them", () =>
    onPage({ scenario: "running", state: { tab: "checkpoints" } }, async (page) => {
      const rows = page.locator(".table tbody tr");
      assert.match(await rows.first().innerText(), /800\s+0\.0375\s+best/);
      await rows.first().focus();
      await page.keyboard.press("ArrowDown");
      await page.keyboard.press("ArrowDown");
      await page.keyboard.press("Enter");
      await rows.first().getByRole("button", { name: /^Pin/ }).click();
      assert.deepEqual(await actions(page), [
        { action: "restore", uuid: "00000000-0000-4000-8000-000000000006" },
        { action: "pin", uuid: "00000000-0000-4000-8000-000000000008", pinned: true },
      ]);
      await page.getByLabel("Direction").selectOption("higher");
      assert.deepEqual((await actions(page)).at(-1), {
        action: "setMetric",
        group: "validation",
        name: "val_loss",
        smallerIsBetter: false,
      });
    }));

  test("a press on a checkpoint's button is not lost while the run reports, nor is its focus", () =>
    onPage({ scenario: "running", state: { tab: "checkpoints" } }, async (page) => {
      const restore = page.getByRole("button", { name: "Restore step 700" });
      const box = await restore.boundingBox();
      assert.ok(box);
      await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
      await page.mouse.down();
      await page.evaluate(async () => {
        const { trials, checkpoints } = host.scenario.snapshot;
        host.change({ trials: trials.map((trial) => ({ ...trial, latestStep: 901 })) });
        host.change({ checkpoints: checkpoints.map((checkpoint) => ({ ...checkpoint, bytes: 5_000_000 })) });
        await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
      });
      await page.mouse.up();
      assert.match(await page.locator(".table tbody tr").nth(1).innerText(), /700\s.*5 MB/s);
      assert.deepEqual(await actions(page), [
        { action: "restore", uuid: "00000000-0000-4000-8000-000000000007" },
      ]);
      const pin = page.locator(".table tbody tr").nth(1).getByRole("button", { name: /pin/i });
      await pin.focus();
      await page.evaluate(() => {
        const { checkpoints } = host.scenario.snapshot;
        host.change({ checkpoints: checkpoints.map((checkpoint) => ({ ...checkpoint, pinned: true })) });
      });
      await page.getByRole("button", { name: "Unpin" }).nth(7).waitFor();
      await page.keyboard.press("Enter");
      assert.deepEqual((await actions(page)).at(-1), {
        action: "pin",
        uuid: "00000000-0000-4000-8000-000000000007",
        pinned: false,
      });
    }));

  test("a checkpoint without a value of the metric is the latest, not the best", () =>
    onPage({ scenario: "failed", state: { tab: "checkpoints" } }, async (page) => {
      await page.getByRole("button", { name: "Restore Best" }).waitFor();
      await page.evaluate(() => {
        const { checkpoints } = host.scenario.snapshot;
        host.change({ checkpoints: checkpoints.map((checkpoint) => ({ ...checkpoint, metrics: {} })) });
      });
      await page.getByRole("button", { name: "Restore Latest" }).waitFor();
      assert.match(await page.locator(".table tbody tr").first().innerText(), /^300\s+latest\s/);
      assert.equal(await page.locator(".codicon-star-full").count(), 0);
    }));

  test("what failed comes before what is not connected", () =>
    onPage({ scenario: "failed" }, async (page) => {
      await page.evaluate(() =>
        host.change({
          connection: { state: "disconnected", pool: "gpu-box", detail: "It does not answer." },
        }),
      );
      await page.waitForSelector(".notice >> text=Not connected");
      assert.match(await page.locator(".notice").first().innerText(), /^ValueError: loss is NaN/);
    }));

  test("an ignored path can be linked into the next runs, and then says so; others cannot", () =>
    onPage({ scenario: "running", state: { tab: "code" } }, async (page) => {
      const left = page.locator("section", { hasText: "Left out" }).locator("li");
      assert.equal(await left.count(), 3);
      await left.getByRole("button", { name: "Link" }).click();
      assert.deepEqual(await actions(page), [{ action: "link", path: "outputs" }]);
      assert.match(await left.first().innerText(), /^outputs ignored by .* linked into the next runs$/);
      assert.equal(await left.getByRole("button").count(), 0);
    }));

  test("in a narrow panel the active tab is in sight, and what is selected in it stays while the run reports", () =>
    onPage({ scenario: "running", width: 480 }, async (page) => {
      await page.evaluate(() => host.post({ type: "show", tab: "provenance", trialId: null }));
      await page.waitForSelector("text=OMP_NUM_THREADS");
      await page.waitForFunction(() => {
        const box = document.querySelector("#tab-provenance")?.getBoundingClientRect();
        return box !== undefined && box.right <= window.innerWidth;
      });
      await page.evaluate(() => host.post({ type: "show", tab: "configuration", trialId: null }));
      const command = page.getByText("train.py --epochs 20");
      await command.selectText();
      await page.evaluate(async () => {
        host.change({
          trials: host.scenario.snapshot.trials.map((trial) => ({ ...trial, latestStep: 901 })),
        });
        await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
      });
      assert.match(await page.evaluate(() => String(getSelection())), /train\.py --epochs 20/);
    }));

  test("text of a script is never markup", () =>
    onPage({ scenario: "running", state: { tab: "output" } }, async (page) => {
      await page.evaluate(() => host.print("<img src=x onerror=alert(1)><b>bold</b>\n"));
      await page.waitForSelector(".line >> text=<b>bold</b>");
      assert.equal(await page.locator(".line img, .line b").count(), 0);
    }));

  test("repaints when the theme changes", () =>
    onPage({ scenario: "running" }, async (page) => {
      await drawn(page, "loss");
      const before = await painted(page, "loss");
      await page.evaluate(() => applyTheme("light"));
      await paintedAnew(page, "loss", before);
    }));

  test("draws only charts that are in view", () =>
    onPage({ scenario: "charts50" }, async (page) => {
      await drawn(page, "layer0/grad_norm");
      const reads = await page.evaluate(() => host.requests.length);
      assert.ok(reads < 25, `${reads} readings for what fits on the screen`);
      await page.locator('[data-chart="layer49/grad_norm"]').scrollIntoViewIfNeeded();
      await drawn(page, "layer49/grad_norm");
    }));

  test("shows the tab that a command asks for, and that the experiment is gone", () =>
    onPage({ scenario: "running" }, async (page) => {
      await page.evaluate(() => host.post({ type: "show", tab: "provenance", trialId: null }));
      await page.waitForSelector("text=OMP_NUM_THREADS");
      assert.equal(await tab(page, "Provenance").getAttribute("aria-selected"), "true");
      await page.evaluate(() => host.post({ type: "gone" }));
      await page.waitForSelector("text=This experiment was deleted");
    }));
});

describe("the Search tab", () => {
  const rows = (page: Page) => page.locator(".trials tbody tr:not(.spacer)");
  const labels = (page: Page) => page.locator(".rung-label").allInnerTexts();

  test("comes first in a search, with its best value, its rungs and all its trials", () =>
    onPage({ scenario: "asha10" }, async (page) => {
      assert.equal(await tab(page, "Search").getAttribute("aria-selected"), "true");
      await page.waitForSelector(".rung-label");
      assert.deepEqual(
        (await labels(page)).map((text) => text.replace(/\s+/g, " ")),
        ["81 epochs 4 came", "27 epochs 4 came, 4 went on", "9 epochs 10 came, 4 went on"],
      );
      assert.equal(await rows(page).count(), 10);
      assert.match(await rows(page).first().innerText(), /^\s*3\s+Completed\s+0\.06296/);
      assert.match(
        (await page.locator('[data-chart="best"] .spoken').first().textContent()) ?? "",
        /^10 trials, best 0\.06296, improved 1 time/,
      );
    }));

  test("best against time and on a logarithmic axis, kept over a reload", () =>
    onPage({ scenario: "asha10" }, async (page) => {
      const chart = page.locator('[data-chart="best"]');
      const title = chart.locator(".chart-title");
      await page.waitForSelector(".rung-label");
      assert.equal(await title.innerText(), "best val_loss against trials");
      const first = await painted(page, "best");
      await chart.getByLabel("x", { exact: true }).selectOption("time");
      await chart.getByLabel("y", { exact: true }).selectOption("log");
      assert.equal(await title.innerText(), "best val_loss against time");
      await paintedAnew(page, "best", first);
      await chart.locator(".plot").focus();
      await page.keyboard.press("Home");
      assert.match(await chart.locator(".tooltip").innerText(), /^trial 1: \d.* after \d+ (s|min)$/);
      await page.reload();
      await page.waitForSelector(".rung-label");
      assert.equal(await title.innerText(), "best val_loss against time");
      assert.equal(await chart.getByLabel("y", { exact: true }).inputValue(), "log");
    }));

  test("parameters: a brush filters lines, dots and rows, by pointer and by keys, and is kept over a reload", () =>
    onPage({ scenario: "asha10", state: { searchTab: { shown: "parameters" } } }, async (page) => {
      const handle = (name: string) => page.getByRole("slider", { name: `Brush of ${name}` });
      const count = async (expected: number) => {
        await page.waitForFunction(
          (wanted) => document.querySelectorAll(".trials tbody tr:not(.spacer)").length === wanted,
          expected,
        );
      };
      // The space comes with the search's state, and with it the whole axis.
      await page.waitForSelector(".search-summary");
      await handle("model.width").focus();
      await count(10);
      for (let press = 0; press < 3; press++) await page.keyboard.press("ArrowDown");
      await count(4);
      assert.equal(await handle("model.width").getAttribute("aria-valuetext"), "32");
      assert.match(await page.locator(".parallel .chart-note").innerText(), /^4 of 10 trials$/);
      await page.reload();
      await count(4);
      await handle("model.width").focus();
      await page.keyboard.press("Escape");
      await count(10);
      const box = await page.locator(".parallel-plot").boundingBox();
      assert.ok(box);
      await page.mouse.move(box.x + 12, box.y + 15);
      await page.mouse.down();
      await page.mouse.move(box.x + 12, box.y + 60, { steps: 4 });
      await page.mouse.move(box.x + 12, box.y + 100, { steps: 4 });
      await page.mouse.up();
      assert.match((await handle("lr").getAttribute("aria-valuetext")) ?? "", /^0\.\d+ to 0\.\d+$/);
      assert.ok((await rows(page).count()) < 10);
      await page.getByRole("button", { name: "Clear Brushes" }).click();
      await count(10);
      await page.locator(".scatter").getByLabel("x").selectOption("optimizer");
      await page.waitForSelector("text=val_loss against optimizer");
      await page.locator(".parallel-plot").focus();
      await page.keyboard.press("Home");
      assert.match(await page.locator(".parallel .tooltip").innerText(), /^trial 3: 0\.06296, completed/);
      await page.keyboard.press("Enter");
      assert.equal(await page.evaluate(() => host.saved?.trialId), "12.3");
    }));

  test("a search that has ended is summed up, with its best a click away; one that runs is not", async () => {
    await onPage({ scenario: "asha10" }, async (page) => {
      const summary = page.locator(".search-summary");
      await summary.getByText(/^\d+ epochs trained, of \d+ for 10 trials to the end: \d+ % saved$/).waitFor();
      await summary.getByRole("button", { name: /^val_loss 0\.06296, trial 3$/ }).click();
      assert.equal(await page.evaluate(() => host.saved?.trialId), "12.3");
    });
    await onPage({ scenario: "ashaWaiting" }, async (page) => {
      await page.waitForSelector("text=Nothing was reported yet");
      assert.equal(await page.locator(".search-summary").isVisible(), false);
    });
  });

  test("is not there for a single trial", () =>
    onPage({ scenario: "running" }, async (page) => {
      assert.equal(await tab(page, "Search").count(), 0);
      assert.equal(await tab(page, "Curves").getAttribute("aria-selected"), "true");
    }));

  test("a search without rungs has no ladder; one in which nobody reported says so", async () => {
    await onPage({ scenario: "trials8" }, async (page) => {
      await page.waitForFunction(() => host.requests.includes("searchState"));
      assert.equal(await rows(page).count(), 8);
      assert.equal(await page.locator(".ladders").isVisible(), false);
    });
    await onPage({ scenario: "ashaWaiting" }, async (page) => {
      await page.waitForSelector("text=Nothing was reported yet");
      assert.equal(await page.locator(".search-figures:visible").count(), 0);
      assert.equal(await rows(page).count(), 2);
    });
  });

  test("the ladder by keys: what a dot says is shown and spoken, Enter shows the trial, a table has it all", () =>
    onPage({ scenario: "asha10" }, async (page) => {
      const plot = page.locator(".ladder-plot");
      await page.waitForSelector(".rung-label");
      await plot.focus();
      for (const key of ["ArrowRight", "ArrowDown", "ArrowDown", "End", "ArrowLeft"])
        await page.keyboard.press(key);
      const tooltip = page.locator(".ladders .tooltip");
      const said = await tooltip.innerText();
      assert.match(said, /^trial \d+: 1\.\d+ at 9 epochs, stopped, missed by 0\.\d+$/);
      await page.keyboard.press("Enter");
      const number = /trial (\d+)/.exec(said)?.[1] ?? "";
      assert.equal(await page.evaluate(() => host.saved?.trialId), `12.${number}`);
      assert.equal(await tab(page, "Search").getAttribute("aria-selected"), "true");
      await page.getByRole("button", { name: "Show this bracket as a table" }).click();
      const table = page.locator(".bracket table");
      assert.equal(await table.locator("tbody tr").count(), 18);
      assert.match(await table.locator("tbody tr").last().innerText(), /^9 epochs\s+\d+\s+none\s+failed/);
    }));

  test("sorts by any column, filters by text, and a click shows the trial", () =>
    onPage({ scenario: "asha10" }, async (page) => {
      await page.waitForSelector(".rung-label");
      const numbers = async () =>
        (await page.locator(".trials tbody td.trial-number").allInnerTexts()).map(Number);
      await page.getByRole("button", { name: "Trial", exact: true }).click();
      assert.deepEqual(await numbers(), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
      await page.getByRole("button", { name: "Trial", exact: true }).click();
      assert.deepEqual(await numbers(), [10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
      assert.equal(await page.locator(".trials th.trial-number").getAttribute("aria-sort"), "descending");
      const field = page.locator(".trials vscode-text-field").locator("input");
      await field.fill("state:stopped width=32");
      await page.waitForSelector("text=3 of 10 trials");
      assert.deepEqual(await numbers(), [10, 7, 4]);
      await rows(page).nth(1).click();
      assert.equal(await page.evaluate(() => host.saved?.trialId), "12.7");
      await page.waitForSelector(".trials tr.is-selected");
      await rows(page).nth(1).focus();
      await page.keyboard.press("ArrowDown");
      await page.keyboard.press("Enter");
      assert.equal(await page.evaluate(() => host.saved?.trialId), "12.4");
      await page.reload();
      await page.waitForSelector(".trials tr.is-selected");
      assert.deepEqual(await numbers(), [10, 7, 4]);
    }));

  test("a filter that is wrong says how; columns can be hidden; both are kept", () =>
    onPage({ scenario: "asha10" }, async (page) => {
      await page.waitForSelector(".rung-label");
      const field = page.locator(".trials vscode-text-field").locator("input");
      await field.fill("lr<fast");
      await page.waitForSelector('.trials [role="alert"] >> text=lr< needs a number');
      assert.equal(await rows(page).count(), 10);
      await field.fill("val_loss<0.1");
      await page.waitForSelector("text=2 of 10 trials");
      await page.getByRole("button", { name: "Columns" }).click();
      await page.getByRole("menuitem", { name: "Hide Step" }).click();
      await page.waitForSelector('.trials thead:not(:has-text("Step"))');
      await page.reload();
      await page.waitForSelector("text=2 of 10 trials");
      assert.deepEqual(await page.locator(".trials thead").getByText("Step").count(), 0);
    }));

  test("trials are starred, and two to eight chosen ones are compared", () =>
    onPage({ scenario: "asha10" }, async (page) => {
      await page.waitForSelector(".rung-label");
      await page.getByRole("button", { name: "Star trial 3" }).click();
      assert.deepEqual(await actions(page), [{ action: "star", trialId: "12.3", starred: true }]);
      const compare = page.locator(".trials-chosen vscode-button").first();
      await rows(page).first().focus();
      await page.keyboard.press("Space");
      assert.match((await compare.getAttribute("aria-label")) ?? "", /2 to 8 trials can be compared/);
      for (let press = 0; press < 2; press++) await page.keyboard.press("Shift+ArrowDown");
      await page.waitForSelector("text=Compare 3");
      await rows(page)
        .nth(5)
        .click({ modifiers: ["ControlOrMeta"] });
      await page.waitForSelector("text=Compare 4");
      await compare.click();
      const [, asked] = (await actions(page)) as { type: string; trialIds: string[] }[];
      assert.equal(asked?.type, "compare");
      assert.equal(asked?.trialIds.length, 4);
      assert.equal(asked?.trialIds[0], "12.3");
      await page.reload();
      await page.waitForSelector("text=Compare 4");
      await rows(page).first().focus();
      await page.keyboard.press("ControlOrMeta+a");
      await page.waitForSelector("text=Compare 10");
      await page.getByRole("button", { name: "Choose none" }).click();
      await page.waitForSelector(".trials-chosen:empty", { state: "attached" });
      await rows(page).first().focus();
      await page.keyboard.press("s");
      assert.deepEqual(await actions(page), [{ action: "star", trialId: "12.3", starred: true }]);
    }));

  test("a thousand trials are drawn, of which the table holds those in view", () =>
    onPage({ scenario: "asha1000" }, async (page) => {
      await page.waitForSelector(".rung-label");
      assert.equal(await page.locator(".bracket").count(), 3);
      assert.ok((await rows(page).count()) < 100);
      assert.match(await page.locator(".trials .toolbar").innerText(), /1,000 trials/);
      const painted = await page
        .locator(".ladder-plot canvas")
        .first()
        .evaluate((element) => {
          const canvas = element as HTMLCanvasElement;
          const data = canvas.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height).data ?? [];
          return data.filter((value, at) => at % 4 === 3 && value > 0).length;
        });
      assert.ok(painted > 2000, `${painted} painted pixels`);
    }));

  test("asks for the rungs anew when trials have changed", () =>
    onPage({ scenario: "asha10" }, async (page) => {
      await page.waitForSelector(".rung-label");
      await page.evaluate(() => {
        const [bracket] = host.scenario.search?.brackets ?? [];
        for (const rung of bracket?.rungs ?? []) rung.coming = ["12.9"];
        host.change({ trials: host.scenario.snapshot.trials.slice(0, 1) });
      });
      await page.waitForSelector(".rung-label >> text=1 coming");
    }));
});

/** Colours in the output are the script's own choice, and the theme's terminal's. */
describe("accessibility", async () => {
  const axeSource = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
  const TABS = ["curves", "output", "system", "checkpoints", "files", "code", "configuration", "provenance"];
  const seriousIn = async (page: Page) => {
    const { violations } = await page.evaluate(() =>
      axe.run({ exclude: [".lines span"] }, { resultTypes: ["violations"], preload: false }),
    );
    return violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .map(
        ({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.html}\n${node.failureSummary}`).join("\n")}`,
      );
  };
  for (const theme of ["dark", "light", "hc", "hc-light"]) {
    test(`no serious violation in any tab (${theme})`, () =>
      onPage({ scenario: "failed", theme }, async (page) => {
        await page.evaluate(axeSource);
        for (const name of TABS) {
          await page.evaluate((id) => host.post({ type: "show", tab: id, trialId: null }), name);
          await page.waitForTimeout(250);
          const serious = await seriousIn(page);
          assert.deepEqual(serious, [], `${theme}, ${name}`);
        }
      }));
    test(`no serious violation in a search (${theme})`, () =>
      onPage({ scenario: "asha10", theme }, async (page) => {
        await page.waitForSelector(".rung-label");
        await page.evaluate(axeSource);
        assert.deepEqual(await seriousIn(page), []);
        await page.getByRole("radio", { name: "Parameters" }).check();
        await page.waitForSelector(".axis-handle");
        assert.deepEqual(await seriousIn(page), []);
      }));
  }
});
