/**
 * A log of gigabytes on the pool: its end, a page of its middle, a word that is far away, the number of a line. The log is
 * real (no holes), of lines as a training prints them. TRAINYARD_OUTPUT_GB (2) says how large.
 */
import { closeSync, openSync, readFileSync, statSync, writeFileSync, writeSync } from "node:fs";
import path from "node:path";
import { dist } from "../scripts/lib/paths.mts";
import type { PoolConnection } from "../src/cluster/client/connection.ts";
import { connectLocalPool } from "../src/cluster/client/localPool.ts";
import { placesOfLines, searchOutput } from "../src/cluster/client/output.ts";
import type { Measurements } from "./run.mts";
import { scratchPool, untilEnded } from "./scratchPool.mts";
import { median, quantile, rounded } from "./statistics.mts";

const GIB = 1024 ** 3;
const RUN = { runId: "1.1.1", stream: "stdout" } as const;
const PAGE_BYTES = 64 * 1024;
const END_BYTES = 256 * 1024;
const WORD = "CheckpointCorruptError";

export async function run(): Promise<Measurements> {
  const wanted = Number(process.env.TRAINYARD_OUTPUT_GB ?? "2") * GIB;
  const pool = await scratchPool({
    name: "output",
    script: "bench/output.train.py",
    configuration: "name: output\n",
    slots: 1,
  });
  try {
    await pool.cli("submit", "train.py");
    await untilEnded(pool.cli, 1, 60_000);
    const log = path.join(pool.pool, "runs/1.1.1/stdout.log");
    const lines = writeLog(log, wanted);
    const bytes = statSync(log).size;
    const connection = await connectLocalPool({
      home: pool.pool,
      serverScript: path.join(dist, "server.js"),
      pythonFolder: path.join(dist, "python"),
      runtimePath: null,
      environment: {},
      client: { name: "bench", version: "0" },
    });
    const pid = connection.pool.serverPid;
    const stopPings = pinging(connection);
    const rssBefore = rssMb(pid);
    const ms = async (work: () => Promise<unknown>): Promise<number> => {
      const startedAt = performance.now();
      await work();
      return performance.now() - startedAt;
    };
    const read = (offset: number, limit: number) => connection.call("output/read", { ...RUN, offset, limit });
    const open = await ms(() => read(-END_BYTES, END_BYTES));
    const pages: number[] = [];
    for (let page = 0; page < 50; page++)
      pages.push(await ms(() => read(Math.floor((bytes * (page + 0.5)) / 50), PAGE_BYTES)));
    const searches = {
      text: await search(connection, { text: WORD }),
      matchCase: await search(connection, { text: WORD, matchCase: true }),
      expression: await search(connection, {
        text: "Checkpoint\\w+Error",
        kind: "expression",
        matchCase: true,
      }),
    };
    const near = await ms(() =>
      connection.call("output/search", { ...RUN, query: { text: "epoch" }, direction: "backward", limit: 1 }),
    );
    let last = 0;
    const number = async (): Promise<void> => {
      last = (await placesOfLines(connection, RUN, { offsets: [bytes - 1] })).places[0]?.line ?? 0;
    };
    const counted = await ms(number);
    const again = await ms(number);
    const pings = stopPings();
    const rssAfter = rssMb(pid);
    connection.close();
    const isRight = last === lines && Object.values(searches).every(({ hits }) => hits === 1);
    await pool.remove(isRight);
    if (!isRight)
      throw new Error(`the pool found line ${last} of ${lines}; its folder is kept: ${pool.folder}`);
    return {
      log_gib: rounded(bytes / GIB, 2),
      open_at_end_ms: rounded(open),
      page_p50_ms: rounded(median(pages)),
      page_p95_ms: rounded(quantile(pages, 0.95)),
      search_whole_text_any_case_s: rounded(searches.text.ms / 1000, 2),
      search_whole_text_s: rounded(searches.matchCase.ms / 1000, 2),
      search_whole_expression_s: rounded(searches.expression.ms / 1000, 2),
      search_nearest_ms: rounded(near),
      line_number_first_s: rounded(counted / 1000, 2),
      line_number_again_ms: rounded(again),
      longest_wait_of_other_call_ms: rounded(Math.max(...pings)),
      other_call_p99_ms: rounded(quantile(pings, 0.99)),
      server_rss_before_mb: rssBefore,
      server_rss_after_mb: rssAfter,
    };
  } catch (error) {
    await pool.remove(false);
    throw error;
  }
}

/** The word is in the first part, 1 GB or more away from the end. @returns lines */
function writeLog(log: string, bytes: number): number {
  const block = Buffer.from(
    Array.from(
      { length: 10_000 },
      (_, n) =>
        `2026-11-29 10:00:00,${String(n % 1000).padStart(3, "0")} INFO train.py:41 epoch ${n} loss=${(1 / (n + 1)).toFixed(6)} lr=0.0010\n`,
    ).join(""),
  );
  writeFileSync(log, `${WORD}: of 12.ckpt\n`);
  const descriptor = openSync(log, "a");
  let lines = 1;
  for (let size = 0; size < bytes; size += block.length, lines += 10_000) writeSync(descriptor, block);
  closeSync(descriptor);
  return lines;
}

async function search(
  connection: PoolConnection,
  query: { text: string; kind?: "expression"; matchCase?: boolean },
): Promise<{ ms: number; hits: number }> {
  const startedAt = performance.now();
  let hits = 0;
  for await (const { matches } of searchOutput(connection, { ...RUN, query })) hits += matches.length;
  return { ms: performance.now() - startedAt, hits };
}

/** How long another call of the same server takes meanwhile: its loop is blocked no longer than that. */
function pinging(connection: PoolConnection): () => number[] {
  const taken: number[] = [];
  let isOver = false;
  void (async () => {
    while (!isOver) {
      const startedAt = performance.now();
      await connection.call("experiment/list", {});
      taken.push(performance.now() - startedAt);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  })();
  return () => {
    isOver = true;
    return taken;
  };
}

function rssMb(pid: number): number {
  const [, kb = "0"] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Math.round(Number(kb) / 1024);
}
