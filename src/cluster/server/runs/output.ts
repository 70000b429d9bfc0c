/** What the script printed, by byte offset: stdout.log and stderr.log of a run. */
import fs from "node:fs/promises";
import { constants } from "node:fs";
import path from "node:path";
import type { Stream } from "../../protocol/events.ts";
import type { OutputReader } from "../ports.ts";

/** The script can put anything in their place: no link is followed, and no pipe waited for. */
const READ_PLAIN = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** @param runsFolder `<pool>/runs` */
export function createOutputReader(runsFolder: string): OutputReader {
  const fileOf = (runId: string, stream: Stream) => path.join(runsFolder, runId, `${stream}.log`);
  const sizeOf = async (file: string) => {
    try {
      const stat = await fs.lstat(file);
      return stat.isFile() ? stat.size : 0;
    } catch {
      return 0; // not there yet
    }
  };
  return {
    async sizes(runId) {
      const [stdout, stderr] = await Promise.all([
        sizeOf(fileOf(runId, "stdout")),
        sizeOf(fileOf(runId, "stderr")),
      ]);
      return { runId, stdout, stderr };
    },
    read: (runId, stream, offset, limit) => readPart(fileOf(runId, stream), offset, limit),
  };
}

/** A negative offset counts from the end. A file that is not there, or is none, is empty. */
export async function readPart(
  file: string,
  offset: number,
  limit: number,
): Promise<{ bytes: Uint8Array; offset: number; size: number }> {
  let handle: fs.FileHandle;
  try {
    handle = await fs.open(file, READ_PLAIN);
  } catch {
    return { bytes: new Uint8Array(), offset: 0, size: 0 };
  }
  try {
    const stat = await handle.stat();
    const size = stat.isFile() ? stat.size : 0;
    const start = Math.min(size, offset < 0 ? Math.max(0, size + offset) : offset);
    const buffer = new Uint8Array(Math.min(limit, size - start));
    const { bytesRead } = await handle.read(buffer, 0, buffer.byteLength, start);
    return { bytes: buffer.subarray(0, bytesRead), offset: start, size };
  } finally {
    await handle.close();
  }
}
