import fc from "fast-check";
import { expect, test } from "vitest";
import { createMask, maskBytes } from "../../../../src/cluster/server/experiments/masking.ts";

test("a secret is masked wherever it stands", () => {
  const mask = createMask({ key: "s3cr3t-value", other: "s3cr3t-value-longer" });
  expect(
    mask({
      text: "a s3cr3t-value, a s3cr3t-value-longer",
      list: [1, "s3cr3t-value", null, true],
      "s3cr3t-value": { deep: "xs3cr3t-valuex" },
    }),
  ).toEqual({ text: "a ***, a ***", list: [1, "***", null, true], "***": { deep: "x***x" } });
});

test("without secrets, or with only tiny ones, a value is what it was", () => {
  const value = { a: "1" };
  expect(createMask({})(value)).toBe(value);
  expect(createMask({ digit: "1", empty: "" })(value)).toBe(value);
});

test("bytes keep their length, and what is no secret is untouched", () => {
  fc.assert(
    fc.property(
      fc.uint8Array(),
      fc.string({ minLength: 4, unit: "grapheme" }),
      fc.uint8Array(),
      (before, secret, after) => {
        const bytes = Buffer.concat([before, Buffer.from(secret), after]);
        const masked = Buffer.from(bytes);
        expect(maskBytes(masked, { secret })).toBe(true);
        expect(masked.byteLength).toBe(bytes.byteLength);
        if (!/^\*+$/.test(secret)) expect(masked.includes(Buffer.from(secret))).toBe(false);
        for (const [index, byte] of masked.entries()) if (byte !== bytes[index]) expect(byte).toBe(0x2a);
      },
    ),
  );
});
