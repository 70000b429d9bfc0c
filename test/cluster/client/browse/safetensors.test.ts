import { describe, expect, it } from "vitest";
import type { RangeReader } from "../../../../src/cluster/client/browse/poolFile.ts";
import { readTensors } from "../../../../src/cluster/client/browse/safetensors.ts";

const tensor = (
  begin: number,
  end: number,
  shape: unknown = [(end - begin) / 4],
  dtype: unknown = "F32",
) => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});

/** @param header an object, or the header's own bytes */
function fileOf(
  header: object | string,
  dataBytes: number,
  length?: bigint,
): RangeReader & { readBytes: number } {
  const text = Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
  const start = Buffer.alloc(8);
  start.writeBigUInt64LE(length ?? BigInt(text.length));
  const beginning = Buffer.concat([start, text]);
  const file = {
    bytes: beginning.length + dataBytes,
    readBytes: 0,
    read: (from: number, count: number) => {
      file.readBytes += count;
      return Promise.resolve(beginning.subarray(from, from + count));
    },
  };
  return file;
}

describe("a safetensors file", () => {
  it("is told from its header alone, in the order of its bytes", async () => {
    const file = fileOf(
      {
        __metadata__: { format: "pt" },
        "head.bias": tensor(24, 28, [], "F32"),
        "head.weight": tensor(0, 24, [2, 3], "F32"),
        empty: tensor(28, 28, [0, 7], "I64"),
      },
      28,
    );
    expect(await readTensors(file)).toEqual({
      tensors: [
        { name: "head.weight", type: "F32", shape: [2, 3], bytes: 24 },
        { name: "head.bias", type: "F32", shape: [], bytes: 4 },
        { name: "empty", type: "I64", shape: [0, 7], bytes: 0 },
      ],
      metadata: { format: "pt" },
      fileBytes: file.bytes,
    });
    expect(file.readBytes).toBe(file.bytes - 28);
  });

  it("may have types of less than a byte, and types that are not known yet", async () => {
    const { tensors } = await readTensors(
      fileOf({ a: tensor(0, 4, [8], "F4"), b: tensor(4, 7, [1], "Q3_FUTURE") }, 7),
    );
    expect(tensors.map(({ type, bytes }) => [type, bytes])).toEqual([
      ["F4", 4],
      ["Q3_FUTURE", 3],
    ]);
  });

  it("may be large without being read", async () => {
    const file = fileOf({ a: tensor(0, 8_000_000_000, [2_000_000_000]) }, 8_000_000_000);
    expect((await readTensors(file)).tensors).toHaveLength(1);
    expect(file.readBytes).toBeLessThan(200);
  });
});

describe("what is not one is refused with a sentence", () => {
  const many = JSON.stringify(
    Object.fromEntries(
      Array.from({ length: 1_000_000 }, (_, index) => [`t${index}`, tensor(0, 0, [0], "U8")]),
    ),
  );
  it.each<[string, object | string, number, RegExp, bigint?]>([
    ["a header longer than the file", "{}", 5, /header would have 100 bytes, and 7 follow/, 100n],
    ["a header longer than any", "{}", 5, /more than the format allows/, 2n ** 64n - 1n],
    ["a million tensors", many, 0, /more than the 16000000 that are shown/],
    ["what is not JSON", "{]", 0, /not JSON/],
    ["a list", "[1]", 0, /no list of tensors/],
    ["a tensor that is a word", { a: "b" }, 0, /what it says of "a" is not of the format/],
    ["a negative shape", { a: tensor(0, 4, [-1]) }, 4, /not of the format/],
    ["a shape of fractions", { a: tensor(0, 4, [0.5]) }, 4, /not of the format/],
    ["offsets that go back", { a: tensor(4, 0, [1]) }, 4, /not what its shape and type take/],
    ["a shape that is too large", { a: tensor(0, 4, [1e15, 1e15, 1e15]) }, 4, /not what its shape/],
    ["bytes that overlap", { a: tensor(0, 8), b: tensor(4, 12) }, 12, /"b" overlap with others'/],
    ["a gap", { a: tensor(0, 4), b: tensor(8, 12) }, 12, /"b" leave a gap/],
    ["tensors beyond its end", { a: tensor(0, 400) }, 4, /tensors have 400 bytes, and 4 follow/],
    ["metadata that are numbers", { __metadata__: { epoch: 3 } }, 0, /metadata are not texts/],
    [
      "a name that is taken in JavaScript",
      '{"__proto__":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}',
      4,
      /./,
    ],
  ])("%s", async (_name, header, dataBytes, words, length) => {
    const reading = readTensors(fileOf(header, dataBytes, length));
    await expect(reading).rejects.toMatchObject({ name: "UserError", message: words });
  });

  it("a file that is shorter than its first field", async () => {
    const file = { bytes: 3, read: () => Promise.reject(new Error("was read")) };
    await expect(readTensors(file)).rejects.toThrow("it has 3 bytes");
  });
});
