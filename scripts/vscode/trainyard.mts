import type { FrameLocator, Locator } from "playwright-core";
import type { Workbench } from "./workbench.mts";

/** Trainyard's own interface as tests and the demo see it. Every selector of ours is in this file. */
export class TrainyardUi {
  readonly workbench: Workbench;

  constructor(workbench: Workbench) {
    this.workbench = workbench;
  }

  get submitButton(): Locator {
    return this.workbench.editorAction(/Submit as Experiment/);
  }

  async show(): Promise<void> {
    await this.workbench.showContainer("Trainyard");
    await this.workbench.view("Experiments").waitFor();
  }

  /** Submits the open script by the button in the editor's title bar; the first time, accepts this machine as its pool. */
  async submit(options: { readonly first: boolean; readonly pool?: string }): Promise<void> {
    await this.submitButton.click();
    if (!options.first) return;
    await this.workbench.quickPickRow("This machine").first().waitFor();
    if (options.pool === undefined) await this.workbench.page.keyboard.press("Enter");
    else await this.workbench.pick(options.pool);
  }

  /** Adds a pool by what a person types; its key is trusted when it is asked about. */
  async addPool(destination: string): Promise<void> {
    const { workbench } = this;
    await workbench.command("Trainyard: Add Pool...");
    await workbench.quickInput.locator("input").first().fill(destination);
    await workbench.quickPickRow(destination).click();
    const row = workbench.treeRow("Pools", destination.replace(/^.*@/, "").replace(/:\d+$/, ""));
    const isAsked = await Promise.race([
      workbench.dialog.waitFor({ timeout: 120_000 }).then(() => true),
      row.waitFor({ timeout: 120_000 }).then(() => false),
    ]);
    if (isAsked) await workbench.dialogButton("Trust and Connect").click();
    await row.getByText("free").waitFor({ timeout: 120_000 });
  }

  /** The row of an experiment (one that is a single trial), e.g. "#1 digits". */
  experiment(text: string | RegExp): Locator {
    return this.workbench.treeRow("Experiments", text);
  }

  /** The open experiment panel. */
  get panel(): Panel {
    return new Panel(this.workbench.webview);
  }

  /** The open comparison. */
  get comparison(): Comparison {
    return new Comparison(this.workbench.webview);
  }
}

export class Comparison {
  readonly frame: FrameLocator;

  constructor(frame: FrameLocator) {
    this.frame = frame;
  }

  /** The column of an experiment (`#2`) or a trial (`2.1`). */
  column(label: string): Locator {
    return this.frame.locator(".compare-table thead").getByRole("button", { name: label, exact: true });
  }

  row(name: RegExp): Locator {
    return this.frame.locator(".compare-table tbody tr", { hasText: name }).first();
  }
}

export class Panel {
  readonly frame: FrameLocator;

  constructor(frame: FrameLocator) {
    this.frame = frame;
  }

  /** `running`, `completed`, ...: the protocol's state of the trial. */
  get state(): Locator {
    return this.frame.locator(".header-state");
  }

  inState(state: string): Locator {
    return this.frame.locator(`.header-state[data-state="${state}"]`);
  }

  tab(name: string): Locator {
    return this.frame.getByRole("tab", { name: new RegExp(`^${name}`) });
  }
  activeTab(name: string): Locator {
    return this.frame.getByRole("tab", { name: new RegExp(`^${name}`), selected: true });
  }

  /** What a rung of a search says: "81 epochs", "10 came, 3 went on". */
  rung(text: RegExp): Locator {
    return this.frame.locator(".rung-label", { hasText: text }).first();
  }
  /** Painted pixels of the first bracket that have a colour: its dots. */
  ladderPixels(): Promise<number> {
    return colouredPixelsOf(this.frame.locator(".ladder-plot canvas").first());
  }
  /** Rows of the table of trials that are in view. */
  get trialRows(): Locator {
    return this.frame.locator(".trials tbody tr:not(.spacer)");
  }

  /** The chart of one metric. */
  chart(name: string): Locator {
    return this.frame.locator(`section.chart[aria-label="${name}"]`);
  }

  /** What a screen reader says of a chart: "validation: 900 points, from 2.31 to 0.061, ...". */
  async chartText(name: string): Promise<string> {
    return (await this.chart(name).locator("p.spoken").textContent()) ?? "";
  }

  /** Points that a chart says it shows. */
  async points(name: string): Promise<number> {
    const count = /([\d.,\s]+) points?/.exec(await this.chartText(name))?.[1] ?? "0";
    return Number(count.replaceAll(/\D/g, ""));
  }

  /** Painted pixels of a chart that have a colour (grid and text are grey). */
  colouredPixels(name: string): Promise<number> {
    return colouredPixelsOf(this.chart(name).locator("canvas"));
  }
}

function colouredPixelsOf(canvas: Locator): Promise<number> {
  return canvas.evaluate((element) => {
    const { width, height } = element as HTMLCanvasElement;
    const data =
      (element as HTMLCanvasElement).getContext("2d")?.getImageData(0, 0, width, height).data ?? [];
    let coloured = 0;
    for (let at = 0; at + 3 < data.length; at += 4) {
      const [red = 0, green = 0, blue = 0, alpha = 0] = data.slice(at, at + 4);
      if (alpha > 100 && Math.max(red, green, blue) - Math.min(red, green, blue) > 60) coloured += 1;
    }
    return coloured;
  });
}
