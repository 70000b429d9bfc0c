/**
 * What is not sent again, of a checkpoint of 1 GiB over 40 ms round trip and 1 Gbit/s: one that is here, one whose files are
 * here under another name, and what had come when a client was killed at 70%. Counted on the link. Root, `ip` and gcc.
 */
import { rmSync } from "node:fs";
import path from "node:path";
import type { Measurements } from "./run.mts";
import type { Told } from "./ssh/client.mts";
import { GIB, startRig } from "./ssh/rig.mts";
import { median, rounded } from "./statistics.mts";

const TIMES = 3;

export async function run(): Promise<Measurements> {
  const rig = await startRig(GIB, { oneWayMs: 20, mbit: 1000 });
  try {
    const into = (name: string): string => path.join(rig.folder, "checkpoints", name);
    const restore = (name: string, killAt?: number): Told =>
      rig.client({ restore: { uuid: rig.uuid, destination: into(name), ...(killAt ? { killAt } : {}) } });
    const linkBytes = ({ linkBytes: bytes }: Told): number => bytes ?? NaN;
    const whole = linkBytes(restore("one"));
    const already = restore("one");
    const copied = restore("two");
    const twice: number[] = [];
    for (let time = 0; time < TIMES; time += 1) {
      rmSync(path.dirname(into("one")), { recursive: true });
      const begun = restore("one", 0.7);
      // What was under way when it was killed arrives at nobody.
      const rest = restore("one");
      twice.push((100 * (linkBytes(begun) + linkBytes(rest) - whole)) / GIB);
    }
    return {
      already_content_bytes: already.receivedBytes,
      already_link_kb: rounded(linkBytes(already) / 1e3),
      copied_content_bytes: copied.receivedBytes,
      copied_link_kb: rounded(linkBytes(copied) / 1e3),
      sent_twice_percent: rounded(median(twice), 2),
      sent_twice_most_percent: rounded(Math.max(...twice), 2),
      goal: "no content sent; below 5 % twice",
      resumed: TIMES,
    };
  } finally {
    rig.stop();
  }
}
