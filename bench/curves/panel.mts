/** The real page in a real browser, with a real pool server that has the curves behind it. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Page } from "playwright-core";
import { must } from "../../scripts/lib/command.mts";
import { dist, root } from "../../scripts/lib/paths.mts";
import { connectLocalPool } from "../../src/cluster/client/localPool.ts";
import type { PoolConnection } from "../../src/cluster/client/connection.ts";
import { RunCurves } from "../../src/cluster/server/store/curves/runCurves.ts";
import { answerRequest } from "../../src/extension/panels/answers.ts";
import { postableSeries } from "../../src/extension/panels/postable.ts";
import { experiment, run, snapshot, trial } from "../../test/webviews/support/fixtures.ts";
import { PageLab } from "../../test/webviews/support/browserPage.ts";
import type { Measurements } from "../run.mts";
import { quantile, rounded } from "../statistics.mts";

const PIECE = 20_000;
const silent = { info() {}, warn() {}, error() {} };
const EXPERIMENT = 12;

/** Trials with one curve each, as a server leaves them that has read all of it. */
export function writeCurves(home: string, trials: number, points: number): void {
  const folder = path.join(home, "state/curves");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (let trialNumber = 1; trialNumber <= trials; trialNumber++) {
    const curves = new RunCurves(folder, `${EXPERIMENT}.${trialNumber}.1`, silent);
    const end = 0.05 + ((trialNumber * 7) % 50) / 60;
    let state = trialNumber;
    for (let from = 0; from < points; from += PIECE) {
      const count = Math.min(PIECE, points - from);
      const column = (of: (step: number) => number) =>
        Float64Array.from({ length: count }, (_, at) => of(from + at));
      const noise = () => (state = (state * 1664525 + 1013904223) % 2 ** 32) / 2 ** 32 - 0.5;
      curves.write({
        sources: [{ file: "0-harness-1.jsonl", from: from * 80, to: (from + count) * 80 }],
        series: [
          {
            group: "training",
            name: "loss",
            rank: 0,
            step: column((step) => step),
            time: column((step) => 1.7e12 + step * 100),
            value: column((step) => end + 2 * Math.exp((-6 * step) / points) + 0.1 * noise()),
          },
        ],
      });
    }
    curves.sumUp();
  }
}

interface Meter {
  firstAt: number;
  snapshotAt: number;
  requests: number;
}
type Metered = typeof globalThis & {
  meter: Meter;
  settled: () => Promise<number>;
  nextFrame: typeof requestAnimationFrame;
};

