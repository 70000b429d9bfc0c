/** What the script printed, by byte offset: stdout.log and stderr.log of a run. */
import fs from "node:fs/promises";
import path from "node:path";
import type { Stream } from "../../protocol/events.ts";
import { type Dropped, DroppedFile } from "../../protocol/runDirectory.ts";
import { READ_PLAIN } from "../output/streamFile.ts";
import type { OutputPart, OutputReader } from "../ports.ts";
import { createQuickStat } from "./quickStat.ts";
import { FILES, readJson } from "./runFolder.ts";

const NOTHING_DROPPED = { bytes: 0, lines: 0 };

/** @param runsFolder `<pool>/runs` */
export function createOutputReader(runsFolder: string): OutputReader {
  const fileOf = (runId: string, stream: Stream) => path.join(runsFolder, runId, `${stream}.log`);
  const quickStat = createQuickStat(runsFolder);
  /** 0 when it is not there yet. */
  const sizeOf = async (file: string) => {
    const stat = await quickStat(file);
    return stat?.isFile() ? stat.size : 0;
  };
  return {
    async sizes(runId) {
      const [stdout, stderr] = await Promise.all([
        sizeOf(fileOf(runId, "stdout")),
        sizeOf(fileOf(runId, "stderr")),
      ]);
      return { runId, stdout, stderr };
    },
    async read(runId, stream, offset, limit) {
      const file = fileOf(runId, stream);
      const folder = path.join(runsFolder, runId);
      const { bytes: dropped } = (await readDropped(folder))[stream];
      const part = await readPart(file, offset, limit, dropped);
      // Zeros: it may have been dropped while it was read.
      if (part.bytes[0] !== 0) return part;
      const now = (await readDropped(folder))[stream].bytes;
      return now > part.offset ? readPart(file, offset, limit, now) : part;
    },
    locate: async (runId, stream) => ({
      file: fileOf(runId, stream),
      dropped: (await readDropped(path.join(runsFolder, runId)))[stream],
    }),
  };
}

/** What the supervisor dropped of each stream; what a script made of that file says nothing. */
async function readDropped(folder: string): Promise<Record<Stream, Dropped>> {
  const file = await readJson(path.join(folder, FILES.dropped), DroppedFile).catch(() => null);
  return { stdout: file?.stdout ?? NOTHING_DROPPED, stderr: file?.stderr ?? NOTHING_DROPPED };
}

/** A negative offset counts from the end. A file that is not there, or is none, is empty. */
export async function readPart(
  file: string,
  offset: number,
  limit: number,
  droppedBytes = 0,
): Promise<OutputPart> {
  let handle: fs.FileHandle;
  try {
    handle = await fs.open(file, READ_PLAIN);
  } catch {
    return { bytes: new Uint8Array(), offset: 0, size: 0, dropped: 0 };
  }
  try {
    const stat = await handle.stat();
    const size = stat.isFile() ? stat.size : 0;
    const dropped = Math.min(size, droppedBytes);
    const start = Math.min(size, Math.max(dropped, offset < 0 ? size + offset : offset));
    const buffer = new Uint8Array(Math.min(limit, size - start));
    const { bytesRead } = await handle.read(buffer, 0, buffer.byteLength, start);
    return { bytes: buffer.subarray(0, bytesRead), offset: start, size, dropped };
  } finally {
    await handle.close();
  }
}
