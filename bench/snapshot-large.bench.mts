/**
 * Snapshots at their edge: a folder of a million files, and large files. Each case has a pool and a folder of its own, which
 * are removed before the next one begins. As root a run's files are copies, else hard links.
 *
 * TRAINYARD_SNAPSHOT_FILES (1000000), TRAINYARD_SNAPSHOT_RANDOM_GB (2: one file without a pattern), and
 * TRAINYARD_SNAPSHOT_SPARSE_GB (20: one file of which one part in a hundred has content). 0 leaves a case out. The three need
 * up to 45 GB of disk.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { randomBytes } from "node:crypto";
import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { text } from "node:stream/consumers";
import { build } from "esbuild";
import { cleanEnvironment } from "../scripts/lib/command.mts";
import { root } from "../scripts/lib/paths.mts";
import type { Measurements } from "./run.mts";
import { buildPrograms } from "./scratchPool.mts";
import type { LargePress } from "./snapshot-large.press.mts";
import { rounded } from "./statistics.mts";

const IN_FOLDER = 1000;
const CHUNK_BYTES = 8_000_000;

export async function run(): Promise<Measurements> {
  const programs = await buildPrograms();
  const wanted = (name: string, most: number): number =>
    Number(process.env[`TRAINYARD_SNAPSHOT_${name}`] ?? most);
  const [files, randomGb, sparseGb] = [
    wanted("FILES", 1_000_000),
    wanted("RANDOM_GB", 2),
    wanted("SPARSE_GB", 20),
  ];
  const many =
    files > 0 ? await submits(programs, (folder) => makeFiles(folder, files), ["-", "-", "part0/f0.py"]) : [];
  const random =
    randomGb > 0 ? await submits(programs, (folder) => makeRandom(folder, randomGb), ["-", "train.py"]) : [];
  const sparse =
    sparseGb > 0 ? await submits(programs, (folder) => makeSparse(folder, sparseGb), ["-", "train.py"]) : [];
  return {
    files,
    ...described("files_first", many[0]),
    ...described("files_same", many[1]),
    ...described("files_changed", many[2]),
    random_gb: randomGb,
    ...described("random_first", random[0]),
    ...speed("random", randomGb, random[0]),
    ...described("random_script_changed", random[1]),
    sparse_gb: sparseGb,
    ...described("sparse_first", sparse[0]),
    ...speed("sparse", sparseGb, sparse[0]),
    ...described("sparse_script_changed", sparse[1]),
  };
}

function described(name: string, press: LargePress | undefined): Measurements {
  if (!press) return {};
  return {
    [`${name}_snapshot_s`]: rounded(press.planS + press.snapshotS),
    [`${name}_send_s`]: rounded(press.sendS),
    [`${name}_click_to_end_s`]: rounded(press.endedS),
    [`${name}_sent_mb`]: rounded(press.sentMb),
    [`${name}_editor_rss_mb`]: rounded(press.editorRssMb, 0),
    [`${name}_server_rss_mb`]: rounded(press.serverRssMb, 0),
  };
}

function speed(name: string, gb: number, press: LargePress | undefined): Measurements {
  if (!press) return {};
  return {
    [`${name}_snapshot_mb_per_s`]: rounded((gb * 1000) / (press.planS + press.snapshotS), 0),
    [`${name}_send_mb_per_s`]: rounded((gb * 1000) / press.sendS, 0),
  };
}

async function submits(
  programs: string,
  make: (folder: string) => void,
  changed: string[],
): Promise<LargePress[]> {
  const base = mkdtempSync(path.join(tmpdir(), "trainyard-bench-"));
  try {
    const folder = path.join(base, "project");
    mkdirSync(folder);
    writeFileSync(path.join(folder, "train.py"), "print('here')\n");
    make(folder);
    const press = path.join(base, "press.js");
    await build({
      entryPoints: [path.join(root, "bench/snapshot-large.press.mts")],
      outfile: press,
      bundle: true,
      platform: "node",
      format: "cjs",
      define: { __VERSION__: '"0.0.0-bench"' },
    });
    const child = spawn(process.execPath, [press, programs, folder, ...changed], {
      env: cleanEnvironment({
        TRAINYARD_HOME: path.join(base, "pool"),
        TRAINYARD_STATE: path.join(base, "state"),
        TRAINYARD_LEASES: path.join(base, "leases"),
        TRAINYARD_CPU_SLOTS: "1",
      }),
      cwd: base,
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [output, [code]] = await Promise.all([
      text(child.stdout),
      once(child, "close") as Promise<[number | null]>,
    ]);
    if (code !== 0) throw new Error(`the submits ended with ${code}`);
    return JSON.parse(output) as LargePress[];
  } finally {
    rmSync(base, { recursive: true, force: true, maxRetries: 5, retryDelay: 1000 });
  }
}

function makeFiles(folder: string, count: number): void {
  for (let number = 0; number < count; number++) {
    const place = path.join(folder, `part${Math.floor(number / IN_FOLDER)}`);
    if (number % IN_FOLDER === 0) mkdirSync(place);
    writeFileSync(path.join(place, `f${number % IN_FOLDER}.py`), `x = ${number}\n`);
  }
}

function makeRandom(folder: string, gb: number): void {
  const file = openSync(path.join(folder, "weights.bin"), "w");
  for (let left = gb * 1e9; left > 0; left -= CHUNK_BYTES)
    writeSync(file, randomBytes(Math.min(left, CHUNK_BYTES)));
  closeSync(file);
}

/** Every hundredth chunk has content, so that nothing which reads it can be spared. */
function makeSparse(folder: string, gb: number): void {
  const file = openSync(path.join(folder, "data.bin"), "w");
  ftruncateSync(file, gb * 1e9);
  for (let at = 0; at < gb * 1e9; at += 100 * CHUNK_BYTES)
    writeSync(file, randomBytes(CHUNK_BYTES), 0, CHUNK_BYTES, at);
  closeSync(file);
}
