import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeFrame, encodeFrame, FrameError } from "../../../src/cluster/protocol/frame.ts";

describe("a frame", () => {
  it("is text when it holds no bytes, with NaN and the infinities kept", () => {
    const message = { jsonrpc: "2.0", id: 1, params: { values: [1, NaN, -Infinity, Infinity, null, "x"] } };
    const frame = encodeFrame(message);
    expect(typeof frame).toBe("string");
    expect(decodeFrame(frame)).toEqual(message);
  });

  it("carries bytes beside the JSON, also those of a Buffer and of a view into the middle of memory", () => {
    const memory = new Uint8Array([9, 1, 2, 3, 9]);
    const message = {
      result: { columns: memory.subarray(1, 4), more: [Buffer.from("ab"), new Uint8Array()] },
    };
    const frame = encodeFrame(message);
    expect(frame).toBeInstanceOf(Uint8Array);
    const back = decodeFrame(frame) as typeof message;
    expect([...back.result.columns]).toEqual([1, 2, 3]);
    expect(back.result.more.map((bytes) => [...bytes])).toEqual([[97, 98], []]);
    expect(back.result.columns.byteOffset).toBe(0);
  });

  it("gives back any message (property)", () => {
    const key = fc
      .oneof(fc.string(), fc.constantFrom("$bytes", "$number", "$plain"))
      .filter((name) => name !== "__proto__" && name !== "toJSON");
    const value = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.string(),
        fc.double().filter((number) => !Object.is(number, -0)),
        fc.boolean(),
        fc.constant(null),
        fc.uint8Array({ maxLength: 20 }),
        fc.array(tie("value"), { maxLength: 4 }),
        fc.dictionary(key, tie("value"), { maxKeys: 4, noNullPrototype: true }),
      ),
    })).value;
    fc.assert(
      fc.property(value, (message) => {
        expect(decodeFrame(encodeFrame({ message }))).toEqual({ message });
      }),
    );
  });

  it("does not let a message change a prototype", () => {
    const back = decodeFrame('{"a":{"__proto__":{"isAdmin":true}}}') as { a: { isAdmin?: boolean } };
    expect(back.a.isAdmin).toBeUndefined();
    expect(Object.keys(back.a)).toEqual([]);
  });

  it.each([
    ["text that is no JSON", "{"],
    ["too short", new Uint8Array([1, 2])],
    ["a head longer than the frame", new Uint8Array([255, 255, 0, 0, 1])],
    ["bytes outside of the frame", framed('{"a":{"$bytes":[0,5]}}', [1, 2])],
    ["negative bytes", framed('{"a":{"$bytes":[-1,1]}}', [1, 2])],
    ["bytes that are no place", framed('{"a":{"$bytes":"x"}}', [])],
    ["a head that is no UTF-8", new Uint8Array([1, 0, 0, 0, 0xff])],
  ])("is refused when it is %s", (_what, frame) => {
    expect(() => decodeFrame(frame)).toThrow(FrameError);
  });

  it("never throws anything else for garbage (property)", () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.string()), (garbage) => {
        try {
          decodeFrame(garbage);
        } catch (error) {
          expect(error).toBeInstanceOf(FrameError);
        }
      }),
    );
  });
});

function framed(json: string, body: number[]): Uint8Array {
  const head = Buffer.from(json);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(head.byteLength);
  return new Uint8Array(Buffer.concat([length, head, Buffer.from(body)]));
}
