/** A pool with a long history: its tree is there at once, shows more when asked, and is filtered as one types. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import type { Locator } from "playwright-core";
import { writeBigPool } from "../../scripts/lib/bigPool.mts";
import { openSession, type Session } from "../../scripts/vscode/session.mts";
import { TrainyardUi } from "../../scripts/vscode/trainyard.mts";
import { until } from "./until.ts";
import { workspaceWith } from "./workspace.ts";

const SINGLES = 900;
/** More than a panel takes as a whole. */
const LARGE = 6000;

describe("a pool with a long history", () => {
  let session: Session;
  let ui: TrainyardUi;
  const workspace = workspaceWith("short.py");
  const home = mkdtempSync(path.join(os.tmpdir(), "trainyard-big-"));
  const step = (name: string, work: () => Promise<void>): void => {
    it(name, () => session.reporting(name, work));
  };

  before(async () => {
    writeBigPool(home, { singles: SINGLES, searches: [LARGE, 5], workspace });
    session = await openSession({ workspace, env: { TRAINYARD_HOME: home } });
    ui = new TrainyardUi(session.workbench);
    await ui.show();
  });
  after(async () => {
    await session.close();
    for (const folder of [workspace, home]) rmSync(folder, { recursive: true, force: true });
  });

  /** Rows are made for what is seen alone, so the end of the list is gone to until it is there. */
  const atEnd = async (text: RegExp): Promise<Locator> => {
    const { workbench } = session;
    await until(async () => {
      await workbench.view("Experiments").locator(".monaco-list").first().focus();
      await workbench.page.keyboard.press("End");
      return (await ui.experiment(text).count()) > 0;
    });
    return ui.experiment(text);
  };

  step("shows the newest first, and more of the older ones on demand", async () => {
    await ui.experiment(`#${SINGLES + 2} `).waitFor();
    await ui.experiment(`#${SINGLES + 1} `).waitFor();
    assert.ok((await session.workbench.treeRows("Experiments").count()) < 100, "a screen's worth of rows");
    await (await atEnd(/Show 200 more of 702/)).click();
    // Beyond what was known from the start: the pool is asked.
    await (await atEnd(/Show 200 more of 502/)).click();
    await atEnd(/Show 200 more of 302/);
  });

  step("groups a large search, and shows a page of a group", async () => {
    await session.workbench.page.keyboard.press("Home");
    const search = ui.experiment(`#${SINGLES + 1} `);
    await search.waitFor();
    await search.locator(".monaco-tl-twistie").click();
    await ui.experiment(/Completed/).waitFor();
    assert.match((await ui.experiment(/Completed/).textContent()) ?? "", /3600/);
    await ui
      .experiment(/Completed/)
      .locator(".monaco-tl-twistie")
      .click();
    await ui.experiment(/^Trial \d+ .*lr=/).waitFor();
    await search.locator(".monaco-tl-twistie").click();
  });

  step("is filtered as one types, and says so", async () => {
    const { workbench } = session;
    await workbench.command("Trainyard: Filter Experiments...");
    const input = workbench.quickInput.locator("input").first();
    await input.fill("name=digits-5 state:completed");
    await ui.experiment(`#5 digits-5`).waitFor();
    await ui.experiment(`#${SINGLES + 1} `).waitFor({ state: "detached" });
    await input.fill("lr<fast");
    await workbench.quickInput
      .getByText(/needs a number/)
      .first()
      .waitFor();
    await input.fill(`name=digits-5 lr<1 trial`);
    await workbench.page.keyboard.press("Enter");
    await workbench.view("Experiments").getByText("1 experiment with: name=digits-5 lr<1 trial").waitFor();
    await workbench.screenshot("artifacts/filtered.png");
  });

  step("says when nothing matches, and how to see all again", async () => {
    const { workbench } = session;
    await workbench.command("Trainyard: Filter Experiments...");
    await workbench.quickInput.locator("input").first().fill("nosuchexperiment");
    await workbench.page.keyboard.press("Enter");
    await workbench
      .view("Experiments")
      .getByText("No experiment of this folder matches: nosuchexperiment")
      .waitFor();
    await workbench.screenshot("artifacts/nothing-matches.png");
    await workbench.view("Experiments").getByRole("button", { name: "Clear Filter" }).last().click();
    await ui.experiment(`#${SINGLES + 2} `).waitFor();
  });

  step("opens the panel of an old experiment that is found by its name", async () => {
    const { workbench } = session;
    await workbench.command("Trainyard: Open Panel");
    await workbench.quickInput.locator("input").first().fill("resnet-11");
    await workbench.quickPickRow("#11 resnet-11").click();
    await ui.panel.frame.getByRole("heading", { name: /resnet-11/ }).waitFor();
  });

  step(
    "shows of a very large search the best trials, and finds the others by the table's filter",
    async () => {
      const { workbench } = session;
      await workbench.command("Trainyard: Open Panel");
      await workbench.quickInput
        .locator("input")
        .first()
        .fill(`#${SINGLES + 1}`);
      await workbench
        .quickPickRow(`#${SINGLES + 1} `)
        .first()
        .click();
      const { frame } = ui.panel;
      await frame.getByText("The best 1,000 of 6,000 trials are here").waitFor();
      await workbench.screenshot("artifacts/large-search.png");
      await frame.getByRole("button", { name: "Load more" }).click();
      await frame.getByText("The best 2,000 of 6,000 trials are here").waitFor();
      // The worst of all: among the best it is not.
      await frame.locator(".trials vscode-text-field input").fill(`number=${worst()}`);
      await frame.getByText("All that match of 6,000 trials.").waitFor();
      await frame.getByText(/^1 of 2,001 trials$/).waitFor();
    },
  );
});

/** As writeBigPool() makes them. */
function worst(): number {
  const value = (number: number): number => Math.abs(Math.sin((SINGLES + 1) * 12.9898 + number * 78.233));
  return Array.from({ length: LARGE }, (_, index) => index + 1).reduce((a, b) =>
    value(b) > value(a) ? b : a,
  );
}
