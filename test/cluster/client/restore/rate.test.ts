import { describe, expect, it } from "vitest";
import { Rate } from "../../../../src/cluster/client/restore/rate.ts";

describe("the rate of a transfer", () => {
  it("says nothing before there is something to say", () => {
    const rate = new Rate();
    expect(rate.pace(100, 0)).toEqual({ bytesPerSecond: null, secondsLeft: null });
    rate.add(10, 0);
    expect(rate.pace(100, 100)).toEqual({ bytesPerSecond: null, secondsLeft: null });
  });

  it("is that of the last seconds, and tells how long the rest takes", () => {
    const rate = new Rate();
    for (let ms = 0; ms <= 60_000; ms += 100) rate.add(ms < 30_000 ? 1000 : 100, ms);
    const { bytesPerSecond, secondsLeft } = rate.pace(5000, 60_000);
    expect(bytesPerSecond).toBeCloseTo(1000, -1);
    expect(secondsLeft).toBeCloseTo(5, 0);
  });

  it("falls while nothing comes", () => {
    const rate = new Rate();
    for (let ms = 0; ms <= 10_000; ms += 100) rate.add(1000, ms);
    expect(rate.pace(0, 60_000).bytesPerSecond).toBeLessThan(1000);
  });
});
