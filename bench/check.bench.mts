// What `pool check --full` does with the curves of one trial that has as many names of metrics as it may, 2 points of each.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { MAX_CURVES } from "../src/cluster/protocol/limits.ts";
import { createBreath } from "../src/cluster/server/check/breath.ts";
import { curvesChecker } from "../src/cluster/server/check/checkers/curves.ts";
import { createLostAndFound } from "../src/cluster/server/check/lostAndFound.ts";
import type { PoolTables } from "../src/cluster/server/check/poolTables.ts";
import { readCurvesAnew, silent } from "../src/cluster/server/check/rebuild/curves.ts";
import { createCurveStore } from "../src/cluster/server/store/curves/curveStore.ts";
import { rounded } from "./statistics.mts";
import type { Measurements } from "./run.mts";

const POINTS = 2;

export async function run(): Promise<Measurements> {
  const home = mkdtempSync(path.join(tmpdir(), "trainyard-bench-check-"));
  try {
    const { signal } = new AbortController();
    const breathe = createBreath(signal);
    const runs = [
      {
        id: "1.1.1",
        trialId: "1.1",
        attempt: 1,
        hasEnded: true,
        spec: null,
        outcome: "completed",
        filesAreGone: false,
      },
    ];
    writeEvents(path.join(home, "runs/1.1.1/events"));
    const store = createCurveStore(path.join(home, "state/curves"), silent);
    await readCurvesAnew(path.join(home, "runs"), store, runs, breathe);
    store.close();
    const checking = {
      ...{ home, leases: home, version: "0.0.0", full: true, isServed: false, logger: silent },
      ...{ signal, breathe, progress: () => undefined, verified: new Set<string>() },
      lostAndFound: createLostAndFound(home),
    };
    let isDone = false;
    let longestMs = 0;
    const startedAt = performance.now();
    const checked = curvesChecker
      .run(checking, { runs: () => runs } as unknown as PoolTables)
      .finally(() => (isDone = true));
    for (let last = startedAt; !isDone; last = performance.now()) {
      await nextTurn();
      longestMs = Math.max(longestMs, performance.now() - last);
    }
    const found = await checked;
    if (found.length > 0) throw new Error(`what is right was found wrong: ${found[0]?.what}`);
    return {
      full_check_of_curves_s: rounded((performance.now() - startedAt) / 1000, 2),
      longest_turn_ms: rounded(longestMs),
      names: MAX_CURVES,
    };
  } finally {
    rmSync(home, { recursive: true });
  }
}

function writeEvents(folder: string): void {
  mkdirSync(folder, { recursive: true });
  let seq = 0;
  const lines = Array.from({ length: POINTS }, (_, step) =>
    Array.from({ length: MAX_CURVES }, (_, name) =>
      JSON.stringify({
        seq: ++seq,
        t: step,
        type: "metrics",
        group: "training",
        step,
        values: { [`m${name}`]: name },
      }),
    ),
  );
  writeFileSync(path.join(folder, "0-harness-1.jsonl"), `${lines.flat().join("\n")}\n`);
}
