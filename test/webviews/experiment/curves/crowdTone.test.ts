import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { alphaOf, toneTable, weightOf } from "../../../../src/webviews/experiment/curves/crowdTone.ts";

const tones = { single: 0.1, full: 0.6 };

describe("how dark a crowd is", () => {
  it("is never less where more curves are, and a single one can be seen, whatever the picture (property)", () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(100_000), { minLength: 256, maxLength: 256 }),
        fc.integer({ min: 1, max: 5000 }),
        (pixels, curves) => {
          const weight = weightOf(curves);
          const table = toneTable(pixels, weight, tones);
          expect([...table]).toEqual([...table].sort((a, b) => a - b));
          expect(table[0]).toBe(0);
          expect(table[weight]).toBe(Math.round(tones.single * 255));
          expect(table[255]).toBeLessThanOrEqual(Math.round(tones.full * 255));
        },
      ),
    );
  });

  it("tells places of a small chart apart in which tens of a thousand curves meet", () => {
    const weight = weightOf(1000);
    const pixels = new Array<number>(256).fill(0);
    for (let curves = 1; curves <= 60; curves++) pixels[Math.round(alphaOf(curves, weight))] = 500;
    const table = toneTable(pixels, weight, tones);
    const at = (curves: number) => table[Math.round(alphaOf(curves, weight))] ?? 0;
    expect(at(60)).toBe(Math.round(tones.full * 255));
    for (const curves of [2, 4, 8, 16, 30]) expect(at(2 * curves) - at(curves)).toBeGreaterThanOrEqual(15);
  });

  it("stays faint where few curves meet", () => {
    const pixels = new Array<number>(256).fill(0);
    pixels[24] = 1000;
    expect(toneTable(pixels, 24, tones)[24]).toBe(Math.round(tones.single * 255));
  });
});
