import { describe, expect, it, onTestFinished, vi } from "vitest";
import { SeriesLoader, type ReadSeries } from "../../../../src/webviews/experiment/curves/seriesLoader.ts";
import { seriesKey } from "../../../../src/webviews/experiment/store.ts";
import { append, curve, readCurve, type Curve } from "../../support/points.ts";

interface Read {
  cursor: number;
  reduced: boolean;
}
function loaderOf(source: Curve) {
  const reads: Read[] = [];
  const read: ReadSeries = (asked) => {
    reads.push(...asked.map(({ cursor, resolution }) => ({ cursor, reduced: resolution !== null })));
    return Promise.resolve(asked.map(({ cursor, resolution }) => readCurve(source, cursor, resolution)));
  };
  const errors: unknown[] = [];
  const loader = new SeriesLoader(read, {
    isConnected: () => true,
    onPoints: () => undefined,
    onError: (error) => errors.push(error),
  });
  const settle = async () => {
    loader.want(source.state);
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
    return [...(loader.points(seriesKey(source.state))?.value ?? [])].slice(
      0,
      loader.points(seriesKey(source.state))?.length ?? 0,
    );
  };
  return { loader, reads, errors, settle };
}

describe("SeriesLoader", () => {
  it("reads a short curve as it is, and then only what is new", async () => {
    const source = curve({}, 10, (step) => step);
    const { reads, settle } = loaderOf(source);
    expect(await settle()).toHaveLength(10);
    append(source, 10, 99);
    expect((await settle()).at(-1)).toBe(99);
    expect(reads).toEqual([
      { cursor: 0, reduced: false },
      { cursor: 10, reduced: false },
    ]);
    await settle();
    expect(reads).toHaveLength(2);
  });

  it("reads a long curve reduced, keeps its extremes, and appends from its end", async () => {
    const source = curve({}, 20_000, (step) => (step === 12_345 ? 1000 : Math.sin(step)));
    const { loader, reads, settle } = loaderOf(source);
    const values = await settle();
    expect(values.length).toBeLessThanOrEqual(2000);
    expect(Math.max(...values)).toBe(1000);
    append(source, 20_000, 7);
    expect((await settle()).at(-1)).toBe(7);
    expect(loader.points(seriesKey(source.state))?.reported).toBe(20_001);
    expect(reads).toEqual([
      { cursor: 0, reduced: true },
      { cursor: 20_000, reduced: false },
    ]);
  });

  it("counts the points that it has, not those that were announced", async () => {
    const source = curve({}, 5, (step) => step);
    const { loader } = loaderOf(source);
    const announced = source.state;
    append(source, 5, 50);
    loader.want(announced);
    for (let turn = 0; turn < 5; turn++) await Promise.resolve();
    expect(loader.points(seriesKey(announced))).toMatchObject({ length: 6, reported: 6 });
  });

  it("reads from the beginning when points before the cursor changed", async () => {
    const source = curve({}, 5, (step) => step);
    const { reads, settle } = loaderOf(source);
    await settle();
    source.superseded = [0, 0, 0, 1, 1];
    source.state = { ...source.state, revision: 1 };
    append(source, 3, 30);
    expect(await settle()).toEqual([0, 1, 2, 3, 4, 30]);
    expect(reads.at(-1)).toEqual({ cursor: 0, reduced: false });
  });

  it("sees from an answer that points before the cursor changed, before that is announced", async () => {
    const source = curve({}, 5, (step) => step);
    const { loader, reads, settle } = loaderOf(source);
    await settle();
    const announced = { ...source.state, count: 6 };
    source.value = [9, 9, 9, 9, 9];
    append(source, 5, 9);
    source.state = { ...source.state, revision: 4 };
    loader.want(announced);
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
    expect([...(loader.points(seriesKey(announced))?.value.subarray(0, 6) ?? [])]).toEqual([
      9, 9, 9, 9, 9, 9,
    ]);
    expect(reads.map((read) => read.cursor)).toEqual([0, 5, 0]);
    await settle();
    expect(reads).toHaveLength(3);
  });

  it("does not ask in a circle when fewer points come than were announced", async () => {
    const source = curve({}, 3, (step) => step);
    const { reads, settle } = loaderOf(source);
    source.state = { ...source.state, count: 50 };
    await settle();
    expect(reads.length).toBeLessThan(4);
  });

  it("tells of an error once, and asks again later, not at once, without being told to", async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const source = curve({}, 3, (step) => step);
    let calls = 0;
    let isConnected = true;
    const errors: unknown[] = [];
    const loader = new SeriesLoader(
      (asked) =>
        ++calls <= 2
          ? Promise.reject(new Error("no answer"))
          : Promise.resolve(asked.map(({ cursor, resolution }) => readCurve(source, cursor, resolution))),
      { isConnected: () => isConnected, onPoints: () => undefined, onError: (error) => errors.push(error) },
    );
    for (let turn = 0; turn < 5; turn++) {
      loader.want(source.state);
      await vi.advanceTimersByTimeAsync(1);
    }
    expect(calls).toBe(1);
    await vi.advanceTimersByTimeAsync(2000);
    expect(calls).toBe(2);
    expect(errors).toHaveLength(1);
    isConnected = false;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(calls).toBe(2);
    isConnected = true;
    loader.want(source.state);
    await vi.advanceTimersByTimeAsync(1);
    expect(loader.points(seriesKey(source.state))?.length).toBe(3);
  });

  it("reads a zoomed part in detail", async () => {
    const source = curve({}, 20_000, (step) => step);
    const { loader, reads, settle } = loaderOf(source);
    await settle();
    const range = { kind: "step", from: 100, to: 300 } as const;
    loader.wantDetail(source.state, range);
    for (let turn = 0; turn < 10; turn++) await Promise.resolve();
    // And as much again around it, for who moves on a little.
    expect(loader.pointsWithin(seriesKey(source.state), range)?.length).toBe(401);
    expect(loader.pointsWithin(seriesKey(source.state), { ...range, from: 0, to: 50 })?.length).toBe(401);
    expect(loader.pointsWithin(seriesKey(source.state), { ...range, to: 900 })?.length).toBeLessThanOrEqual(
      2000,
    );
    const before = reads.length;
    loader.wantDetail(source.state, { ...range, from: 150, to: 350 });
    for (let turn = 0; turn < 10; turn++) await Promise.resolve();
    expect(reads).toHaveLength(before);
  });

  it("reads a part of the time in detail, too", async () => {
    const source = curve({}, 20_000, (step) => step);
    const { loader, settle } = loaderOf(source);
    await settle();
    const [from = 0, to = 0] = [source.time[5000], source.time[5100]];
    loader.wantDetail(source.state, { kind: "time", from, to });
    for (let turn = 0; turn < 10; turn++) await Promise.resolve();
    const detail = loader.pointsWithin(seriesKey(source.state), { kind: "time", from, to });
    expect([detail?.step[0], detail?.step[(detail?.length ?? 0) - 1]]).toEqual([4950, 5150]);
  });

  it("reads many curves in one message, again what did not fit into the answer, and nothing of what was dropped", async () => {
    const sources = Array.from({ length: 30 }, (_, at) =>
      curve({ trialId: `12.${at + 1}` }, 5, (step) => step + at),
    );
    const asked: number[] = [];
    const loader = new SeriesLoader(
      (reads) => {
        asked.push(reads.length);
        const answered = reads.slice(0, 12).map(({ trialId, cursor, resolution }) => {
          const source = sources.find(({ state }) => state.trialId === trialId);
          return source === undefined || trialId === "12.3"
            ? new Error("no")
            : readCurve(source, cursor, resolution);
        });
        return Promise.resolve(answered);
      },
      { isConnected: () => true, onPoints: () => undefined, onError: () => undefined },
    );
    for (const { state } of sources) loader.want(state);
    loader.drop(sources.slice(28).map(({ state }) => seriesKey(state)));
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
    expect(asked).toEqual([28, 16, 4]);
    const read = sources.filter(({ state }) => loader.points(seriesKey(state))?.length === 5);
    expect(read.map(({ state }) => state.trialId)).toEqual(
      sources.slice(0, 28).flatMap(({ state }) => (state.trialId === "12.3" ? [] : [state.trialId])),
    );
  });

  it("reads a curve more finely when more of it is wanted", async () => {
    const source = curve({}, 20_000, (step) => step);
    const { loader, reads } = loaderOf(source);
    const settle = async (points: number) => {
      loader.want(source.state, points);
      for (let turn = 0; turn < 10; turn++) await Promise.resolve();
      return loader.points(seriesKey(source.state))?.length ?? 0;
    };
    expect(await settle(256)).toBeLessThanOrEqual(256);
    expect(await settle(2000)).toBeGreaterThan(1000);
    expect(await settle(256)).toBeGreaterThan(1000);
    expect(reads).toHaveLength(2);
  });
});
