// A pool of 10,000 experiments and 100,000 trials, 80,200 of them in one search: what the tree's first screen takes, and a filter.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { PoolLink } from "../src/cluster/client/link.ts";
import { connectLocalPool } from "../src/cluster/client/localPool.ts";
import type { PoolConnection } from "../src/cluster/client/connection.ts";
import { ExperimentLists, type ListedPool } from "../src/extension/views/experimentLists.ts";
import { experimentRow, trialRow } from "../src/extension/views/labels.ts";
import { PAGE_ROWS, rootsOf, type ExperimentsFilter, type Listed } from "../src/extension/views/nodes.ts";
import { WorkspaceFolders } from "../src/extension/workspaceFolders.ts";
import { writeBigPool } from "../scripts/lib/bigPool.mts";
import { must } from "../scripts/lib/command.mts";
import { dist, root } from "../scripts/lib/paths.mts";
import type { Measurements } from "./run.mts";
import { quantile, rounded } from "./statistics.mts";

const LARGE = 80_200;
const SINGLES = 9_900;
const FILTERS = ["lr<0.001 loss<0.06", "digits-42", "state:failed width=64", "keep", "lr<0.01", "nosuchword"];
const ROUNDS = 5;

export async function run(): Promise<Measurements> {
  await must("The build", process.execPath, [path.join(root, "scripts/build.mts")], {
    cwd: root,
    timeoutMs: 120_000,
  });
  const folder = mkdtempSync(path.join(tmpdir(), "trainyard-list-"));
  const workspace = path.join(folder, "project");
  const home = path.join(folder, "pool");
  writeBigPool(home, {
    singles: SINGLES,
    searches: [LARGE, ...Array.from({ length: 99 }, () => 100)],
    workspace,
  });
  const open = (): Promise<PoolConnection> =>
    connectLocalPool({
      home,
      client: { name: "bench", version: "0.0.0" },
      serverScript: path.join(dist, "server.js"),
      pythonFolder: path.join(root, "src/cluster/python"),
      runtimePath: process.execPath,
      environment: { TRAINYARD_LEASES: path.join(folder, "leases") },
    });
  try {
    return await measure(open, workspace);
  } finally {
    const connection = await open();
    await connection.call("server/stop", {});
    connection.close();
    await sleep(500);
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measure(open: () => Promise<PoolConnection>, workspace: string): Promise<Measurements> {
  const folders = new WorkspaceFolders([{ uri: { fsPath: workspace } }] as never);
  // A server that has just started has read nothing yet: the first screen must not wait for it.
  const first = await open();
  first.close();
  const coldScreenMs = await firstScreen(open, folders);
  const link = new PoolLink(open);
  const connection = await link.connection();
  const filterMs = async (text: string): Promise<number> => {
    const begin = performance.now();
    await connection.call("experiment/page", { filter: text, limit: 200, folders: [workspace] });
    return performance.now() - begin;
  };
  const coldFilterMs = await filterMs("lr<0.002");
  const screens: number[] = [];
  const filters: number[] = [];
  const trials: number[] = [];
  const trialFilters: number[] = [];
  const large = SINGLES + 1;
  for (let round = 0; round < ROUNDS; round++) {
    screens.push(await firstScreen(open, folders));
    for (const text of FILTERS) filters.push(await filterMs(text));
    for (const filter of ["", "lr<0.0005 adam"]) {
      const begin = performance.now();
      await connection.call("trial/page", { experimentId: large, states: ["completed"], filter, limit: 200 });
      (filter === "" ? trials : trialFilters).push(performance.now() - begin);
    }
  }
  const snapshot = await connection.call("subscribe", { after: null, bounded: { experiments: 300 } });
  const begin = performance.now();
  await link.reader.whole(large);
  const wholeMs = performance.now() - begin;
  const status = readFileSync(`/proc/${connection.pool.serverPid}/status`, "utf8");
  link.close();
  return {
    first_screen_cold_ms: rounded(coldScreenMs),
    first_screen_p50_ms: rounded(quantile(screens, 0.5)),
    first_screen_max_ms: rounded(Math.max(...screens)),
    snapshot_kb: rounded(JSON.stringify(snapshot).length / 1000),
    filter_just_started_ms: rounded(coldFilterMs),
    filter_p50_ms: rounded(quantile(filters, 0.5)),
    filter_max_ms: rounded(Math.max(...filters)),
    trials_page_of_80200_max_ms: rounded(Math.max(...trials)),
    trials_filter_of_80200_max_ms: rounded(Math.max(...trialFilters)),
    read_all_of_80200_ms: rounded(wholeMs),
    server_rss_mb: rounded(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1000),
  };
}

/** From a connection that is asked for until the tree has its rows, with their words. */
async function firstScreen(open: () => Promise<PoolConnection>, folders: WorkspaceFolders): Promise<number> {
  const begin = performance.now();
  const link = new PoolLink(open);
  await link.connection();
  const pool: ListedPool = {
    id: "local",
    mirror: link.mirror,
    reader: () => Promise.resolve(link.reader),
    whyNot: () => null,
  };
  const filter: ExperimentsFilter = { folders, showAll: false, text: "" };
  const listed = await new Promise<Listed<number>>((resolve) => {
    const lists = new ExperimentLists(() => look());
    const look = (): void => {
      const now = lists.experiments(pool, filter);
      if (now.ids.length >= PAGE_ROWS) resolve(now);
    };
    look();
  });
  const rows = rootsOf([{ id: "local", mirror: link.mirror, experiments: listed }], filter);
  let words = 0;
  for (const node of rows) {
    const experiment = link.mirror.experiments.get(node.experimentId);
    const trial = "trialId" in node ? link.mirror.trials.get(node.trialId) : undefined;
    if (experiment === undefined) continue;
    words += (trial ? trialRow(experiment, trial, null, 0, true) : experimentRow(experiment, [], 0)).label
      .length;
  }
  const tookMs = performance.now() - begin;
  link.close();
  if (rows.length < PAGE_ROWS || words === 0) throw new Error(`the first screen has ${rows.length} rows`);
  return tookMs;
}
