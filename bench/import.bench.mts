// A TensorBoard run of 300,000 points and 300 of 100: read here, sent, and shown as experiments that have ended.
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { setTimeout as sleep } from "node:timers/promises";
import { readRuns } from "../src/cluster/client/imports/readRuns.ts";
import { sendRuns } from "../src/cluster/client/imports/sendRuns.ts";
import { connectLocalPool } from "../src/cluster/client/localPool.ts";
import { root } from "../scripts/lib/paths.mts";
import type { Measurements } from "./run.mts";
import { rounded } from "./statistics.mts";

const PYTHON = path.join(root, "src/cluster/python");
const POINTS = 300_000;
const SMALL_RUNS = 300;
const WRITE = `
import os, struct, sys
sys.path.insert(0, sys.argv[1])
from trainyard.readers.tfrecords import masked_crc32c
def record(step):
    value = b"\\x0a\\x04loss\\x15" + struct.pack("<f", 1 / (step + 1))
    number = bytes([step & 0x7F | 0x80, step >> 7 & 0x7F | 0x80, step >> 14 & 0x7F])
    event = b"\\x09" + struct.pack("<d", 1.7e9 + step) + b"\\x10" + number + b"\\x2a" + bytes([len(value) + 2, 10, len(value)]) + value
    head = struct.pack("<Q", len(event))
    return head + struct.pack("<I", masked_crc32c(head)) + event + struct.pack("<I", masked_crc32c(event))
def write(name, start, count):
    os.makedirs(name)
    with open(name + "/events.out.tfevents.1.bench", "wb") as file:
        for step in range(start, start + count):
            file.write(record(step))
write("large", 0, int(sys.argv[2]))
for run in range(int(sys.argv[3])):
    write("small/%d" % run, run, 100)
`;

export async function run(): Promise<Measurements> {
  const folder = mkdtempSync(path.join(tmpdir(), "trainyard-bench-import-"));
  const arguments_ = ["-c", WRITE, PYTHON, String(POINTS), String(SMALL_RUNS)];
  await promisify(execFile)("python3", arguments_, { cwd: folder });
  const pool = await connectLocalPool({
    home: path.join(folder, "pool"),
    serverScript: path.join(root, "src/cluster/server/main.ts"),
    pythonFolder: PYTHON,
    runtimePath: null,
    environment: { TRAINYARD_LEASES: path.join(folder, "leases") },
    client: { name: "bench", version: "0.0.0" },
  });
  try {
    const measured: Measurements = {};
    for (const name of ["large", "small"]) {
      const startedAt = performance.now();
      const read = await readRuns({ paths: [name], cwd: folder, pythonFolder: PYTHON });
      const readAt = performance.now();
      const sent = await sendRuns(pool, read, read.runs, { workspace: folder });
      const sentAt = performance.now();
      for (const { experimentId } of sent)
        while (
          (await pool.call("experiment/get", { experimentId, contents: "none" })).experiment.state !==
          "completed"
        )
          await sleep(10);
      await read.forget();
      const points = read.runs.reduce((sum, each) => sum + each.points, 0);
      measured[`${name}_read_points_per_s`] = rounded((points / (readAt - startedAt)) * 1000, 0);
      measured[`${name}_send_s`] = rounded((sentAt - readAt) / 1000, 2);
      measured[`${name}_until_shown_s`] = rounded((performance.now() - startedAt) / 1000, 2);
    }
    return measured;
  } finally {
    await pool.call("server/stop", {}).catch(() => undefined);
    pool.close();
    await sleep(500);
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  }
}
