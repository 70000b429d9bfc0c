/** From `run.report()` in a script to its point painted in the panel, in a real VS Code. */
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { must } from "../scripts/lib/command.mts";
import { root } from "../scripts/lib/paths.mts";
import { withVsCode } from "../scripts/vscode/session.mts";
import { TrainyardUi, type Panel } from "../scripts/vscode/trainyard.mts";
import type { Measurements } from "./run.mts";
import { median, quantile, rounded } from "./statistics.mts";

const TRAINING_MS = 150_000;

/** When the chart showed a new last value in its words and in its pixels. */
interface Painted {
  readonly atMs: number;
  readonly value: number;
}

export async function run(): Promise<Measurements> {
  await must("The build", process.execPath, [path.join(root, "scripts/build.mts")], {
    cwd: root,
    timeoutMs: 120_000,
  });
  const folder = mkdtempSync(path.join(tmpdir(), "trainyard-live-"));
  const times = path.join(folder, "times.jsonl");
  const workspace = path.join(folder, "workspace");
  try {
    writeFileSync(times, "");
    const painted = await withVsCode(
      "live",
      { workspace, env: { TRAINYARD_BENCH_TIMES: times } },
      async ({ workbench }) => {
        copyFileSync(path.join(root, "bench/live.train.py"), path.join(workspace, "train.py"));
        const ui = new TrainyardUi(workbench);
        await workbench.openFile("train.py");
        await ui.submit({ first: true });
        await ui.panel.chart("loss").locator("canvas").waitFor();
        await watch(ui.panel);
        await ui.panel.inState("completed").waitFor({ timeout: TRAINING_MS });
        return collect(ui.panel);
      },
    );
    return summarise(reported(times), painted);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Looks at the chart in every animation frame of its page. */
async function watch(panel: Panel): Promise<void> {
  await panel.chart("loss").evaluate((chart) => {
    const canvas = chart.querySelector("canvas");
    const words = chart.querySelector("p.spoken");
    const found: { atMs: number; value: number }[] = [];
    (window as unknown as { painted: typeof found }).painted = found;
    let pixels = "";
    let last = 0;
    const look = (): void => {
      const value = Number(
        / to ([\d.,]+), lowest/.exec(words?.textContent ?? "")?.[1]?.replaceAll(",", "") ?? 0,
      );
      if (canvas !== null && value > last) {
        const now = canvas.toDataURL();
        if (now !== pixels) {
          pixels = now;
          last = value;
          found.push({ atMs: Date.now(), value });
        }
      }
      requestAnimationFrame(look);
    };
    look();
  });
}

const collect = (panel: Panel): Promise<Painted[]> =>
  panel
    .chart("loss")
    .evaluate(() => (window as unknown as { painted: { atMs: number; value: number }[] }).painted);

function reported(file: string): Map<number, number> {
  const lines = readFileSync(file, "utf8").trim().split("\n");
  return new Map(lines.map((line) => JSON.parse(line) as [number, number]));
}

function summarise(reports: Map<number, number>, painted: readonly Painted[]): Measurements {
  const first = painted[0];
  if (first === undefined) throw new Error("the chart was never painted anew");
  const latencies: number[] = [];
  for (const [step, atMs] of reports) {
    // What was reported before the page was watched says nothing about it.
    if (step <= first.value) continue;
    const shown = painted.find(({ value }) => value >= step);
    if (shown === undefined) throw new Error(`step ${step} was never painted`);
    latencies.push(shown.atMs - atMs);
  }
  return {
    p50_ms: rounded(median(latencies)),
    p99_ms: rounded(quantile(latencies, 0.99)),
    max_ms: rounded(Math.max(...latencies)),
    reports: latencies.length,
  };
}