export async function measurePanel(trials: number, points: number): Promise<Measurements> {
  await must("The build", process.execPath, [path.join(root, "scripts/build.mts")], {
    cwd: root,
    timeoutMs: 300_000,
  });
  const folder = mkdtempSync(path.join(tmpdir(), "trainyard-panel-"));
  const home = path.join(folder, "pool");
  let pool: PoolConnection | null = null;
  let lab: PageLab | null = null;
  try {
    writeCurves(home, trials, points);
    pool = await connectLocalPool({
      home,
      serverScript: path.join(dist, "server.js"),
      pythonFolder: path.join(dist, "python"),
      runtimePath: process.execPath,
      environment: { TRAINYARD_LEASES: path.join(folder, "leases"), TRAINYARD_CPU_SLOTS: "1" },
      client: { name: "bench", version: "0.0.0" },
    });
    const connection = pool;
    // What an extension has long before.
    const known = knownTrials(trials);
    let shown = known;
    lab = await PageLab.start({
      script: path.join(root, "bench/curves/pageHost.ts"),
      answer: (request) => answer(connection, request, shown),
    });
    shown = knownTrials(0);
    const empty = await memoryOf(lab, null);
    shown = known;
    return {
      ...(await measure(lab, empty)),
      ...memoryOfServer(home),
      server_longest_turn_ms: longestTurn(home),
    };
  } finally {
    await lab?.stop();
    await pool?.call("server/stop", {}).catch(() => undefined);
    pool?.close();
    rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
}

/** What the extension would answer: its own code, with the pool's connection. */
async function answer(pool: PoolConnection, request: string, known: Known): Promise<Uint8Array> {
  const message = JSON.parse(request) as { type: string; name: string; params: unknown };
  if (message.type === "ready") return framed(await makeSnapshot(pool, known), new ArrayBuffer(0));
  const { columns, ...json } = (await answerRequest(
    { call: (method, params) => pool.call(method, params) },
    EXPERIMENT,
    message.name,
    message.params,
  )) as {
    columns: ArrayBuffer;
  };
  return framed(json, columns);
}

function framed(json: object, columns: ArrayBuffer): Uint8Array {
  const head = Buffer.from(JSON.stringify(json));
  const bytes = Buffer.alloc(Math.ceil((4 + head.byteLength) / 8) * 8 + columns.byteLength);
  bytes.writeUInt32LE(head.byteLength, 0);
  head.copy(bytes, 4);
  bytes.set(new Uint8Array(columns), bytes.byteLength - columns.byteLength);
  return bytes;
}

type Known = ReturnType<typeof knownTrials>;

function knownTrials(count: number) {
  const trials = Array.from({ length: count }, (_, at) =>
    trial({ id: `${EXPERIMENT}.${at + 1}`, number: at + 1, state: "completed", currentRun: null }),
  );
  return { trials, runs: trials.map(({ id }) => run({ id: `${id}.1`, trialId: id })) };
}

async function makeSnapshot(pool: PoolConnection, { trials, runs }: Known): Promise<object> {
  const { series } = await pool.call("series/listMany", { trialIds: trials.map(({ id }) => id) });
  return snapshot({
    experiment: experiment({
      searcher: "random",
      best: trials.length === 0 ? null : { trialId: `${EXPERIMENT}.3`, value: 0.1, step: 1 },
    }),
    trials,
    runs,
    series: series.map(postableSeries),
  });
}

const open = (lab: PageLab) => lab.open({ width: 1400, height: 900, state: { tab: "curves" } });

async function memoryOf(lab: PageLab, page: Page | null): Promise<number> {
  const own = page ?? (await open(lab));
  await own.evaluate(() => (window as unknown as Metered).settled());
  const session = await own.context().newCDPSession(own);
  await session.send("HeapProfiler.collectGarbage");
  const usage: { usedSize: number; backingStorageSize?: number } = await session.send("Runtime.getHeapUsage");
  await session.detach();
  if (page === null) await own.close();
  return usage.usedSize + (usage.backingStorageSize ?? 0);
}

async function measure(lab: PageLab, emptyBytes: number): Promise<Measurements> {
  const page = await open(lab);
  const first = await page.evaluate(async () => {
    const { settled, meter } = window as unknown as Metered;
    const allAt = await settled();
    return { ...meter, allAt };
  });
  const box = await page.locator('[data-chart="loss"] .plot').boundingBox();
  if (box === null) throw new Error("there is no chart");
  const zooms: number[] = [];
  for (let zoom = 0; zoom < 40; zoom++) {
    const took = await page.evaluate(zoomAt, { share: 0.15 + ((zoom * 37) % 60) / 100, isIn: zoom % 8 < 6 });
    zooms.push(took);
  }
  await page.keyboard.press("Escape");
  const before = await page.evaluate(zoomAt, { share: 0.5, isIn: true });
  for (let zoom = 0; zoom < 6; zoom++) await page.evaluate(zoomAt, { share: 0.4, isIn: true });
  const frames = await page.evaluate(panFor, 240);
  const memory = (await memoryOf(lab, page)) - emptyBytes;
  return {
    first_paint_ms: rounded(first.firstAt),
    first_paint_after_snapshot_ms: rounded(first.firstAt - first.snapshotAt),
    all_painted_ms: rounded(first.allAt),
    zoom_p50_ms: rounded(quantile(zooms, 0.5)),
    zoom_p95_ms: rounded(quantile(zooms, 0.95)),
    zoom_first_ms: rounded(before),
    pan_frame_p50_ms: rounded(quantile(frames, 0.5)),
    pan_frame_p95_ms: rounded(quantile(frames, 0.95)),
    panel_adds_mb: rounded(memory / 1e6),
  };
}

/** In the page: from a turn of the wheel until all that it asked for is painted. */
async function zoomAt({ share, isIn }: { share: number; isIn: boolean }): Promise<number> {
  const { settled } = window as unknown as Metered;
  const plot = document.querySelector('[data-chart="loss"] .plot');
  if (plot === null) throw new Error("there is no chart");
  const { left, top, width, height } = plot.getBoundingClientRect();
  const at = { clientX: left + width * share, clientY: top + height / 2, bubbles: true, cancelable: true };
  const startedAt = performance.now();
  plot.dispatchEvent(new WheelEvent("wheel", { ...at, ctrlKey: true, deltaY: isIn ? -100 : 100 }));
  return (await settled()) - startedAt;
}

/** In the page: times between frames while the axis is moved with each of them, to one side and back. */
async function panFor(count: number): Promise<number[]> {
  const { nextFrame } = window as unknown as Metered;
  const plot = document.querySelector('[data-chart="loss"] .plot');
  if (plot === null) throw new Error("there is no chart");
  const times: number[] = [];
  await new Promise<void>((resolve) => {
    const step = (): void => {
      times.push(performance.now());
      if (times.length > count) return resolve();
      const deltaX = times.length < count / 2 ? 12 : -12;
      plot.dispatchEvent(new WheelEvent("wheel", { deltaX, bubbles: true, cancelable: true }));
      nextFrame(step);
    };
    nextFrame(step);
  });
  return times.slice(1).map((time, at) => time - (times[at] ?? time));
}

function memoryOfServer(home: string): Measurements {
  const { pid } = JSON.parse(readFileSync(path.join(home, "state/lock"), "utf8")) as { pid: number };
  const kilobytes = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? NaN);
  return { server_peak_mb: rounded(kilobytes / 1000) };
}

/** What the server's log says of turns of over 50 ms, as CPU time of its own; 0: there was none. */
export function longestTurn(home: string): number {
  const log = readFileSync(path.join(home, "state/server.log"), "utf8");
  return Math.max(0, ...[...log.matchAll(/others waited.*?"cpuMs":(\d+)/g)].map((found) => Number(found[1])));
}
