import { expect, test } from "vitest";
import { readMaskedOutput } from "../../../../src/cluster/server/handlers/maskedOutput.ts";
import type { OutputReader } from "../../../../src/cluster/server/ports.ts";

const TEXT = Buffer.from("key=hunter2hunter2 and so on hunter2hunter2\n");
const output: Pick<OutputReader, "read"> = {
  read: (_run, _stream, offset, limit) => {
    const start = offset < 0 ? Math.max(0, TEXT.byteLength + offset) : offset;
    return Promise.resolve({
      bytes: TEXT.subarray(start, start + limit),
      offset: start,
      size: TEXT.byteLength,
      dropped: 0,
    });
  },
};
const MASKED = TEXT.toString().replaceAll("hunter2hunter2", "*".repeat(14));

test("whatever range is read, it is that range of the masked text", async () => {
  for (let offset = -TEXT.byteLength; offset <= TEXT.byteLength; offset++)
    for (const limit of [1, 3, 20, 100]) {
      const read = await readMaskedOutput(
        output,
        { KEY: "hunter2hunter2" },
        "1.1.1",
        "stdout",
        offset,
        limit,
      );
      const start = offset < 0 ? TEXT.byteLength + offset : offset;
      expect(Buffer.from(read.bytes).toString()).toBe(MASKED.slice(start, start + limit));
      expect(read).toMatchObject({ offset: start, size: TEXT.byteLength });
    }
});
